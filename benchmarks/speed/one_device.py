"""What the training loop takes from Lightning Fabric on one device, where that is not installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from trained import Options, Wrapped

from fer_bench.training import setup
from fer_bench.training.streams import CellStreams

REAL, STAND_IN = "lightning_fabric", "a stand-in for lightning_fabric, which is not installed"


def start(compute: Mapping[str, Any], cell: CellStreams) -> tuple[Any, str]:
    """The suite's own start of a cell, or one that sets the same; and which of them it is."""
    try:
        return setup.start(compute, cell), REAL
    except ModuleNotFoundError as error:
        if error.name != "lightning_fabric":
            raise
    torch.set_num_threads(int(compute["threads"]))
    torch.manual_seed(cell.stream("weights"))
    np.random.seed(cell.stream("numpy") % 2**32)  # noqa: NPY002  as the suite's start does
    keys = ("precision", "tf32", "fused", "compile", "deterministic")
    options = Options(**{key: compute[key] for key in keys})
    options.apply()
    return Fabric(torch.device(compute["device"]), options), STAND_IN


class Fabric:
    """One device, one process.

    Args:
        device: of the model.
        options: its precision.
    """

    world_size, global_rank = 1, 0
    strategy = SimpleNamespace(precision=None)
    backward = staticmethod(Tensor.backward)

    def __init__(self, device: torch.device, options: Options) -> None:
        self.device, self._options = device, options

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision."""
        return self._options.autocast(self.device)

    def setup(
        self, model: nn.Module | Callable[..., Any], optimizer: torch.optim.Optimizer
    ) -> tuple[Wrapped, torch.optim.Optimizer]:
        """Model and optimizer on the device."""
        assert isinstance(model, nn.Module)
        return Wrapped(model.to(self.device), self._options, self.device), optimizer
