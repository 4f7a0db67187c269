"""The contract every registered model keeps, whatever family it is of."""

import ast
from pathlib import Path

import pytest
import torch
from networks import DISTINCT

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.backbones import LAYOUTS

NAMES = models.names()
BACKBONES = (*LAYOUTS, "vgg16_bn", "ir50", "timm_inception_v3", "own")
IMAGES = torch.rand(16, 3, 80, 80, generator=torch.Generator().manual_seed(7))
TARGET = torch.arange(16) % 7


def test_the_models_of_the_paper_are_there():
    ablations = ["sa", "spa", "lpa", "ga", "eca_attention", "no_scan", "no_cci", "no_eca"]
    variants = ["shared", "imagenet", "released", *ablations]
    baselines = ["baseline1", "baseline2", "baseline3", "baseline_identity"]
    expected = {"scan_cci", *(f"scan_cci_{v}" for v in variants), *baselines}
    assert expected | {f"{b}_tuned" for b in baselines} <= set(NAMES)


def test_no_family_is_imported_by_the_registry():
    tree = ast.parse(Path(models.__file__).read_text())
    imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    families = {models.preset(name).module for name in NAMES}
    assert families
    assert not families & imported


@pytest.mark.parametrize("name", NAMES)
def test_preset_describes_the_model(name):
    preset = models.preset(name)
    assert preset.name == name
    assert preset.summary.endswith(".")
    assert preset.pretrained in (None, "imagenet", "vggface2", "msceleb", "ms1m", "identity")
    assert {"backbone", "size", "input"} <= preset.defaults.keys()
    assert preset.defaults["backbone"] in BACKBONES
    assert preset.defaults["size"] == 224
    with torch.device("meta"):
        models.build(name, **preset.defaults)


def test_pretraining_and_recipes_of_the_presets():
    start = {n: models.preset(n).pretrained for n in NAMES}
    assert start["baseline1"] is None
    assert start["baseline2"] == start["scan_cci_imagenet"] == "imagenet"
    assert start["baseline3"] == start["scan_cci"] == start["scan_cci_no_cci"] == "vggface2"
    assert start["baseline_identity"] == "identity"
    for base in ("baseline1", "baseline2", "baseline3", "baseline_identity"):
        tuned = models.preset(f"{base}_tuned")
        assert tuned.recipe == {"backbone_lr": 0.01, "heads_lr": 0.01}
        assert tuned.pretrained == start[base]
        assert models.preset(base).recipe == {}


def is_frozen(model, name):
    return any(name.startswith(f"{part}.") for part in model.frozen)


@pytest.mark.parametrize("name", DISTINCT)
def test_output_gradients_and_groups(name, small):
    model = small(name)
    model.start_epoch(0)
    assert model.training
    output = model(IMAGES)
    assert output.logits.shape == (16, 7)
    assert all(head.shape == (16, 7) for head in output.heads)
    model.loss(output, TARGET).backward()
    # "Every parameter exactly once, and each of them is trained": an unused one would lie.
    groups = model.parameter_groups()
    assert list(groups) == ["backbone_lr", "heads_lr"]
    grouped = [id(p) for group in groups.values() for p in group]
    assert len(grouped) == len(set(grouped))
    trained = {id(p) for n, p in model.named_parameters() if not is_frozen(model, n)}
    assert set(grouped) == trained
    slow = [getattr(model, part) for part in model.rates if hasattr(model, part)]
    rated = {id(p) for part in slow for p in part.parameters()}
    assert {id(p) for p in groups["backbone_lr"]} == rated & trained
    dead = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert [n for n in dead if not is_frozen(model, n)] == []


