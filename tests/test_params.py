from dataclasses import replace
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


RECIPES = [
    ("epoch: 3", ["epoch: unknown key", "'epochs'"]),
    ("epochs: 0", ["epochs: 0", "greater than or equal to 1"]),
    ("epochs: ten", ["epochs: 'ten'", "integer"]),
    ("epochs: true", ["epochs: True"]),
    ("backbone_lr: x", ["backbone_lr: 'x'", "number"]),
    ("sampler: over", ["sampler: 'over'", "oversample"]),
    ("optimizer: adamax", ["optimizer", "adamax", "'sgd', 'adam' or 'adamw'"]),
    ("milestones: [2.5]", ["milestones.0: 2.5", "integer"]),
    ("milestones: 3", ["milestones: 3", "tuple"]),
    ("no_decay: [1]", ["no_decay.0: 1", "string"]),
    ("scale: [0.8]", ["scale.1: missing"]),
    ("erased: [0.1, 1.5]", ["erased.1: 1.5", "less than or equal to 1"]),
    ("teacher: ran", ["teacher: unknown key"]),
    ("sam: -0.1", ["sam: -0.1", "greater than or equal to 0"]),
    ("jitter: [0.1, 0.1]", ["jitter.2: missing", "as many numbers"]),
    ("jitter: [0.1, 0.1, 0.1, 0.9]", ["jitter.3: 0.9", "0.5"]),
    ("jitter: [.nan, 0, 0, 0]", ["jitter.0: nan", "finite"]),
    ("decay: 1.5", ["decay: 1.5", "less than or equal to 1"]),
]
PLACES = [
    ("datasets", "  synthetic: {{recipe: {}}}", "datasets.synthetic.recipe"),
    ("datasets", "  rafdb: {{transfer: {}}}", "datasets.rafdb.transfer"),
    ("datasets", "  rafdb: {{identity: {}}}", "datasets.rafdb.identity"),
    ("datasets", "  rafdb: {{tuned: {{ran: {{log: a, recipe: {}}}}}}}", "rafdb.tuned.ran.recipe"),
    ("variants", "  x: {{base: ran, recipe: {}}}", "variants.x.recipe"),
]


@pytest.mark.parametrize(("recipe", "words"), RECIPES)
def test_a_wrong_recipe_is_refused_when_params_are_read(tmp_path, recipe, words):
    section, line, where = PLACES[len(recipe) % len(PLACES)]
    enabled = GOOD[GOOD.index("enabled:") :]
    text = f"{section}:\n{line.format('{' + recipe + '}')}\n{enabled}"
    with pytest.raises(FerBenchError) as caught:
        load(tmp_path, text)
    for word in (where, *words):
        assert word in str(caught.value)


@pytest.mark.parametrize(("section", "line", "where"), PLACES)
def test_recipes_are_looked_at_wherever_they_stand(tmp_path, section, line, where):
    enabled = GOOD[GOOD.index("enabled:") :]
    with pytest.raises(FerBenchError, match=rf"{where}.epoch: unknown key; .*'epochs'"):
        load(tmp_path, f"{section}:\n{line.format('{epoch: 3}')}\n{enabled}")
    jitter = line.format("{jitter: [0, 0, 0, 0.5], heads_lr: 1}")
    loaded = load(tmp_path, f"{section}:\n{jitter}\n{enabled}")
    assert params.Params.model_validate(loaded.model_dump(mode="json")) == loaded


def test_a_models_own_recipe_is_checked_alike():
    assert params.recipe_keys({"heads_lr": 1}, "x's recipe") == {"heads_lr": 1.0}
    with pytest.raises(FerBenchError, match=r"^x's recipe\.head_lr: unknown key; .*'heads_lr'"):
        params.recipe_keys({"head_lr": 0.1}, "x's recipe")


def test_a_variant_of_a_card_is_checked_alike_and_the_card_named(monkeypatch):
    texts, row = params.load_texts(), {"label": "Odd", "base": "ran", "recipe": {"epoch": 3}}
    family = replace(texts.families["ran"], rows={"odd": row})
    monkeypatch.setattr(params, "load_texts", lambda: replace(texts, families={"ran": family}))
    with pytest.raises(FerBenchError, match=r"model_texts\.yaml: rows: odd.recipe.epoch: unknown"):
        params.card_variants.__wrapped__()


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
        ("base: scan_cci", "bass: scan_cci", ["variants.mine", "'base'", "it has no default"]),
        ("{base: scan_cci, model: {m: 16}}", "", ["variants.mine: None", "base, model, recipe"]),
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
        ("  mine:", "  ran_released:", ["variants.ran_released", "card has this row"]),
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
        (
            "explain: []",
            "explain: []\n    students: {mine: mine}",
            ["mine is in enabled.synthetic"],
        ),
        (
            "explain: []",
            "explain: []\n    students: {baseline: scan}",
            ["unknown model or variant 'baseline'", "scan, which teaches baseline, is not in"],
        ),
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


@pytest.mark.parametrize(
    ("text", "said"), [("", "is empty"), ("# all\n", "is empty"), ("- enabled", "['enabled']")]
)
def test_a_file_without_sections_is_told_in_words(tmp_path, text, said):
    with pytest.raises(FerBenchError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'params.yaml'} ")
    assert said in str(caught.value)
    assert "git checkout" in str(caught.value)


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
