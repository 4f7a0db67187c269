"""Device, precision, threads and determinism: the only place that meets Lightning Fabric."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch

from fer_bench.training.streams import Cell


def start(compute: dict[str, Any], cell: Cell) -> Any:
    """A Fabric for one cell on one device, with every source of chance fixed.

    Args:
        compute: `device` (cpu or cuda), `precision` (a Fabric precision), `threads`.
        cell: seeds torch's global generator, from which the weights are drawn.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    from lightning_fabric import Fabric

    torch.set_num_threads(int(compute["threads"]))
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.manual_seed(cell.stream("weights"))
    np.random.seed(cell.stream("numpy") % 2**32)  # noqa: NPY002  a library may use the old one
    return Fabric(accelerator=compute["device"], devices=1, precision=compute["precision"])
