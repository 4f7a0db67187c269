"""The supplement's Table 2: time an image, the paper's beside ours from `results/cost`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.records.cost import DeviceCost, NetworkCost, load_costs
from fer_bench.reports.columns import Column, Columns, csv_text, page_grid, plain, shown
from fer_bench.reports.formatting import NOTHING, rounded
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


@dataclass(frozen=True)
class Timed:
    """One line: a network on a device, or a place that the paper prints."""

    label: str
    cost: DeviceCost | None = None
    network: NetworkCost | None = None
    printed: Printed | None = None

    @property
    def device(self) -> str:
        """What it ran on."""
        if self.printed:
            return f"{self.printed.row}, not named"
        if self.cost is None:
            return NOTHING
        device = self.cost.device
        return (
            device.label if device.kind == "cuda" else f"{device.label}, {device.threads} threads"
        )

    @property
    def seconds(self) -> str:
        """`0.118 (0.112 to 0.131)`, or as printed."""
        if self.network is None:
            return self.printed.printed if self.printed else NOTHING
        latency = self.network.latency
        low, middle, high = map(_seconds, (latency.p10, latency.median, latency.p90))
        return f"{middle} ({low} to {high})"


def build(paper_dir: Path, cost_dir: Path | None) -> tuple[str, str, str]:
    """The table as Markdown, CSV and LaTeX.

    Args:
        paper_dir: `benchmarks/paper`.
        cost_dir: `results/cost`; None or missing: nothing was measured.
    """
    printed = load_paper(paper_dir, "S2")
    timed = list(_timed(load_costs(cost_dir)))
    lines = [Timed("SCAN-CCI, the paper's", printed=p) for p in printed]
    grid = page_grid(COLUMNS, [*lines, *(timed or [Timed("SCAN-CCI")])], blocks=[len(lines)])
    notes = [f"{p.row}: {p.note}." for p in printed if p.note]
    about = [WARNING, OURS] if timed else [WARNING, NOTHING_MEASURED]
    page = [f"# Table S2. {TITLE}", SHOWS, *about, grid.markdown()]
    page.append("\n".join(f"- {note}" for note in notes))
    label = latex.label_of(STEM)
    tex = latex.HEAD + "\n" + latex.table(grid, f"{TITLE}.", label, [*about, *notes])
    return "\n\n".join(page) + "\n", csv_text(COLUMNS, [*lines, *timed]), tex


def _timed(costs: Sequence[DeviceCost]) -> Iterator[Timed]:
    """Device by device the paper's network first, then the others of the same models."""
    for cost in costs:
        for model, label in MODELS.items():
            first = cost.find(model)
            others = [one for one in cost.models if one.model == model and one is not first]
            yield from (Timed(label, cost, one) for one in [first, *others] if one is not None)


def _seconds(seconds: float) -> str:
    """Three significant digits, as many as clocks and repetitions can carry."""
    places = 2
    while places < 6 and seconds < 10 ** (1 - places + 1):
        places += 1
    return rounded(seconds, places)


def _of_cost(name: str, value: Callable[[DeviceCost], Any]) -> Column[Timed]:
    return plain(name, lambda x: value(x.cost) if x.cost else "")


def _latency(key: str) -> Column[Timed]:
    return plain(
        f"seconds_{key}",
        lambda x: rounded(getattr(x.network.latency, key), 6) if x.network else "",
    )


def _kind(line: Timed) -> str:
    if line.cost:
        return line.cost.device.kind
    return "cuda" if line.printed and line.printed.row == "GPU" else "cpu"


COLUMNS: Columns[Timed] = (
    plain("table", lambda x: "S2"),
    plain("row", lambda x: x.printed.row if x.printed else x.label, "Model", lambda x: x.label,
          left=True),
    plain("model", lambda x: x.network.model if x.network else x.printed and x.printed.model),
    plain("measured", lambda x: "reported" if x.printed else "here"),
    plain("kind", _kind),
    shown("Device", lambda x: x.device, left=True),
    _of_cost("device", lambda c: c.device.label),
    _of_cost("torch", lambda c: c.software["torch"]),
    _of_cost("threads", lambda c: c.device.threads),
    _of_cost("precision", lambda c: c.precision),
    plain("backbone", lambda x: x.network.backbone if x.network else "resnet50", "Network",
          lambda x: x.network.backbone if x.network else "ResNet-50" if x.printed else NOTHING,
          left=True),
    plain("size", lambda x: x.network.size if x.network else 224, "Input (px)",
          lambda x: str(x.network.size) if x.network else "224" if x.printed else NOTHING),
    shown("Seconds an image", lambda x: x.seconds, left=True),
    *map(_latency, ("median", "p10", "p90")),
    plain("paper_seconds", lambda x: x.printed.printed if x.printed else ""),
)  # fmt: skip
