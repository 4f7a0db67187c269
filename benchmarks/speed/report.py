"""One JSON and one Markdown file of each measurement, named after the device."""

from __future__ import annotations

import os
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from peaks import Peaks
from timed import rate_key

from fer_bench.evaluation.device import describe_device, software
from fer_bench.files import write_json, write_text

OUT = Path("results/speed")
LOAD_BEFORE = round(os.getloadavg()[0], 2)


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
    items: str = "images",
    packages: tuple[str, ...] = (),
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
        items: what the versions' `items` are, as `timed.rows` was told.
        packages: those whose versions decide, too, besides torch.
    """
    content = {
        "peaks": asdict(peaks) if peaks else None, "rows": rows, "found": found or {},
    }  # fmt: skip
    lines = [*_about(about), *_table(content, items)]
    return write_page(name, title, lines, device, settings, content, out, packages)


def write_page(
    name: str,
    title: str,
    lines: list[str],
    device: torch.device,
    settings: dict[str, Any],
    content: dict[str, Any],
    out: Path = OUT,
    packages: tuple[str, ...] = (),
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
        packages: those whose versions decide, too, besides torch.
    """
    described = describe_device(device.type, torch.get_num_threads())
    described |= {"load_before": LOAD_BEFORE, "load_after": round(os.getloadavg()[0], 2)}
    versions = software() | {package: _version(package) for package in packages}
    head = {"measured": name, "device": described, "software": versions, "settings": settings}
    file = out / file_name(name, device)
    write_json(file, head | content)
    used = ", ".join(f"{name} {found}" for name, found in versions.items() if found)
    shown = ", ".join(f"{key} {value}" for key, value in settings.items())
    top = [
        f"# {title}: {described['label']}", "",
        f"Written by `python benchmarks/speed/{name}.py`; "
        f"{used}, {described['threads']} threads, load average "
        f"{described['load_before']} before and {described['load_after']} after. {shown}.", "",
    ]  # fmt: skip
    page = file.with_suffix(".md")
    write_text(page, "\n".join([*top, *lines]) + "\n")
    print(page.read_text(encoding="utf-8"))
    return page


def file_name(name: str, device: torch.device) -> str:
    """Of a measurement's JSON file; the Markdown beside it ends in `.md`."""
    return f"{name}_{describe_device(device.type, torch.get_num_threads())['slug']}.json"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _about(paragraphs: list[str]) -> list[str]:
    return [line for paragraph in paragraphs for line in (paragraph, "")]


def _table(content: dict[str, Any], items: str) -> list[str]:
    rows = content["rows"]
    memory = any("peak_mib" in row for row in rows)
    lines = [
        *_peaks(content["peaks"]),
        f"| version | ms | 10 to 90 % | {items}/s | ratio | to | times the floor |"
        + " peak MiB |" * memory,
        "|---|---|---|---|---|---|---|" + "---|" * memory,
        *(_row(row, items) + f" {row.get('peak_mib', '–')} |" * memory for row in rows),
    ]
    if content["found"]:
        lines += ["", *(f"* {key}: {value}" for key, value in content["found"].items())]
    return lines


def _row(row: dict[str, Any], items: str) -> str:
    if "skipped" in row:
        return f"| {row['version']} | – | – | – | – | – | {row['skipped']} |"
    ms, ratio, rate = row["ms"], row.get("ratio"), row[rate_key(items)]
    own = row["version"] == row["reference"]
    shown = "1" if own else _ratio(ratio) if ratio else "–"
    floor = f"{row['times_floor']:g} ({row['bound']})" if "times_floor" in row else "–"
    return (
        f"| {row['version']} | {ms['median']:g} | {ms['p10']:g} to {ms['p90']:g} | "
        f"{rate['median']:g} | {shown} | "
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
