"""Which registered models are different networks: others differ in what they start from."""

from fer_bench import models

DISTINCT = sorted(
    {
        (models.preset(name).module, str(models.preset(name).defaults)): name
        for name in reversed(models.names())
    }.values()
)
"""One name of each."""
