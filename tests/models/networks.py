"""Which registered models are different networks, and how they are built in small.

Others differ in what they start from.
"""

from typing import Any

from fer_bench import models

DISTINCT = sorted(
    {
        (models.preset(name).module, str(models.preset(name).defaults)): name
        for name in reversed(models.names())
        if not name.endswith("_small")
    }.values()
)
"""One name of each; small forms are what tests build of the others."""


def small_options(name: str) -> dict[str, Any]:
    """Quarter width: by the small backbone, or as the named small form of its file has it."""
    preset = models.preset(name)
    options: dict[str, Any] = {} if preset.own_backbone else {"backbone": "resnet18_slim"}
    for form in filter(lambda n: n.endswith("_small"), models.names()):
        small, full = models.preset(form), models.preset(form.removesuffix("_small"))
        if small.module == preset.module:
            options |= {k: v for k, v in small.defaults.items() if v != full.defaults[k]}
    return options
