"""What a measurement ran on: the processor's or graphics card's name, cores, library versions."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fer_bench.cores import cores
from fer_bench.errors import FerBenchError

KINDS = ("cpu", "cuda")


def here(compute: Mapping[str, Any]) -> dict[str, Any]:
    """A spec's `compute` with `device: auto` resolved: on the machine that runs it, not before."""
    device = compute["device"]
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return {**compute, "device": device}


def check_kind(kind: str) -> None:
    """Refuse a device that this machine does not have.

    Raises:
        FerBenchError: it is neither `cpu` nor `cuda`, or torch sees no CUDA device.
    """
    if kind not in KINDS:
        raise FerBenchError(f"unknown device {kind!r}: use cpu or cuda")
    if kind == "cuda" and not torch.cuda.is_available():
        raise FerBenchError(
            "torch sees no CUDA device here: use --device cpu, or install a torch built for CUDA "
            "on a machine that has one"
        )


def describe_device(kind: str, threads: int) -> dict[str, Any]:
    """The `device` block of a cost file; `slug` is fit for a file name."""
    label = device_label(kind)
    return {
        "kind": kind,
        "label": label,
        "slug": slug(label),
        "cores": cores(),
        "threads": threads,
        "load_before": _load(),
    }


def software() -> dict[str, Any]:
    """Versions that decide speed."""
    cudnn: Any = torch.backends.cudnn
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "torch": torch.__version__,
        "cudnn": cudnn.version() if torch.cuda.is_available() else None,
    }


def precision(kind: str) -> str:
    """What numbers are computed with: torch lets newer GPUs convolve float32 with fewer bits."""
    cudnn: Any = torch.backends.cudnn
    if kind == "cuda" and cudnn.allow_tf32 and torch.cuda.get_device_capability() >= (8, 0):
        return "float32, convolutions in TF32"
    return "float32"


def device_label(kind: str) -> str:
    """The GPU's name for `cuda`, else the processor's name and how many cores there are."""
    if kind == "cuda":
        return chip(kind)
    return f"{chip(kind)}, {cores()} core{'s' if cores() > 1 else ''}"


def chip(kind: str) -> str:
    """The GPU's name for `cuda`, else the processor's."""
    return str(torch.cuda.get_device_name()) if kind == "cuda" else processor()


def processor() -> str:
    """This machine's processor."""
    return cpu_name(_cpuinfo())


def slug(label: str) -> str:
    """A label fit for a file name."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def cpu_name(cpuinfo: str) -> str:
    """The processor's model in the text of /proc/cpuinfo, without marks and clock rate.

    Where the text names none, what Python knows of the platform.
    """
    found = re.search(r"model name\s*:\s*(.+)", cpuinfo)
    name = found.group(1) if found else platform.processor()
    name = re.sub(r"\((R|TM)\)|\bCPU\b|\bProcessor\b|@.*", "", name)
    return " ".join(name.split()) or platform.machine() or "unknown processor"


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""


def _load() -> float | None:
    """The load average of the last minute; None where the system has none."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
