"""Device, precision, threads, determinism: the only place that meets Lightning Fabric."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from fer_bench.cores import cores
from fer_bench.errors import FerBenchError
from fer_bench.files import replacing_folder
from fer_bench.models import FERModel
from fer_bench.training.optimizer import optimizer_for
from fer_bench.training.recipe import GROUPS, Recipe
from fer_bench.training.streams import CellStreams

log = logging.getLogger(__name__)

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_KEPT = 32 * 2**20
"""glibc's `malloc.h`, and the largest block that it lets be kept, in bytes."""


def start(compute: Mapping[str, Any], cell: CellStreams) -> Any:
    """A Fabric for one cell, with every source of chance fixed.

    With several `devices` it starts the other processes: each runs the same command again.

    Args:
        compute: the spec's: `device` (cpu or cuda), `precision`, `threads`, `devices`, `tf32`,
            `deterministic`.
        cell: seeds torch's global generator, from which the weights are drawn.

    Raises:
        FerBenchError: there are fewer GPUs than `devices`.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    from lightning_fabric import Fabric

    devices = int(compute["devices"])
    if compute["device"] == "cuda" and torch.cuda.device_count() < devices:
        raise FerBenchError(
            f"compute.devices is {devices}, but torch sees {torch.cuda.device_count()} GPUs here; "
            "set a smaller number in params.yaml"
        )
    threads = int(compute["threads"])
    torch.set_num_threads(threads)
    if threads > 1:
        _warn_if_loaded(threads)
    if compute["device"] == "cpu":
        keep_memory()
    exact = bool(compute["deterministic"])
    torch.use_deterministic_algorithms(exact)
    # It would fill every new tensor before it is written, for those who read what nobody wrote.
    deterministic: Any = torch.utils.deterministic
    deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = not exact  # the fastest convolution of those that fit
    allow_tf32(compute)
    fabric = Fabric(
        accelerator=compute["device"],
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        precision=compute["precision"],
    )
    if devices > 1:
        fabric.launch()
    torch.manual_seed(cell.stream("weights"))
    np.random.seed(cell.stream("numpy") % 2**32)  # noqa: NPY002  a library may use the old one
    return fabric


def _warn_if_loaded(threads: int) -> None:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > cores():
        log.warning(
            "%d threads a cell, and %.1f processes wait for %d cores: threads that wait for each "
            "other burn many times the work; compute.threads: 1 is faster here",
            threads, load, cores(),
        )  # fmt: skip


def keep_memory() -> None:
    """Let the C library keep what tensors free, for the next ones.

    glibc gives large blocks back to the system, which hands them out again page by page and zeroed:
    up to a thousand page faults a step. Other C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # Windows, macOS
        return
    mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
    mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def allow_tf32(compute: Mapping[str, Any]) -> None:
    """Whether GPUs may round factors to TF32's ten bits; torch alone would, in convolutions."""
    torch.backends.cudnn.allow_tf32 = bool(compute["tf32"])
    torch.backends.cuda.matmul.allow_tf32 = bool(compute["tf32"])


def writes() -> bool:
    """Whether this process writes the results: the first of those that train one cell."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


@contextmanager
def results_folder(out: Path) -> Iterator[Path]:
    """A folder that becomes `out` once it is complete; of other processes' nothing is kept."""
    with replacing_folder(out) if writes() else TemporaryDirectory() as folder:
        yield Path(folder)


def place(
    fabric: Any, model: FERModel, recipe: Recipe, compute: Mapping[str, Any]
) -> tuple[Any, torch.optim.Optimizer]:
    """The model as it is trained, and its optimizer, on the device.

    Args:
        fabric: from `start`.
        model: its pre-trained weights already loaded; changed in place, except by `sync_bn`, which
            needs the layers replaced and does so inside `model`, keys unchanged.
        recipe: for the optimizer.
        compute: the spec's: `compile`, `fused`, `sync_bn`.
    """
    if compute["precision"] == "16-mixed" and (recipe.sam or recipe.clip):
        raise FerBenchError(
            "sam and clip look at gradients, which 16-mixed scales: set compute.precision to "
            "bf16-mixed or 32-true in params.yaml"
        )
    if compute["devices"] > 1 and recipe.sampler in GROUPS:
        raise FerBenchError(
            f"sampler: {recipe.sampler}: several processes would share out what belongs together; "
            "set compute.devices to 1 in params.yaml"
        )
    model.train()  # what is frozen wants no gradients, which several processes must know at once
    model.to(memory_format=torch.channels_last)  # as the faces are stored; faster on every device
    if compute["sync_bn"]:
        if fabric.device.type != "cuda":
            raise FerBenchError("compute.sync_bn needs GPUs; set it to false in params.yaml")
        nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    fused = bool(compute["fused"]) or fabric.device.type == "cpu"  # there it saves small calls
    optimizer = optimizer_for(model, recipe, fused)
    trained = torch.compile(model) if compute["compile"] else model
    wrapped, optimizer = fabric.setup(trained, optimizer)
    return wrapped, optimizer
