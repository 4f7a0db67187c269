"""Cost files as pages and by row."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from fer_bench.errors import FerBenchError
from fer_bench.files import write_json
from fer_bench.reports import cost_results as cost


def entry(model: str, seconds: float, backbone: str = "resnet50", **changes: Any) -> dict[str, Any]:
    size = 224 if backbone == "resnet50" else 80
    return {
        "model": model, "base": model, "also": [], "backbone": backbone, "size": size,
        "configuration": "paper" if backbone == "resnet50" else "embedded", "classes": 7,
        "options": {"backbone": backbone, "size": size},
        "parameters": 23_522_375, "flops": 8_174_301_184, "macs": 4_087_150_592,
        "latency": {"median": seconds, "p10": 0.9 * seconds, "p90": 1.2 * seconds, "n": 60},
        "throughput": {"median": 12.345, "p10": 11, "p90": 13.21, "n": 12, "batch": 32},
        "memory": {"image": 136_126_464, "batch": None, "of": "resident"},
        **changes,
    }  # fmt: skip


def content(kind: str = "cpu") -> dict[str, Any]:
    label = "Intel Xeon, 2 cores" if kind == "cpu" else "NVIDIA H100"
    slug = "intel_xeon_2_cores" if kind == "cpu" else "a_gpu"
    return {
        "device": {"kind": kind, "label": label, "slug": slug, "cores": 2, "threads": 2,
                   "load_before": 0.25},
        "software": {"torch": "2.14.1", "python": "3.11", "cudnn": None}, "precision": "float32",
        "models": [
            entry("baseline3", 0.0913, also=["baseline1", "baseline_identity"]),
            entry("scan_cci", 0.15),
            entry("scan_cci", 0.00269, "resnet18_slim"),
        ],
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_json(tmp_path / "intel_xeon_2_cores.json", content())
    write_json(tmp_path / "a_gpu.json", content("cuda"))
    return tmp_path


def cells(page: str, model: str) -> list[str]:
    line = next(row for row in page.splitlines() if row.startswith(f"| `{model}`"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_of_a_device(folder):
    cpu, gpu = cost.load_costs(folder)
    page = cost.markdown(cpu)
    assert page.startswith("# Cost: Intel Xeon, 2 cores\n")
    assert cells(page, "baseline3") == [
        "`baseline3`", "23,522,375", "8.17", "4.09", "91.3 ms (82.2 to 110)",
        "12.3 (11.0 to 13.2)", "130 MiB", "–",
    ]  # fmt: skip
    assert "Images a second, batch of 32" in page
    assert "60 single images and 12 batches" in page
    assert "a multiply-add counted as 2" in page
    assert "weights are random" in page
    assert "threads: 2" in page
    assert "`baseline3` stands for `baseline1`, `baseline_identity`." in page
    assert "resnet18_slim at 80 px" in page.split("## The configuration of the rendered faces")[1]
    assert "takes 0.150 s for one image on this CPU, 1.25 times the printed 0.12 s" in page
    assert "5.00 times the printed 0.03 s" in cost.markdown(gpu)
    assert "CUDA context" in cost.markdown(gpu)
    assert "threads" not in cost.markdown(gpu)


def test_pages_are_written_beside_the_files(folder):
    written = cost.write_pages(folder)
    assert [path.name for path in written] == ["intel_xeon_2_cores.md", "a_gpu.md"]
    first = written[0].read_bytes()
    cost.write_pages(folder)
    assert written[0].read_bytes() == first


def test_the_entry_of_a_row(folder):
    cpu = cost.load_costs(folder)[0]
    assert cpu.find("scan_cci").latency.median == 0.15
    assert cpu.find("scan_cci", "resnet18_slim", 80).latency.median == 0.00269
    assert cpu.find("baseline_identity").model == "baseline3"
    assert cpu.find("baseline1", "resnet18_slim", 80) is None
    assert cpu.find("scan_cci_m16") is None
    assert cpu.software["torch"] == "2.14.1"


def test_other_configurations_name_their_own(tmp_path):
    made = content()
    for size in (112, 160):
        one = entry("scan_cci", 0.05, size=size, configuration="other")
        made["models"].append(copy.deepcopy(one))
    write_json(tmp_path / "x.json", made)
    page = cost.markdown(cost.load_costs(tmp_path)[0])
    other = page.split("## Other configurations")[1]
    assert "`scan_cci` (resnet50, 112 px)" in other
    assert "`scan_cci` (resnet50, 160 px)" in other


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00234, "0.00234"), (1.005, "1.01"), (9.996, "10.0"), (123.4, "123"), (1234.5, "1,235"),
     (0.0, "0")],
)  # fmt: skip
def test_three_digits(value, text):
    assert cost.count_text(value * 1e9) == text


def test_a_broken_file_is_told(tmp_path):
    assert cost.load_costs(tmp_path / "none") == []
    write_json(tmp_path / "x.json", {"models": []})
    with pytest.raises(FerBenchError, match=r"x\.json lacks 'device'"):
        cost.load_costs(tmp_path)
