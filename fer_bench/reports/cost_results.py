"""The page beside each cost file (`records.cost`), and how its numbers are printed; no torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fer_bench.files import write_text
from fer_bench.records.cost import DeviceCost, NetworkCost, Spread, load_costs
from fer_bench.reports.columns import Columns, page_table, shown
from fer_bench.reports.formatting import NOTHING, READING, count, fold, rounded

PAPER_SECONDS = {"cpu": 0.12, "cuda": 0.03}
"""Seconds an image of SCAN-CCI as the paper prints them (supplementary Table 2)."""

TITLES = {
    "paper": "The paper's configuration",
    "embedded": "The configuration of the rendered faces",
    "other": "Other configurations",
}
_READ = """\
Forward passes on images in memory, without reading, detecting or aligning faces;
weights are random, because cost does not depend on their values. Times are warm, and models take
turns in rounds, so that a slow minute hits all alike: median, with the 10th and 90th percentile in
brackets. Models whose brackets overlap should not be called faster or slower."""
_COUNTED = """\
**GFLOPs**: thousand millions of operations of one forward pass of one image,
a multiply-add counted as 2; **GMACs**: half of it, the number many papers print as FLOPs.
Convolutions and matrix products only. **Peak memory**: each model in a fresh process, weights
included: {took}."""


def write_pages(folder: Path) -> list[Path]:
    """Write `<device>.md` beside every cost file."""
    written = []
    for cost in load_costs(folder):
        path = folder / f"{cost.device.slug}.md"
        write_text(path, markdown(cost))
        written.append(path)
    return written


def time_text(spread: Spread) -> str:
    """`118 ms (112 to 131)`: median, 10th and 90th percentile of seconds."""
    return (
        f"{_short(1000 * spread.median)} ms ({_short(1000 * spread.p10)} to "
        f"{_short(1000 * spread.p90)})"
    )


def rate_text(spread: Spread) -> str:
    """`9.80 (9.10 to 10.2)`: images a second."""
    return f"{_short(spread.median)} ({_short(spread.p10)} to {_short(spread.p90)})"


def memory_text(size: int | None) -> str:
    """Bytes as MiB; a dash where the system did not tell."""
    return NOTHING if size is None else f"{count(round(size / 2**20))} MiB"


def count_text(operations: int) -> str:
    """Operations in thousands of millions: `8.17`."""
    return _short(operations / 1e9)


def markdown(cost: DeviceCost) -> str:
    """The page of one device."""
    parts = [f"# Cost: {cost.device.label}", *_how(cost)]
    for configuration, title in TITLES.items():
        found = [one for one in cost.models if one.configuration == configuration]
        if found:
            parts += [f"## {title}", _networks(found), _table(found), *_same(found)]
    parts += _paper(cost)
    return "\n\n".join(parts) + "\n"


def _how(cost: DeviceCost) -> list[str]:
    device = cost.device
    threads = "" if device.kind == "cuda" else f", threads: {device.threads}"
    load = "" if device.load_before is None else (
        f" Load average of the minute before: {rounded(device.load_before, 1)}."
    )  # fmt: skip
    took = (
        "what torch's allocator handed out at most, without the CUDA context"
        if device.kind == "cuda"
        else "growth of the process over one that has loaded torch, as the system counts it; for "
        "small networks mostly what the libraries load besides"
    )
    return [
        f"Written by `fer-bench cost`: torch {cost.software['torch']}, {cost.precision}{threads}."
        f"{load}",
        fold(READING, _READ, _COUNTED.format(took=took)),
    ]


def _networks(found: Sequence[NetworkCost]) -> str:
    names = dict.fromkeys(
        f"{one.backbone} at {one.size} px, {one.classes} classes" for one in found
    )
    return "; ".join(names) + "."


def _table(found: Sequence[NetworkCost]) -> str:
    several = len({(one.backbone, one.size) for one in found}) > 1

    def name(one: NetworkCost) -> str:
        return f"`{one.model}`" + (f" ({one.backbone}, {one.size} px)" if several else "")

    columns: Columns[NetworkCost] = (
        shown("Model", name, left=True),
        shown("Parameters", lambda one: count(one.parameters)),
        shown("GFLOPs", lambda one: count_text(one.flops)),
        shown("GMACs", lambda one: count_text(one.macs)),
        shown("One image", lambda one: time_text(one.latency)),
        shown(
            f"Images a second, batch of {_all(one.throughput.batch for one in found)}",
            lambda one: rate_text(one.throughput),
        ),
        shown("Memory, one image", lambda one: memory_text(one.memory.image)),
        shown("Memory, batch", lambda one: memory_text(one.memory.batch)),
    )
    timed, batched = _all(one.latency.n for one in found), _all(one.throughput.n for one in found)
    return (
        f"{page_table(columns, found)}\n\nTimed: {timed} single images and {batched} batches a "
        "model."
    )


def _all(numbers: Iterable[int]) -> str:
    return " or ".join(map(str, dict.fromkeys(numbers)))


def _same(found: Sequence[NetworkCost]) -> list[str]:
    said = [
        f"`{one.model}` stands for " + ", ".join(f"`{name}`" for name in one.also)
        for one in found
        if one.also
    ]
    text = "The same network, only started from other weights: " + "; ".join(said) + "."
    return [text] if said else []


def _paper(cost: DeviceCost) -> list[str]:
    one = cost.find("scan_cci")
    if one is None:
        return []
    kind = cost.device.kind
    printed, ours = PAPER_SECONDS[kind], one.latency.median
    return [
        "## Beside the paper",
        f"Supplementary Table 2 prints {PAPER_SECONDS['cuda']} s an image on a GPU and "
        f"{PAPER_SECONDS['cpu']} s on a CPU for the proposed model at 224 x 224. It names neither "
        "device, nor the batch, nor whether alignment is counted, so this is context and no "
        f"comparison. Here `scan_cci` takes {_short(ours)} s for one image on "
        f"{'this GPU' if kind == 'cuda' else 'this CPU'}, "
        f"{rounded(ours / printed, 2)} times the printed {printed} s.",
    ]


def _short(value: float) -> str:
    """Three significant digits, without an exponent."""
    places = 0
    while value and places < 6 and abs(float(rounded(value, places))) * 10**places < 100:
        places += 1
    return f"{float(rounded(value, places)):,.{places}f}"
