"""The supplement's Table 2 beside what was measured here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fer_bench.files import write_json
from fer_bench.reports.tables.table_s2 import build


def entry(model: str, size: int, seconds: float, also: tuple[str, ...] = ()) -> dict[str, Any]:
    latency = {"median": seconds, "p10": seconds * 0.9, "p90": seconds * 1.2, "n": 50}
    return {
        "model": model, "base": model, "also": list(also), "configuration": "other",
        "backbone": "resnet50" if size == 224 else "resnet18_slim", "size": size, "classes": 7,
        "options": {}, "parameters": 1, "flops": 2, "macs": 1, "latency": latency,
        "throughput": {**latency, "batch": 32}, "memory": {"image": None, "batch": None, "of": "x"},
    }  # fmt: skip


def write(folder: Path, kind: str, slug: str, models: list[dict[str, Any]]) -> None:
    write_json(
        folder / f"{slug}.json",
        {
            "device": {"kind": kind, "label": slug.upper(), "slug": slug, "cores": 2, "threads": 2,
                       "load_before": None},
            "software": {"torch": "2.14.1", "python": "3.11", "cudnn": None},
            "precision": "float32", "models": models,
        },
    )  # fmt: skip


@pytest.fixture
def costs(tmp_path: Path) -> Path:
    write(tmp_path, "cuda", "card", [entry("scan_cci", 224, 0.0123449)])
    write(
        tmp_path, "cpu", "chip",
        [entry("scan_cci", 80, 0.0099), entry("scan_cci", 224, 0.1185),
         entry("baseline1", 224, 0.1, ("baseline3",)), entry("scan_cci_sa", 224, 0.2)],
    )  # fmt: skip
    return tmp_path


def test_the_papers_first_then_device_by_device(paper: Path, costs: Path) -> None:
    text, csv, tex = build(paper, costs)
    rows = [[c.strip() for c in x.split("|")[1:-1]] for x in text.splitlines() if x[:2] == "| "]
    assert rows[1:] == [
        ["SCAN-CCI, the paper's", "GPU, not named", "ResNet-50", "224", "0.03"],
        ["SCAN-CCI, the paper's", "CPU, not named", "ResNet-50", "224", "0.12"],
        ["SCAN-CCI", "CHIP, 2 threads", "resnet50", "224", "0.119 (0.107 to 0.142)"],
        ["SCAN-CCI", "CHIP, 2 threads", "resnet18_slim", "80", "0.00990 (0.00891 to 0.0119)"],
        ["Baseline3", "CHIP, 2 threads", "resnet50", "224", "0.100 (0.0900 to 0.120)"],
        ["SCAN-CCI", "CARD", "resnet50", "224", "0.0123 (0.0111 to 0.0148)"],
    ]
    assert "not ratios" in text
    lines = pd.read_csv(io.StringIO(csv))
    assert lines["measured"].tolist() == ["reported"] * 2 + ["here"] * 4
    assert lines["seconds_median"].tolist()[2:] == [0.1185, 0.0099, 0.1, 0.012345]
    assert lines["paper_seconds"].tolist()[:2] == [0.03, 0.12]
    assert "0.119 (0.107 to 0.142)" in tex


@pytest.mark.parametrize("folder", [None, "missing"])
def test_nothing_measured(paper: Path, tmp_path: Path, folder: str | None) -> None:
    text, csv, _ = build(paper, tmp_path / folder if folder else None)
    assert "run `make cost`" in text
    assert "0.03" in text
    assert len(pd.read_csv(io.StringIO(csv))) == 2
