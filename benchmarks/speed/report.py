"""One JSON and one Markdown file of each measurement, named after the device."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from peaks import Peaks
from timed import rate_key

from fer_bench.device import describe_device, software
from fer_bench.files import write_json, write_text
from fer_bench.reports.formatting import READING, fold

OUT = Path("results/speed")
LOAD_BEFORE = round(os.getloadavg()[0], 2)


@dataclass(frozen=True)
class Page:
    """What a script found.

    Attributes:
        name: of the measurement, also of its script.
        title: of the page.
        about: paragraphs under the title.
        rows: from `timed.rows`.
        settings: sizes, rounds and the like.
        peaks: the device's.
        found: further results, such as agreement, by what they are.
        items: what the versions' `items` are, as `timed.rows` was told.
        packages: those whose versions decide, too, besides torch.
    """

    name: str
    title: str
    about: list[str]
    rows: list[dict[str, Any]]
    settings: dict[str, Any]
    peaks: Peaks | None = None
    found: dict[str, Any] = field(default_factory=dict)
    items: str = "images"
    packages: tuple[str, ...] = ()

    def content(self) -> dict[str, Any]:
        """Of the JSON file."""
        peaks = asdict(self.peaks) if self.peaks else None
        return {"peaks": peaks, "rows": self.rows, "found": self.found}

    def lines(self) -> list[str]:
        """Of the Markdown file, below its head."""
        return [*_about(self.about), *_table(self.content(), self.items)]


def write(page: Page, device: torch.device, out: Path = OUT) -> Path:
    """Write `<name>_<device>.json` and `.md`; returns the latter."""
    return write_page(page.name, page.title, page.lines(), device, page.settings, page.content(),
                      out, page.packages)  # fmt: skip


def write_page(
    name: str,
    title: str,
    lines: list[str],
    device: torch.device,
    settings: dict[str, Any],
    content: dict[str, Any],
    out: Path = OUT,
    packages: tuple[str, ...] = (),
    printed: bool = True,
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
        printed: print the page, too.
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
    if printed:
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
    first, *rest = paragraphs
    return [first, "", *([fold(READING, *rest), ""] if rest else [])]


def _table(content: dict[str, Any], items: str) -> list[str]:
    rows = content["rows"]
    memory = any("peak_mib" in row for row in rows)
    head = [
        f"| version | ms | 10 to 90 % | {items}/s | ratio | to | times the floor |"
        + " peak MiB |" * memory,
        "|---|---|---|---|---|---|---|" + "---|" * memory,
    ]
    body = [_row(row, items) + f" {row.get('peak_mib', '–')} |" * memory for row in rows]
    found = [f"* {key}: {value}" for key, value in content["found"].items()]
    table = [*head, *body] if rows else []
    return [*_peaks(content["peaks"]), *table, *([""] if table and found else []), *found]


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
