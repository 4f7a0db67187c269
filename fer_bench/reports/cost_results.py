"""Cost files as data and as pages; no torch.

`results/cost/<device>.json` is what `fer-bench cost` measured on one device; this module finds a
row's entry in it and writes the page to read beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, write_text
from fer_bench.reports.formatting import NOTHING, count, rounded
from fer_bench.reports.grid import github

PAPER_SECONDS = {"cpu": 0.12, "cuda": 0.03}
"""Seconds an image of SCAN-CCI as the paper prints them (supplementary Table 2)."""

PAPER_NETWORK = ("resnet50", 224)

TITLES = {
    "paper": "The paper's configuration",
    "embedded": "The configuration of the rendered faces",
    "other": "Other configurations",
}


@dataclass(frozen=True)
class DeviceCost:
    """One cost file.

    Attributes:
        slug: the file's stem.
        label: the device's name.
        kind: `cpu` or `cuda`.
        cores, threads: of the CPU.
        load_before: load average of the last minute before the run; None where unknown.
        software: versions of torch and more.
        precision: of the numbers computed with.
        entries: what was measured, a mapping a network, in the file's order.
    """

    slug: str
    label: str
    kind: str
    cores: int
    threads: int
    load_before: float | None
    software: Mapping[str, Any]
    precision: str
    entries: tuple[Mapping[str, Any], ...]

    @property
    def torch(self) -> str:
        """The version of torch."""
        return str(self.software["torch"])

    def find(
        self, model: str, backbone: str | None = None, size: int | None = None
    ) -> Mapping[str, Any] | None:
        """The entry of a row, or of a model that is the same network; None if not measured.

        Args:
            model: the row's method: a row costs the same wherever it starts from.
            backbone: the row's backbone; the paper's if not given.
            size: the row's input side in pixels; the paper's if not given.
        """
        wanted = (backbone or PAPER_NETWORK[0], size or PAPER_NETWORK[1])
        here = [e for e in self.entries if (e["backbone"], e["size"]) == wanted]
        exact = [entry for entry in here if entry["model"] == model]
        return next(iter([*exact, *(entry for entry in here if model in entry["also"])]), None)


def load_costs(folder: Path) -> list[DeviceCost]:
    """Every cost file of `results/cost`: CPUs, then GPUs, by name.

    Raises:
        FerBenchError: a file there is no cost file.
    """
    found = [_read(file) for file in folder.glob("*.json")]
    return sorted(found, key=lambda device: (device.kind, device.slug))


def write_pages(folder: Path) -> list[Path]:
    """Write `<device>.md` beside every cost file."""
    written = []
    for device in load_costs(folder):
        path = folder / f"{device.slug}.md"
        write_text(path, markdown(device))
        written.append(path)
    return written


def time_text(spread: Mapping[str, Any]) -> str:
    """`118 ms (112 to 131)`: median, 10th and 90th percentile of seconds."""
    low, middle, high = (_short(1000 * spread[key]) for key in ("p10", "median", "p90"))
    return f"{middle} ms ({low} to {high})"


def rate_text(spread: Mapping[str, Any]) -> str:
    """`9.80 (9.10 to 10.2)`: images a second."""
    low, middle, high = (_short(spread[key]) for key in ("p10", "median", "p90"))
    return f"{middle} ({low} to {high})"


def memory_text(size: int | None) -> str:
    """Bytes as MiB; a dash where the system did not tell."""
    return NOTHING if size is None else f"{count(round(size / 2**20))} MiB"


def count_text(operations: int) -> str:
    """Operations in thousands of millions: `8.17`."""
    return _short(operations / 1e9)


def markdown(device: DeviceCost) -> str:
    """The page of one device."""
    parts = [f"# Cost: {device.label}", *_how(device)]
    for configuration, title in TITLES.items():
        entries = [e for e in device.entries if e["configuration"] == configuration]
        if entries:
            parts += [f"## {title}", _networks(entries), _table(device, entries)]
            parts += _same(entries)
    parts += _paper(device)
    return "\n\n".join(parts) + "\n"


def _how(device: DeviceCost) -> list[str]:
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
        f"Written by `fer-bench cost`: torch {device.torch}, {device.precision}{threads}.{load}",
        "Forward passes on images in memory, without reading, detecting or aligning faces; weights "
        "are random, because cost does not depend on their values. Times are warm, and models take "
        "turns in rounds, so that a slow minute hits all alike: median, with the 10th and 90th "
        "percentile in brackets. Models whose brackets overlap should not be called faster or "
        "slower.",
        "**GFLOPs**: thousand millions of operations of one forward pass of one image, a "
        "multiply-add counted as 2; **GMACs**: half of it, the number many papers print as FLOPs. "
        "Convolutions and matrix products only. **Peak memory**: each model in a fresh process, "
        f"weights included: {took}.",
    ]


def _networks(entries: list[Mapping[str, Any]]) -> str:
    found = dict.fromkeys(
        f"{e['backbone']} at {e['size']} px, {e['classes']} classes" for e in entries
    )
    return "; ".join(found) + "."


def _table(device: DeviceCost, entries: list[Mapping[str, Any]]) -> str:
    batches = dict.fromkeys(e["throughput"]["batch"] for e in entries)
    batch = " or ".join(map(str, batches))
    head = (
        "Model", "Parameters", "GFLOPs", "GMACs", "One image", f"Images a second, batch of {batch}",
        "Memory, one image", "Memory, batch",
    )  # fmt: skip
    several = len({(e["backbone"], e["size"]) for e in entries}) > 1
    body = [
        (
            f"`{e['model']}`" + (f" ({e['backbone']}, {e['size']} px)" if several else ""),
            count(e["parameters"]), count_text(e["flops"]), count_text(e["macs"]),
            time_text(e["latency"]), rate_text(e["throughput"]),
            memory_text(e["memory"]["image"]), memory_text(e["memory"]["batch"]),
        )
        for e in entries
    ]  # fmt: skip
    text = github(head, body)
    timed = " or ".join(dict.fromkeys(str(e["latency"]["n"]) for e in entries))
    batched = " or ".join(dict.fromkeys(str(e["throughput"]["n"]) for e in entries))
    return f"{text}\n\nTimed: {timed} single images and {batched} batches a model."


def _same(entries: list[Mapping[str, Any]]) -> list[str]:
    found = [
        f"`{e['model']}` stands for " + ", ".join(f"`{name}`" for name in e["also"])
        for e in entries
        if e["also"]
    ]
    text = "The same network, only started from other weights: " + "; ".join(found) + "."
    return [text] if found else []


def _paper(device: DeviceCost) -> list[str]:
    entry = device.find("scan_cci")
    if entry is None:
        return []
    printed = PAPER_SECONDS[device.kind]
    ours = float(entry["latency"]["median"])
    return [
        "## Beside the paper",
        f"Supplementary Table 2 prints {PAPER_SECONDS['cuda']} s an image on a GPU and "
        f"{PAPER_SECONDS['cpu']} s on a CPU for the proposed model at 224 x 224. It names neither "
        "device, nor the batch, nor whether alignment is counted, so this is context and no "
        f"comparison. Here `scan_cci` takes {_short(ours)} s for one image on "
        f"{'this GPU' if device.kind == 'cuda' else 'this CPU'}, "
        f"{rounded(ours / printed, 2)} times the printed {printed} s.",
    ]


def _short(value: float) -> str:
    """Three significant digits, without an exponent."""
    places = 0
    while value and places < 6 and abs(float(rounded(value, places))) * 10**places < 100:
        places += 1
    return f"{float(rounded(value, places)):,.{places}f}"


def _read(file: Path) -> DeviceCost:
    content = read_json(file)
    try:
        device = content["device"]
        for entry in content["models"]:
            entry["latency"]["median"], entry["throughput"]["median"], entry["memory"]["image"]
            entry["also"], entry["configuration"], entry["flops"]
        return DeviceCost(
            file.stem, device["label"], device["kind"], device["cores"], device["threads"],
            device["load_before"], content["software"], content["precision"],
            tuple(content["models"]),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise FerBenchError(
            f"{file} is no cost file ({error!r}): delete it and run `fer-bench cost`"
        ) from error
