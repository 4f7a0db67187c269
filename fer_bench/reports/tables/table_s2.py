"""The supplement's Table 2: time an image, the paper's beside ours from `results/cost`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.reports.columns import text_of
from fer_bench.reports.cost_results import DeviceCost, load_costs
from fer_bench.reports.formatting import NOTHING, rounded
from fer_bench.reports.grid import Grid, grid
from fer_bench.reports.paper import Printed, load_paper
from fer_bench.reports.tables import latex

NAME = "s2"
STEM = "table_s2"
TITLE = "Inference time"
SHOWS = "How long does one face take?"
MODELS = {
    "scan_cci": "SCAN-CCI",
    "scan_cci_shared": "SCAN-CCI, shared units",
    "baseline3": "Baseline3",
}
WARNING = (
    "Devices, input sizes and networks differ between lines, and the paper names neither its "
    "devices nor batch size, threads or precision: read orders of magnitude, not ratios."
)
OURS = (
    "Ours: one image at a time, forward pass only, warm; median (10th to 90th percentile). "
    "Throughput in batches, memory and FLOPs of every model stand in "
    "[results/cost](../cost/)."
)
NOTHING_MEASURED = "Nothing has been measured for this table yet: run `make cost`."
HEAD = ("Model", "Device", "Network", "Input (px)", "Seconds an image")
WORDS = ("Model", "Device", "Network", "Seconds an image")
COLUMNS = (
    "table", "row", "model", "measured", "kind", "device", "torch", "threads", "precision",
    "backbone", "size", "seconds_median", "seconds_p10", "seconds_p90", "paper_seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Timed:
    """One network on one device."""

    label: str
    device: DeviceCost
    entry: Mapping[str, Any]

    @property
    def seconds(self) -> str:
        """`0.118 (0.112 to 0.131)`."""
        latency = self.entry["latency"]
        middle, low, high = (_seconds(latency[key]) for key in ("median", "p10", "p90"))
        return f"{middle} ({low} to {high})"


def build(paper_dir: Path, cost_dir: Path | None) -> tuple[str, str, str]:
    """The table as Markdown, CSV and LaTeX.

    Args:
        paper_dir: `benchmarks/paper`.
        cost_dir: `results/cost`; None or missing: nothing was measured.
    """
    printed = load_paper(paper_dir, "S2")
    timed = list(_timed(load_costs(cost_dir))) if cost_dir else []
    shown = _grid(printed, timed)
    notes = [f"{p.row}: {p.note}." for p in printed if p.note]
    about = [WARNING, OURS] if timed else [WARNING, NOTHING_MEASURED]
    page = [f"# Table S2. {TITLE}", SHOWS, *about, shown.markdown()]
    page.append("\n".join(f"- {note}" for note in notes))
    label = latex.label_of(STEM)
    tex = latex.HEAD + "\n" + latex.table(shown, f"{TITLE}.", label, [*about, *notes])
    return "\n\n".join(page) + "\n", _csv(printed, timed), tex


def _timed(costs: Sequence[DeviceCost]) -> Iterator[Timed]:
    """Device by device the paper's network first, then the others of the same models."""
    for device in costs:
        for model, label in MODELS.items():
            first = device.find(model)
            others = [e for e in device.entries if e["model"] == model and e is not first]
            yield from (Timed(label, device, e) for e in [first, *others] if e is not None)


def _grid(printed: Sequence[Printed], timed: Sequence[Timed]) -> Grid:
    body = [["SCAN-CCI, the paper's", f"{p.row}, not named", "ResNet-50", "224", p.printed]
            for p in printed]  # fmt: skip
    blocks = [len(body)]
    for t in timed:
        entry = t.entry
        body.append([t.label, _device(t.device), entry["backbone"], str(entry["size"]), t.seconds])
    if not timed:
        body.append(["SCAN-CCI", *[NOTHING] * 4])
    return grid(HEAD, body, WORDS, blocks)


def _device(device: DeviceCost) -> str:
    return device.label if device.kind == "cuda" else f"{device.label}, {device.threads} threads"


def _csv(printed: Sequence[Printed], timed: Sequence[Timed]) -> str:
    records: list[dict[str, Any]] = [
        {"table": "S2", "row": p.row, "model": p.model, "measured": "reported",
         "kind": "cuda" if p.row == "GPU" else "cpu", "backbone": "resnet50", "size": 224,
         "paper_seconds": p.printed}
        for p in printed
    ]  # fmt: skip
    for t in timed:
        latency = t.entry["latency"]
        records.append(
            {"table": "S2", "row": t.label, "model": t.entry["model"], "measured": "here",
             "kind": t.device.kind, "device": t.device.label, "torch": t.device.torch,
             "threads": t.device.threads, "precision": t.device.precision,
             "backbone": t.entry["backbone"], "size": t.entry["size"],
             **{f"seconds_{key}": rounded(latency[key], 6) for key in ("median", "p10", "p90")}}
        )  # fmt: skip
    return text_of(records, COLUMNS)


def _seconds(seconds: float) -> str:
    """Three significant digits, as many as clocks and repetitions can carry."""
    places = 2
    while places < 6 and seconds < 10 ** (1 - places + 1):
        places += 1
    return rounded(seconds, places)
