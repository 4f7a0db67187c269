"""One JSON and one Markdown file of each measurement, named after the device."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from peaks import Peaks

from fer_bench.evaluation.device import describe_device, software
from fer_bench.files import write_json, write_text

OUT = Path("results/speed")


def write(
    name: str,
    title: str,
    about: list[str],
    rows: list[dict[str, Any]],
    device: torch.device,
    settings: dict[str, Any],
    peaks: Peaks | None = None,
    found: dict[str, Any] | None = None,
    out: Path = OUT,
) -> Path:
    """Write `<name>_<device>.json` and `.md`; returns the latter.

    Args:
        name: of the measurement, also of its script.
        title: of the page.
        about: paragraphs under the title.
        rows: from `timed.rows`.
        device: what was measured.
        settings: sizes, rounds and the like.
        peaks: the device's.
        found: further results, such as agreement, by what they are.
        out: the folder.
    """
    content = {
        "peaks": asdict(peaks) if peaks else None, "rows": rows, "found": found or {},
    }  # fmt: skip
    return write_page(
        name, title, [*_about(about), *_table(content)], device, settings, content, out
    )


def write_page(
    name: str,
    title: str,
    lines: list[str],
    device: torch.device,
    settings: dict[str, Any],
    content: dict[str, Any],
    out: Path = OUT,
) -> Path:
    """Write `<name>_<device>.json` and `.md`; returns the latter.

    Args:
        name: of the measurement, also of its script.
        title: of the page.
        lines: of the page, after what was measured where.
        device: what was measured.
        settings: sizes, rounds and the like.
        content: of the JSON file, besides what was measured where.
        out: the folder.
    """
    described = describe_device(device.type, torch.get_num_threads())
    described["load_after"] = round(os.getloadavg()[0], 2)
    versions = software()
    head = {"measured": name, "device": described, "software": versions, "settings": settings}
    file = out / file_name(name, device)
    write_json(file, head | content)
    shown = ", ".join(f"{key} {value}" for key, value in settings.items())
    top = [
        f"# {title}: {described['label']}", "",
        f"Written by `python benchmarks/speed/{name}.py`; "
        f"torch {versions['torch']}, {described['threads']} threads, load average "
        f"{described['load_before']} before and {described['load_after']} after. {shown}.", "",
    ]  # fmt: skip
    page = file.with_suffix(".md")
    write_text(page, "\n".join([*top, *lines]) + "\n")
    print(page.read_text(encoding="utf-8"))
    return page


def file_name(name: str, device: torch.device) -> str:
    """Of a measurement's JSON file, the Markdown beside it ends in `.md`."""
    return f"{name}_{describe_device(device.type, torch.get_num_threads())['slug']}.json"


def _about(paragraphs: list[str]) -> list[str]:
    return [line for paragraph in paragraphs for line in (paragraph, "")]


def _table(content: dict[str, Any]) -> list[str]:
    lines = [
        *_peaks(content["peaks"]),
        "| version | ms | 10 to 90 % | images/s | ratio | to | times the floor |",
        "|---|---|---|---|---|---|---|",
        *(_row(row) for row in content["rows"]),
    ]
    if content["found"]:
        lines += ["", *(f"* {key}: {value}" for key, value in content["found"].items())]
    return lines


def _row(row: dict[str, Any]) -> str:
    if "skipped" in row:
        return f"| {row['version']} | – | – | – | – | – | {row['skipped']} |"
    ms, ratio = row["ms"], row.get("ratio")
    own = row["version"] == row["reference"]
    shown = "1" if own else _ratio(ratio) if ratio else "–"
    floor = f"{row['times_floor']:g} ({row['bound']})" if "times_floor" in row else "–"
    return (
        f"| {row['version']} | {ms['median']:g} | {ms['p10']:g} to {ms['p90']:g} | "
        f"{row['images_per_second']['median']:g} | {shown} | "
        f"{'itself' if own else row['reference']} | {floor} |"
    )


def _ratio(ratio: dict[str, float]) -> str:
    return f"{ratio['median']:.3g} ({ratio['p10']:.3g} to {ratio['p90']:.3g})"


def _peaks(peaks: dict[str, Any] | None) -> list[str]:
    if not peaks:
        return []
    rates = ", ".join(f"{name} {rate / 1e12:.3g}" for name, rate in peaks["operations"].items())
    return [
        f"Measured peaks: {rates} TFLOP/s in large products or convolutions, "
        f"{peaks['bytes'] / 1e9:.3g} GB/s in large copies (read plus written). The floor is "
        "the larger of operations and least bytes over these.", "",
    ]  # fmt: skip
