from pathlib import Path

import pytest

from fer_bench import params
from fer_bench.errors import FerBenchError

GOOD = """
compute: {device: cpu}
datasets:
  synthetic: {recipe: {backbone_lr: 1e-3}}
variants:
  mine: {base: scan_cci, model: {m: 16}}
enabled:
  synthetic:
    models: [scan_cci, mine]
    seeds: [0, 1]
    evaluate_on: []
    init_from: []
    transfer_models: []
    robustness: [mine]
    explain: []
"""
NAMES = {
    "datasets": ["synthetic", "synthetic_masked"],
    "sources": ["synthetic"],
    "models": ["scan_cci", "baseline1"],
}


def load(tmp_path: Path, text: str) -> params.Params:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    return params.load(path)


def test_good_params_load_and_scientific_numbers_are_numbers(tmp_path):
    loaded = load(tmp_path, GOOD)
    assert loaded.datasets["synthetic"].recipe == {"backbone_lr": 0.001}
    assert loaded.enabled["synthetic"].seeds == [0, 1]
    assert params.check_names(loaded, **NAMES) == []


def test_shipped_params_are_valid():
    root = Path(__file__).parents[1]
    assert params.load(root / "params.yaml").enabled["synthetic"].models


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("compute:", "model_files: [../net.py]\ncompute:", ["model_files.0", "below the folder"]),
        ("compute:", "model_files: [/net.py]\ncompute:", ["model_files.0", "entry point group"]),
        ("seeds: [0, 1]", "sseds: [0, 1]", ["enabled.synthetic.sseds", "'seeds'"]),
        ("    seeds: [0, 1]\n", "", ["enabled.synthetic.seeds", "missing"]),
        ("seeds: [0, 1]", "seeds: [0, x]", ["enabled.synthetic.seeds.1", "'x'"]),
        ("seeds: [0, 1]", "seeds: [-1]", ["seeds.0", "-1"]),
        ("device: cpu", "device: gpu", ["compute.device", "'gpu'", "cuda"]),
        ("device: cpu", "threads: 0", ["compute.threads", "0"]),
        ("device: cpu", "devise: cpu", ["compute.devise", "'device'"]),
        ("base: scan_cci", "bass: scan_cci", ["variants.mine", "'base'"]),
        ("models: [scan_cci, mine]", "models: [Scan-CCI]", ["'Scan-CCI'", "lower-case"]),
        ("compute: {device: cpu}", "compute: {device: cpu}\ncompute: {}", ['key "compute"']),
        ("compute: {device: cpu}", "compute: {device: cpu", ["not valid YAML"]),
        ("{base: scan_cci,", "{<<: {base: a}, <<: {base: b}, ", ["line 6", 'merge key "<<"']),
        ("seeds: [0, 1]", f"seeds: [{10**22}]", ["seeds.0", "2147483647"]),
        ("compute:", "align: {synthetic: {thresholds: [.nan, 1, 1]}}\ncompute:", ["thresholds.0"]),
        ("compute:", "align: {synthetic: {factor: .inf}}\ncompute:", ["align.synthetic.factor"]),
        ("compute:", "compjute:", ["compjute", "'compute'"]),
    ],
)
def test_errors_name_key_value_and_nearest(tmp_path, old, new, words):
    assert old in GOOD
    with pytest.raises(FerBenchError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("models: [scan_cci, mine]", "models: [scan_cii]", ["'scan_cii'", "'scan_cci'"]),
        ("models: [scan_cci, mine]", "models: [mine, mine]", ["twice"]),
        ("  mine:", "  baseline1:", ["variants.baseline1", "exists"]),
        ("  mine:", "  far_from_home:", ["variants.far_from_home", "'_from_'", "another name"]),
        ("  mine:", "  starts:", ["variants.starts", "another name"]),
        ("evaluate_on: []", "evaluate_on: [synthetic_maskd]", ["'synthetic_masked'"]),
        ("evaluate_on: []", "evaluate_on: [synthetic]", ["evaluated by training itself"]),
        (
            "robustness: [mine]",
            "robustness: [baseline1]",
            ["robustness", "enabled.synthetic.models"],
        ),
        ("explain: []", "explain: [mine, mine]", ["explain", "twice"]),
        ("base: scan_cci", "base: scan", ["variants.mine.base", "'scan_cci'"]),
        (
            "explain: []",
            "explain: []\n"
            "  synthetic_masked: {models: [], seeds: [0], evaluate_on: [], "
            "init_from: [synthetic], transfer_models: [baseline1], "
            "robustness: [], explain: []}",
            ["baseline1 starts from synthetic"],
        ),
        (
            "explain: []",
            "explain: []\n"
            "  synthetic_masked: {models: [], seeds: [7], evaluate_on: [], "
            "init_from: [synthetic], transfer_models: [mine], "
            "robustness: [], explain: []}",
            ["synthetic lacks some of the seeds"],
        ),
    ],
)
def test_names_are_checked(tmp_path, old, new, words):
    loaded = load(tmp_path, GOOD.replace(old, new, 1))
    wrong = "\n".join(params.check_names(loaded, **NAMES))
    for word in words:
        assert word in wrong


def test_anchors_and_merges_are_allowed(tmp_path):
    extra = (
        "  other: &a {models: [], seeds: [], evaluate_on: [], init_from: [], transfer_models: [], "
        "robustness: [], explain: []}"
    )
    loaded = load(tmp_path, GOOD + extra + "\n  third: {<<: *a, seeds: [3]}\n")
    assert loaded.enabled["third"].seeds == [3]


def test_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(FerBenchError, match="run fer-bench in the folder"):
        params.load(tmp_path / "params.yaml")


def test_numbers_and_words_are_read_as_dvc_reads_them(tmp_path):
    from dvc.utils.serialize import parse_yaml

    text = GOOD.replace("m: 16", "m: 010, a: 1e3, b: yes, c: 0o10, d: '1:30', e: 1_0, f: .5e3")
    told = load(tmp_path, text).variants["mine"].model
    assert told == parse_yaml(text, "params.yaml")["variants"]["mine"]["model"]
    assert (told["m"], told["a"], told["b"]) == (10, 1000.0, "yes")


def test_models_of_other_files_may_not_have_reserved_names(tmp_path):
    loaded = load(tmp_path, GOOD)
    for name in ("identity", "net_from_home"):
        (said,) = params.check_names(loaded, **{**NAMES, "models": [*NAMES["models"], name]})
        assert said.startswith(f"models.{name}: ")