@pytest.mark.parametrize("name", DISTINCT)
def test_evaluation_is_one_image_at_a_time(name, small):
    model = small(name).double().eval()
    images = IMAGES[:3].double()
    with torch.inference_mode():
        together = model(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", DISTINCT)
def test_training_moves_the_statistics_and_evaluation_does_not(name, small):
    model = small(name)

    def buffers():
        named = model.named_buffers()
        return {k: v.clone() for k, v in named if "running" in k and not is_frozen(model, k)}

    start = buffers()
    with torch.no_grad():
        model.eval()
        evaluated = model(IMAGES).logits
        assert all(torch.equal(start[k], v) for k, v in buffers().items())
        model.start_epoch(0)
        trained = model(IMAGES).logits
    still = [k for k, v in buffers().items() if torch.equal(start[k], v)]
    assert still == []
    assert not torch.allclose(evaluated, trained)


@pytest.mark.parametrize("name", DISTINCT)
def test_same_seed_same_model_and_state_round_trip(name, small):
    one, same, other = small(name), small(name), small(name, seed=1)
    for key, value in one.state_dict().items():
        assert torch.equal(value, same.state_dict()[key])
    with torch.inference_mode():
        expected = one.eval()(IMAGES).logits
        assert not torch.allclose(other.eval()(IMAGES).logits, expected)
        other.load_state_dict(one.state_dict())
        assert torch.equal(other(IMAGES).logits, expected)


def test_a_step_is_bit_identical_when_repeated(small):
    def step():
        model = small("scan_cci")
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            model.loss(model(IMAGES), TARGET).backward()
            optimizer.step()
        return model.state_dict()

    first, second = step(), step()
    assert all(torch.equal(value, second[key]) for key, value in first.items())


@pytest.mark.parametrize(
    "name", ["baseline1", "scan_cci", "scan_cci_no_scan", "dan", "gacnn", "oadn"]
)
def test_class_weights_enter_the_loss(name, small):
    # DAN's two other losses know no classes' weights.
    model = small(name, **({"affinity": 0.0, "partition": 0.0} if name == "dan" else {}))
    output = model(IMAGES)
    only_third = torch.zeros(7)
    only_third[3] = 1.0
    chosen = torch.where(TARGET == 3)[0]
    heads = tuple(head[chosen] for head in output.heads)
    extra = {key: value[chosen] for key, value in output.extra.items()}
    part = models.Output(output.logits[chosen], heads, extra)
    torch.testing.assert_close(
        model.loss(output, TARGET, only_third), model.loss(part, TARGET[chosen])
    )


@pytest.mark.parametrize("kind", ["half", "imagenet", "rafdb", "unit", "source_network"])
def test_the_model_normalises_its_input(kind, small):
    model = small("baseline1", input=kind)
    image = torch.tensor([0.2, 0.5, 0.9]).view(1, 3, 1, 1)
    expected = {
        "half": [-0.6, 0.0, 0.8],
        "imagenet": [(0.2 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.9 - 0.406) / 0.225],
        "rafdb": [(0.2 - 0.575) / 0.207, (0.5 - 0.449) / 0.19, (0.9 - 0.401) / 0.181],
        "unit": [0.2, 0.5, 0.9],
        "source_network": [0.9 * 255 - 91.4953, 0.5 * 255 - 103.8827, 0.2 * 255 - 131.0912],
    }[kind]
    torch.testing.assert_close(
        model.normalise(image).flatten(), torch.tensor(expected), rtol=1e-5, atol=1e-4
    )
    assert not any("normalise" in key for key in model.state_dict())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lamda": 0.2}, "did you mean 'lam'"),
        ({"backbone": "resnet80"}, "resnet50"),
        ({"attention": "scam"}, "scan"),
        ({"size": "80"}, "size must be int"),
        ({"m": True}, "m must be int"),
        ({"lam": 1.5}, r"lam must lie in \[0, 1\]"),
        ({"size": 16}, "at least 32"),
        ({"attention": "none", "cci": False}, "no branch"),
        ({"num_classes": 1}, "num_classes"),
    ],
)
def test_wrong_options_are_explained(options, said):
    with pytest.raises(FerBenchError, match=said) as caught:
        models.build("scan_cci", **options)
    assert str(caught.value).startswith("scan_cci: ")
    if "num_classes" not in options:
        with pytest.raises(FerBenchError, match=said):
            models.configure("scan_cci", options)


def test_unknown_model_names_the_nearest():
    with pytest.raises(FerBenchError, match="scan_cci_shared"):
        models.build("scan_cci_shard")


def test_registering_refuses_bad_and_taken_names(monkeypatch):
    monkeypatch.setattr(models, "_registry", dict(models._registry))

    def Loud(num_classes, config):  # noqa: N802
        raise AssertionError

    def scan_cci(num_classes, config):
        raise AssertionError

    with pytest.raises(FerBenchError, match="a-z"):
        models.register(models.ModelConfig())(Loud)
    with pytest.raises(FerBenchError, match=r"taken by fer_bench\.models\.scan_cci"):
        models.register(models.ModelConfig())(scan_cci)
