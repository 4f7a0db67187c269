"""The page that `align.py` writes."""

from __future__ import annotations

import importlib.metadata
import os
import statistics
from pathlib import Path
from typing import Any

from fer_bench.evaluation.device import device_label, slug
from fer_bench.files import write_text


def device_name(device: str) -> str:
    """`cpu` or the GPU's name, fit for a file name."""
    return slug(_device(device))


def _device(device: str) -> str:
    return device_label("cpu" if device == "cpu" else "cuda")


def write_report(out: Path, results: list[Any], memory: Any, device: str) -> str:
    """Write the page; returns its text."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("torch", "facenet-pytorch", "numpy", "pillow")
    )
    load = os.getloadavg()[1]
    lines = [
        f"# Speed of alignment: {_device(device)}",
        "",
        f"Written by `python benchmarks/speed/align.py`; {versions}. Load average of the last five "
        f"minutes at the end: {load:.1f} (this run's own included).",
        "The reference is facenet-pytorch's MTCNN called image by image, same thresholds; both are "
        "measured in turns. Images per second are medians of the rounds, ratios medians of the "
        "rounds' ratios (smallest and largest in brackets).",
        "",
        *_speeds(results),
        "",
        *_agreement(results),
    ]
    if memory:
        lines += ["", *_memory(memory)]
    text = "\n".join(lines) + "\n"
    write_text(out, text)
    return text


def _speeds(results: list[Any]) -> list[str]:
    lines = [
        "| source | images | rounds | measured | reference, default threads | "
        "reference, one thread | ours | ratio to the faster |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        both = [min(pair) for pair in zip(r.reference, r.one_thread, strict=True)]
        lines += [
            f"| {r.source} | {r.images} | {len(r.stage)} | align stage, all cores | "
            f"{_rate(r.reference)} | {_rate(r.one_thread)} | {_rate(r.stage)} | "
            f"{_ratio(both, r.stage)} |",
            f"| {r.source} | {r.images} | {len(r.stage)} | detector alone, one thread | - | "
            f"{_rate(r.reference_detector)} | {_rate(r.cascade)} | "
            f"{_ratio(r.reference_detector, r.cascade)} |",
        ]
    starts = ", ".join(f"{statistics.median(r.startup):.1f} s ({r.source})" for r in results)
    return [*lines, "", f"Start-up of the stage's processes, not counted above: {starts}."]


def _rate(seconds: list[float]) -> str:
    return f"{1 / statistics.median(seconds):.1f}"


def _ratio(theirs: list[float], ours: list[float]) -> str:
    ratios = sorted(a / b for a, b in zip(theirs, ours, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def _agreement(results: list[Any]) -> list[str]:
    lines = [
        "Agreement within one pixel with the reference's faces: all faces of the images as they "
        "are (cascade), and the landmarks that the stage records where the reference's face lies "
        "inside the image (elsewhere the stage looks a second time).",
        "",
        "| source | faces | boxes | landmarks | faces only the cascade finds | inside | recorded |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in results:
        lines.append(
            f"| {r.source} | {r.faces} | {_share(r.boxes_agree, r.faces)} | "
            f"{_share(r.landmarks_agree, r.faces)} | {r.extra} | {r.inside} | "
            f"{_share(r.recorded_agree, r.inside)} |"
        )
    failed = sum(r.failed for r in results)
    return [*lines, "", f"Images on which the reference fails, left out: {failed}."]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


def _memory(memory: Any) -> list[str]:
    return [
        f"Peak resident memory while aligning a stream of {memory.images} images of 350 x 350 to "
        f"224 x 224: main process {memory.main:.0f} MiB, largest worker {memory.worker:.0f} MiB; "
        f"main process after a manifest of 290,000 rows {memory.manifest:.0f} MiB.",
    ]
