"""`fer-bench models check`: a good model keeps the contract, each fault is found and explained."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice

import pytest

from fer_bench import models, params
from fer_bench.contract import checks, overfit
from fer_bench.contract.check_model import CONTRACT, check_model
from fer_bench.contract.new import write_model
from fer_bench.contract.onnx_export import PACKAGES
from fer_bench.contract.subject import BrokenError, subject
from fer_bench.errors import FerBenchError
from fer_bench.models import outside

GIVEN = params.Params.model_validate(
    {
        "align": {"synthetic": {"size": 80}},
        "datasets": {
            "synthetic": {
                "model": {"backbone": "resnet18_slim"}, "weights": {"vggface2": "identity"},
            }
        },
        "enabled": {},
    }
)  # fmt: skip


@pytest.fixture
def check(tmp_path, own_registry, request):
    """Checks the written model, with texts of its file replaced; the plain one where asked."""
    path = write_model("my_net", tmp_path, plain=getattr(request, "param", False))

    def run(*changes: tuple[str, str]):
        text = path.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text)
        outside.register_file(path)
        return check_model("my_net", GIVEN)

    return run


@pytest.mark.parametrize("check", [False, True], indirect=True, ids=["backbone", "plain"])
def test_what_new_writes_keeps_the_contract(check):
    results = {result.part: result for result in check()}
    assert list(results) == list(CONTRACT)
    outcomes = {part: r.outcome for part, r in results.items()}
    installed = all(find_spec(package) for package in PACKAGES)
    assert outcomes.pop("onnx") == ("ok" if installed else "not checked")
    assert set(outcomes.values()) == {"ok"}
    assert sum(r.seconds for r in results.values()) < 60
    assert all(r.asked.endswith(".") for r in results.values())


@pytest.mark.parametrize("name", ["scan_cci", "baseline_identity", "oadn", "scn"])
def test_our_own_models_keep_it(name):
    # Without the export, the last part, which tests/models/test_overfitting.py makes.
    results = list(islice(check_model(name, GIVEN), len(CONTRACT) - 1))
    assert [result for result in results if result.outcome == "broken"] == []
    assert results[-1].part == "learns by heart"


def test_a_model_of_the_package_needs_a_card(monkeypatch):
    checked = subject("dan", GIVEN)
    assert checks.card(checked) == "dan, in model_texts.yaml"
    texts = checks.load_texts()
    left = {name: text for name, text in texts.families.items() if name != "dan"}
    monkeypatch.setattr(checks, "load_texts", lambda: replace(texts, families=left))
    with pytest.raises(BrokenError, match=r"no family .* begins its name") as error:
        checks.card(checked)
    assert "docs/add_a_model.md" in error.value.then


TORCH = ("from torch import Tensor, nn", "import torch\nfrom torch import Tensor, nn")
INIT = "self.normalise = "
POOLED = '["layer4"].mean((2, 3))'
FAULTS = [
    ("metadata", [('"year": ', '"yaer": ')], "'year'", "CARD"),
    ("options", [('"""A ResNet with one hidden layer before the classifier."""', "")],
     "summary", "docstring"),
    ("options", [("class Config(ModelConfig):", "class Config(ModelConfig):\n    backbone: str = "
      '"resnet50"\n    choices = {"backbone": ("resnet50",)}')], "resnet18_slim", "ModelConfig"),
    ("spec", [("pretrained=None", 'pretrained=None, recipe={"head_lr": 0.1}')], "'heads_lr'",
     "recipe key"),
    ("shapes", [("logits = self.head(features)", "logits = self.head(features).squeeze()")],
     r"expected \(1, 7\)", "squeeze"),
    ("shapes", [("return Output(logits, (logits,))", "return logits")], "gave a Tensor", "Output"),
    ("shapes", [("nn.Linear(config.width, num_classes)", "nn.Linear(config.width, 7)")],
     r"\(16, 7\) for 16 images and 8 classes", "a column a class"),
    ("shapes", [("logits = self.head(features)", "logits = self.head(features).softmax(1)")],
     "logits are probabilities", "Return what softmax is taken of"),
    ("shapes", [("self.normalise(images)", "self.normalise(images.mul_(0.5))")],
     "changed the images", "copy"),
    ("loss", [("cross_entropy(output.logits, ", "cross_entropy(output.logits.detach(), ")],
     "no gradient", "detach"),
    ("loss", [("target, class_weight)\n", 'target, class_weight) + output.logits[:, 0]\n')],
     "expected one number", "mean"),
    ("loss", [("class_weight)\n", "class_weight) * (1 if class_weight is None else 2)\n")],
     "with equal class weights the loss is", "`weight`"),
    ("loss", [("cross_entropy(output.logits, ", "cross_entropy(output.logits / 0, ")],
     "the loss without class weights is nan", "logits"),
    ("shapes", [("logits = self.head(features)", "logits = self.head(features) / 0")],
     "NaN or infinity", "division by zero"),
    ("train and eval", [
        (INIT, "self.train = lambda mode=True: setattr(self, 'training', mode) or self\n        "
         + INIT),
     ], r"eval\(\) does not reach", r"super\(\)\.train"),
    ("train and eval", [(INIT, "self.register_buffer('seen', torch.zeros(1))\n        " + INIT),
                        ("logits = self.head(features)",
                         "self.seen += 1\n        logits = self.head(features)"), TORCH],
     "changed seen", r"self\.training"),
    ("gradients", [(INIT, "self.unused = nn.Linear(3, 3)\n        " + INIT)],
     r"2 of 66 .*unused\.weight", "buffers"),
    ("train and eval", [("logits = self.head(features)",
                         "logits = self.head(nn.functional.dropout(features, 0.5))")],
     "two passes .* differ", "training"),
    ("train and eval", [("    def loss(", "    def start_epoch(self, epoch: int) -> None:\n"
                         "        self.eval()\n\n    def loss(")], "not in training mode", "train"),
    ("batch independence", [(POOLED, POOLED + "\n        features = features - features.mean(0)")],
     "logits move", "dimension 0"),
    ("saved weights", [
        (INIT, "self.shift = torch.rand(1)\n        " + INIT),
        ("self.head(features)", "self.head(features) + self.shift * features[:, :1]"), TORCH,
     ], "other answers", "register_buffer"),
    ("determinism", [
        (INIT, "import random\n        self.scale = nn.Parameter(torch.tensor(random.random()))\n"
               "        " + INIT),
        ("self.head(features)", "self.head(features) * self.scale"), TORCH,
     ], "differ in scale", "global generator"),
    ("learns by heart", [(POOLED, POOLED + " * 0 + 1")], "only .* of 16", "uses? `images`"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "changes", "said", "then"), FAULTS)
def test_a_fault_is_found_and_explained(check, monkeypatch, part, changes, said, then):
    monkeypatch.setattr(overfit, "STEPS", 20)  # as long as a good one needs
    result = next(result for result in check(*changes) if result.part == part)
    assert result.outcome == "broken"
    assert re.search(said, result.said), result.said
    assert re.search(then, result.then), result.then


OWN_HEADS = 'Output(logits, (logits,), {"groups": self.groups_head(features)})'
ONE_ROW = OWN_HEADS.replace("(features)", "(features).mean(0)")
PLAIN_FAULTS = [
    ("shapes", OWN_HEADS, "Output(logits, (logits, self.groups_head(features)))",
     r"heads\[1\] is \(16, 3\)", "in `extra`"),
    ("shapes", OWN_HEADS, ONE_ROW, r"extra\['groups'\] is \(3,\)", "a row an image"),
    ("parts", "rates = {}", 'rates = {"trunc": "backbone_lr"}', "did you mean 'trunk'", "rates"),
    ("parts", "rates = {}", 'rates = {"trunk": "heads"}', "'heads_lr'", "rates"),
    ("spec", "pretrained=None", 'pretrained="identity"', "no identity weights fit", "Correct"),
]  # fmt: skip


@pytest.mark.parametrize("check", [True], indirect=True)
@pytest.mark.parametrize(("part", "old", "new", "said", "then"), PLAIN_FAULTS)
def test_a_plain_networks_fault_is_explained(check, part, old, new, said, then):
    result = next(result for result in check((old, new)) if result.part == part)
    assert result.outcome == "broken"
    assert re.search(said, result.said), result.said
    assert re.search(then, result.then), result.then


@pytest.mark.parametrize("check", [True], indirect=True)
def test_parts_take_the_rates_that_the_class_names(check):
    results = check(("rates = {}", 'rates = {"trunk": "backbone_lr"}'))
    said = next(result.said for result in results if result.part == "parts")
    assert "trunk 97,680 at backbone_lr 0.0001; head 903 at heads_lr 0.05" in said
    preset = models.preset("my_net")
    assert (preset.own_backbone, preset.defaults["backbone"]) == (True, "own")
    groups = models.build("my_net", 7).parameter_groups()
    assert sum(p.numel() for p in groups["backbone_lr"]) == 97_680


def test_new_refuses_names_and_files_that_exist(tmp_path):
    for name, said in (("My-Net", "a-z"), ("scan_cci", "exists already")):
        with pytest.raises(FerBenchError, match=said):
            write_model(name, tmp_path)
    write_model("once", tmp_path)
    with pytest.raises(FerBenchError, match=r"once\.py exists already"):
        write_model("once", tmp_path)
