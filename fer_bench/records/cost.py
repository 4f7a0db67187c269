"""`results/cost/<device>.json`: what `fer-bench cost` measured on one device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.files import read_json, write_json
from fer_bench.records.base import from_json, to_json

FORMAT = 1
PAPER_NETWORK = ("resnet50", 224)


@dataclass(frozen=True)
class Spread:
    """Median, 10th and 90th percentile of n measurements."""

    median: float
    p10: float
    p90: float
    n: int


@dataclass(frozen=True)
class Rate(Spread):
    """Images a second, in batches of so many."""

    batch: int


@dataclass(frozen=True)
class Memory:
    """Peak bytes with one image and with a batch; None where the system does not tell.

    Attributes:
        image, batch: bytes, weights included.
        of: `resident` or `cuda`.
    """

    image: int | None
    batch: int | None
    of: str


@dataclass(frozen=True)
class NetworkCost:
    """What one network costs.

    Attributes:
        model: the row's name.
        base: the registered model that builds it.
        also: registered models that are the same network, only started from other weights.
        classes: width of its logits.
        configuration: `paper`, `embedded` or `other`.
        options: all of the model's.
        backbone, size: of these.
        parameters: numbers that are learnt.
        flops: operations of one image, a multiply-add counted as 2.
        macs: half of it.
        latency: seconds of one image.
        throughput: images a second in batches.
        memory: peak.
    """

    model: str
    base: str
    also: tuple[str, ...]
    classes: int
    configuration: str
    options: dict[str, Any]
    backbone: str
    size: int
    parameters: int
    flops: int
    macs: int
    latency: Spread
    throughput: Rate
    memory: Memory

    @property
    def key(self) -> str:
        """Tells apart the networks of one file."""
        return f"{self.model} {self.backbone} {self.size}"


@dataclass(frozen=True)
class Device:
    """What was measured on.

    Attributes:
        slug: fit for a file name.
        label: its name.
        kind: `cpu` or `cuda`.
        cores, threads: of the CPU.
        load_before: load average of the last minute before the run; None where unknown.
    """

    slug: str
    label: str
    kind: str
    cores: int
    threads: int
    load_before: float | None


@dataclass(frozen=True)
class DeviceCost:
    """One cost file.

    Attributes:
        device: it was measured on.
        software: versions of torch and more.
        precision: of the numbers computed with.
        models: what was measured.
        format: of this record; the first files do not say it.
    """

    device: Device
    software: dict[str, Any]
    precision: str
    models: tuple[NetworkCost, ...]
    format: int = FORMAT

    @staticmethod
    def read(file: Path) -> DeviceCost:
        """Read a file; raises FerBenchError when it is none."""
        remedy = "delete it and run `fer-bench cost`"
        return from_json(DeviceCost, read_json(file), str(file), remedy)

    def write(self, file: Path) -> None:
        """Write it."""
        write_json(file, to_json(self))

    def find(
        self, model: str, backbone: str | None = None, size: int | None = None
    ) -> NetworkCost | None:
        """The network of a row, or of a model that is the same network; None if not measured.

        Args:
            model: the row's method: a row costs the same wherever it starts from.
            backbone: the row's backbone; the paper's if not given.
            size: the row's input side in pixels; the paper's if not given.
        """
        wanted = (backbone or PAPER_NETWORK[0], size or PAPER_NETWORK[1])
        here = [one for one in self.models if (one.backbone, one.size) == wanted]
        exact = [one for one in here if one.model == model]
        return next(iter([*exact, *(one for one in here if model in one.also)]), None)


def load_costs(folder: Path | None) -> list[DeviceCost]:
    """Every cost file of `results/cost`, CPUs, then GPUs, by name; none without a folder.

    Raises:
        FerBenchError: a file there is no cost file.
    """
    found = [DeviceCost.read(file) for file in folder.glob("*.json")] if folder else []
    return sorted(found, key=lambda cost: (cost.device.kind, cost.device.slug))
