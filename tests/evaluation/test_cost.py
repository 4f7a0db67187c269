"""What a model costs: operations by hand, percentiles, turns, and a real run of a tiny network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from fer_bench import device, models
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import cost, peak_memory, timing
from fer_bench.files import read_json, write_json
from fer_bench.records.cost import Memory

TINY = {"backbone": "resnet18_slim", "size": 72}
PLAN = timing.TimingPlan(rounds=2, repeats=3, batch=4, warm_up=1)
ROOT = Path(__file__).parents[2]


def test_operations_of_a_small_network_by_hand():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),  # 8x8 out: 8 * 64 values of 3 * 9 products
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 6, 3, stride=2, groups=2),  # 3x3 out: 6 * 9 values of 4 * 9 products
        nn.Flatten(),
        nn.Linear(54, 5),  # 5 values of 54 products
    ).eval()
    products = 8 * 64 * 27 + 6 * 9 * 36 + 5 * 54
    assert timing.flops(network, torch.zeros(1, 3, 8, 8)) == 2 * products


def test_operations_of_resnet50_as_the_literature_gives_them():
    with torch.device("meta"):
        network = models.build("baseline3", 1000)
        counted = timing.flops(network.eval(), torch.zeros(1, 3, 224, 224))
    # 4.09 GMACs (timm, fvcore) at 224 px with 1,000 classes.
    assert counted / 2e9 == pytest.approx(4.09, abs=0.005)


def test_a_unit_for_each_patch_costs_what_a_shared_unit_costs():
    def operations(name):
        network = models.build(name, 7, **TINY).eval()
        return timing.flops(network, torch.zeros(1, 3, 72, 72))

    assert operations("scan_cci") == operations("scan_cci_shared")
    assert operations("scan_cci") > operations("scan_cci_no_scan")


def test_percentiles():
    found = timing.spread([0.3, 0.1, 0.2, 0.5, 0.4])
    assert found == {"median": 0.3, "p10": 0.14, "p90": 0.46, "n": 5}
    assert timing.spread([1.23456])["median"] == 1.235


class Recorder(nn.Module):
    def __init__(self, name: str, log: list[tuple[str, int]]) -> None:
        super().__init__()
        self.name, self.log = name, log

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert torch.is_inference_mode_enabled()
        self.log.append((self.name, len(images)))
        return images


def test_every_round_visits_every_model_once_in_an_order_of_its_own():
    log: list[tuple[str, int]] = []
    plan = timing.TimingPlan(rounds=6, repeats=2, batch=4, warm_up=1)
    networks = {name: Recorder(name, log) for name in "abc"}
    found = timing.time_in_turns(networks, dict.fromkeys("abc", torch.zeros(4, 3, 2, 2)), plan)
    counts = {name: (len(f["image"]), len(f["batch"])) for name, f in found.items()}
    assert counts == dict.fromkeys("abc", (12, 6))
    assert log[:6] == [(name, size) for name in "abc" for size in (1, 4)]  # warm-up
    visits = [log[i : i + 4] for i in range(6, len(log), 4)]
    assert all([size for _, size in visit] == [1, 1, 1, 4] for visit in visits)
    rounds = ["".join(visit[0][0] for visit in visits[i : i + 3]) for i in range(0, 18, 3)]
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) > 1


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    networks = [cost.network(name, **TINY) for name in ("baseline3", "scan_cci")]
    folder = tmp_path_factory.mktemp("cost")
    return cost.measure_cost(networks, folder, plan=PLAN, threads=1, say=lambda line: None)


def test_the_file_of_a_real_run(measured):
    content = read_json(measured)
    assert measured.name == content["device"]["slug"] + ".json"
    assert content["device"]["kind"] == "cpu"
    assert content["device"]["threads"] == 1
    assert content["device"]["label"]
    assert content["software"]["torch"] == torch.__version__
    baseline, scan = content["models"]
    assert (baseline["model"], scan["model"]) == ("baseline3", "scan_cci")
    network = models.build("scan_cci", 7, **TINY)
    assert scan["parameters"] == sum(p.numel() for p in network.parameters())
    assert (
        scan["flops"] == 2 * scan["macs"] == timing.flops(network.eval(), torch.zeros(1, 3, 72, 72))
    )
    assert scan["options"] == models.configure("scan_cci", TINY).as_dict()
    assert scan["configuration"] == "other"
    for entry in content["models"]:
        assert entry["latency"]["n"] == PLAN.rounds * PLAN.repeats
        assert entry["throughput"]["n"] == PLAN.rounds
        assert entry["throughput"]["batch"] == PLAN.batch
        for key in ("latency", "throughput"):
            low, middle, high = (entry[key][k] for k in ("p10", "median", "p90"))
            assert 0 < low <= middle <= high
        memory = entry["memory"]
        assert memory["of"] == "resident"
        if memory["image"] is not None:
            assert 4 * entry["parameters"] < memory["image"] <= memory["batch"] < 2**30
    assert "/" not in json.dumps(content["device"])


def test_the_same_network_under_other_names(measured):
    baseline, scan = read_json(measured)["models"]
    assert {"baseline1", "baseline2", "baseline_identity"} <= set(baseline["also"])
    assert scan["also"] == ["scan_cci_imagenet"]


def test_a_larger_batch_takes_more_memory():
    asked = {"kind": "cpu", "threads": 1}
    options = models.configure("baseline3", {**TINY, "size": 160}).as_dict()
    found = peak_memory.peak_memory("baseline3", 7, options, batch=64, **asked)
    if found.image is None or found.batch is None:
        pytest.skip("this system does not tell a process's peak")
    images = 63 * 3 * 160 * 160 * 4
    assert found.batch - found.image > images


def test_a_failed_process_is_told():
    with pytest.raises(FerBenchError, match=r"baseline3 with a batch of 2: .*status 1: .*colour"):
        peak_memory.peak_memory(
            "baseline3", 7, {"colour": 1}, kind="cpu", batch=2, threads=1
        )  # fmt: skip


def without_memory(*arguments, **options):
    return Memory(1, 2, "resident")


def test_merging_keeps_what_is_not_measured_again(measured, tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "peak_memory", without_memory)
    write_json(tmp_path / measured.name, read_json(measured))
    again = [cost.network(name, **TINY) for name in ("baseline3", "scan_cci_no_cci")]
    quiet = {"plan": PLAN, "threads": 1, "say": lambda line: None}
    path = cost.measure_cost(again, tmp_path, merge=True, **quiet)
    entries = read_json(path)["models"]
    assert [e["model"] for e in entries] == ["scan_cci", "baseline3", "scan_cci_no_cci"]
    assert entries[0] == read_json(measured)["models"][1]
    assert entries[1]["memory"] == vars(without_memory())
    with pytest.raises(FerBenchError, match="another number of threads"):
        cost.measure_cost(again, tmp_path, merge=True, **{**quiet, "threads": 2})
    cost.measure_cost(again[:1], tmp_path, **quiet)
    assert [e["model"] for e in read_json(path)["models"]] == ["baseline3"]


def test_what_cannot_be_measured_is_refused(tmp_path, monkeypatch):
    with pytest.raises(FerBenchError, match="no network"):
        cost.measure_cost([], tmp_path)
    with pytest.raises(FerBenchError, match="unknown device 'tpu'"):
        cost.measure_cost([cost.network("baseline3")], tmp_path, "tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(FerBenchError, match="no CUDA device"):
        cost.measure_cost([cost.network("baseline3")], tmp_path, "cuda")
    with pytest.raises(FerBenchError, match="did you mean 'scan_cci'"):
        cost.network("scan_ci")
    assert not list(tmp_path.glob("*cpu*"))


def test_what_the_command_line_asks_for():
    shown = {(n.model, n.options["backbone"], n.options["size"]) for n in cost.chosen_networks([])}
    assert len(shown) == 2 * len(cost.DEFAULT_MODELS)
    assert ("scan_cci", "resnet50", 224) in shown
    assert ("scan_cci", "resnet18_slim", 80) in shown
    variants = {"scan_cci_m16": {"base": "scan_cci", "model": {"m": 16, "pretrained": None}}}
    (one,) = cost.chosen_networks(["scan_cci_m16"], variants, size=112)
    assert (one.base, one.options["m"], one.options["size"]) == ("scan_cci", 16, 112)
    assert one.options["backbone"] == "resnet50"
    assert one.configuration == "other"
    assert one.also() == []
    assert cost.network("scan_cci").configuration == "paper"


def test_the_embedded_configuration_is_that_of_params():
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    synthetic = params["datasets"]["synthetic"]["model"]["backbone"]
    size = params["align"]["synthetic"]["size"]
    assert cost.CONFIGURATIONS["embedded"] == {"backbone": synthetic, "size": size}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("model name\t: Intel(R) Xeon(R) Processor @ 2.30GHz\n", "Intel Xeon"),
        ("model name\t: Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz\n", "Intel Core i7-8550U"),
        ("model name\t: AMD EPYC 7763 64-Core Processor\n", "AMD EPYC 7763 64-Core"),
    ],
)
def test_the_processor_s_name(line, name):
    assert device.cpu_name(line) == name


def test_a_newer_gpu_s_shortcut_is_told(monkeypatch):
    assert device.precision("cpu") == "float32"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)  # training turns it off
    assert device.precision("cuda") == "float32, convolutions in TF32"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    assert device.precision("cuda") == "float32"
