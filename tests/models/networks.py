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


def of_file(module: str) -> str:
    """The model of a file that is called like it, else its first."""
    own = [name for name in models.names() if models.preset(name).module == module]
    name = module.rpartition(".")[2]
    return name if name in own else own[0]


FAMILIES = {
    file: of_file(file) for file in sorted({models.preset(n).module for n in models.names()})
}
"""A model of each file."""


def small_options(name: str) -> dict[str, Any]:
    """Quarter width: by the small backbone, or as the named small form of its file has it."""
    preset = models.preset(name)
    options: dict[str, Any] = {} if preset.own_backbone else {"backbone": "resnet18_slim"}
    for form in filter(lambda n: n.endswith("_small"), models.names()):
        small, full = models.preset(form), models.preset(form.removesuffix("_small"))
        if small.module == preset.module:
            options |= {k: v for k, v in small.defaults.items() if v != full.defaults[k]}
    return options
