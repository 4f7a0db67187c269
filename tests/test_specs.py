import pytest

from fer_bench import specs
from fer_bench.errors import FerBenchError
from fer_bench.params import Params

OFF = {
    "models": [], "seeds": [], "evaluate_on": [], "init_from": [], "transfer_models": [],
    "robustness": [], "explain": [],
}  # fmt: skip
SMALL = {
    "model": {"backbone": "resnet18_slim"},
    "weights": {"vggface2": "identity", "msceleb": "identity"},
}


def params(rows=("scan_cci",), masked=(), transfer=(), **sections) -> Params:
    enabled = {
        "synthetic": OFF | {"models": list(rows), "seeds": [0]},
        "synthetic_masked": OFF
        | {
            "models": list(masked),
            "seeds": [0],
            "init_from": ["synthetic"] if transfer else [],
            "transfer_models": list(transfer),
        },
    }
    base = {"compute": {"device": "cpu"}, "align": {"synthetic": {"size": 80}},
            "datasets": {"synthetic": SMALL}}  # fmt: skip
    return Params.model_validate(base | sections | {"enabled": enabled})


def test_options_come_from_preset_dataset_model_and_variant_in_this_order():
    given = params(
        ["scan_cci_shared", "mine"],
        models={"scan_cci_shared": {"m": 16, "lam": 0.3}},
        variants={"mine": {"base": "scan_cci_shared", "model": {"lam": 0.5},
                           "recipe": {"epochs": 3}}},
    )  # fmt: skip
    resolved = specs.resolve(given)
    plain, mine = (resolved[f"synthetic/{row}"] for row in ("scan_cci_shared", "mine"))
    assert plain["options"]["shared"] is True  # preset
    assert plain["options"]["backbone"] == "resnet18_slim"  # dataset
    assert (plain["options"]["m"], plain["options"]["lam"]) == (16, 0.3)  # model
    assert (mine["options"]["m"], mine["options"]["lam"]) == (16, 0.5)  # variant
    assert (plain["recipe"]["epochs"], mine["recipe"]["epochs"]) == (60, 3)
    assert (mine["base"], mine["model"]) == ("scan_cci_shared", "mine")


def test_a_timm_row_keeps_its_backbone_and_records_the_librarys_version():
    pytest.importorskip("timm")
    given = params(
        ["timm_resnet18", "mine", "scan_cci"],
        variants={"mine": {"base": "scan_cci", "model": {"backbone": "timm_convnext_atto",
                                                         "pretrained": None}}},
    )  # fmt: skip
    resolved = specs.resolve(given)
    timm, mine, plain = (resolved[f"synthetic/{row}"] for row in given.enabled["synthetic"].models)
    assert timm["options"] == {"backbone": "timm_resnet18", "size": 80, "input": "imagenet"}
    assert timm["pretrained"] is None
    assert mine["options"]["backbone"] == "timm_convnext_atto"
    assert set(timm["versions"]) == set(mine["versions"]) == {"torch", "numpy", "timm"}
    assert set(plain["versions"]) == {"torch", "numpy"}
    with pytest.raises(FerBenchError, match="unknown model or variant 'timm_resnt18'"):
        specs.resolve(params(["timm_resnt18"]))


@pytest.mark.parametrize("row", ["dan", "eac", "ran", "scn", "oadn"])
def test_the_competitors_start_from_identity_weights_where_face_weights_are_stood_in_for(row):
    spec = specs.resolve(params([row]))[f"synthetic/{row}"]
    assert spec["pretrained"] == "identity(synthetic)"
    assert spec["options"]["backbone"] == "resnet18_slim"


def test_face_weights_that_are_not_there_are_explained():
    said = "weights add msceleb_resnet18 FILE"
    with pytest.raises(FerBenchError, match=said):
        specs.resolve(params(["dan"], datasets={}))


def test_weights_stand_in_is_named_for_what_it_is():
    resolved = specs.resolve(params(["scan_cci", "baseline1"], masked=["scan_cci"]))
    assert resolved["synthetic/scan_cci"]["pretrained"] == "identity(synthetic)"
    assert resolved["synthetic/baseline1"]["pretrained"] is None
    # A masked set starts from the people of the unmasked one, and inherits its options.
    masked = resolved["synthetic_masked/scan_cci"]
    assert masked["pretrained"] == "identity(synthetic)"
    assert masked["options"]["backbone"] == "resnet18_slim"
    assert resolved["identity/synthetic"]["backbones"] == ["resnet18_slim"]


def test_identity_is_trained_only_where_some_row_starts_from_it():
    assert specs.resolve(params(["baseline1"]))["identity/synthetic"]["backbones"] == []
    needed = specs.resolve(params(["baseline1"], masked=["baseline_identity"]))
    assert needed["identity/synthetic"]["backbones"] == ["resnet18_slim"]
    assert needed["identity/synthetic_masked"]["backbones"] == []


def test_transfer_rows_say_where_they_start():
    options = SMALL | {"recipe": {"epochs": 9}, "transfer": {"backbone_lr": 0.5}}
    given = params(transfer=["scan_cci"], datasets={"synthetic": options})
    spec = specs.resolve(given)["synthetic_masked/scan_cci_from_synthetic"]
    assert spec["init_from"] == "synthetic"
    assert (spec["recipe"]["backbone_lr"], spec["recipe"]["epochs"]) == (0.5, 9)
    base = specs.resolve(given)["synthetic/scan_cci"]
    assert base["recipe"]["backbone_lr"] == 1e-4


def test_missing_weights_are_an_error_before_any_work():
    with pytest.raises(FerBenchError, match=r"imagenet_resnet50.*fer-bench weights add"):
        specs.resolve(params(["baseline2"], datasets={}))


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"models": {"scan_cci": {"lamda": 0.1}}}, ["enabled.synthetic.scan_cci", "'lam'"]),
        ({"models": {"scan_cci": {"m": 24}}}, ["scan_cci", "m"]),
        ({"align": {"synthetic": {"size": 83}}}, ["size"]),
        ({"data": {"synthetic": {"identites_train": 3}}}, ["'identities_train'"]),
        (
            {"datasets": {"synthetic": SMALL | {"recipe": {"epoch": 3}}}},
            ["datasets.synthetic.recipe.epoch", "'epochs'"],
        ),
    ],
)
def test_wrong_options_are_named(sections, words):
    with pytest.raises(FerBenchError) as caught:
        specs.resolve(params(**sections))
    for word in words:
        assert word in str(caught.value)


def test_everything_wrong_is_reported_at_once():
    given = params(models={"scan_cci": {"lamda": 0.1}}, data={"synthetic": {"identites_train": 3}})
    with pytest.raises(FerBenchError) as caught:
        specs.resolve(given)
    assert "'lam'" in str(caught.value)
    assert "'identities_train'" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "cells", "words"),
    [
        (
            "ckplus7",
            {"models": ["baseline1"], "robustness": ["baseline1"]},
            ["enabled.ckplus7.robustness", "no single set of trained weights"],
        ),
        ("jaffe", {"models": ["baseline1"]}, ["enabled.jaffe", "only for testing"]),
        ("ckplus7", {"evaluate_on": ["jaffe"]}, ["enabled.ckplus7.evaluate_on", "a model a fold"]),
        (
            "ckplus8",
            {"init_from": ["synthetic"], "transfer_models": ["scan_cci"]},
            ["enabled.ckplus8.init_from", "synthetic has 7 classes and ckplus8 8"],
        ),
    ],
)
def test_what_a_protocol_does_not_allow_is_refused(name, cells, words):
    given = params()
    enabled = {n: c.model_dump() for n, c in given.enabled.items()}
    enabled[name] = OFF | {"seeds": [0]} | cells
    given = Params.model_validate(given.model_dump(mode="json") | {"enabled": enabled})
    with pytest.raises(FerBenchError) as caught:
        specs.resolve(given)
    for word in words:
        assert word in str(caught.value)


def test_identity_weights_would_know_the_people_of_every_fold():
    sections = params(datasets={"ckplus7": SMALL}).model_dump(mode="json")
    sections["enabled"] = {"ckplus7": OFF | {"models": ["scan_cci"], "seeds": [0]}}
    with pytest.raises(FerBenchError, match=r"enabled\.ckplus7\.scan_cci: .* of every fold"):
        specs.resolve(Params.model_validate(sections))


def test_pixels_are_the_sources_own_choice_unless_params_choose():
    def pack(**align):
        given = params(align={"synthetic": {"size": 80}, "rafdb": align})
        return specs.resolve(given)["packs/rafdb"]

    assert pack()["options"]["pixels"] == pack()["source_options"]["pixels"] == "official"
    assert pack(pixels="mtcnn")["source_options"]["pixels"] == "mtcnn"
    given = params(align={"synthetic": {"size": 80, "pixels": "official"}})
    with pytest.raises(FerBenchError, match=r"align.synthetic.pixels: 'official' is not possible"):
        specs.resolve(given)


def test_packs_of_a_union_must_have_one_size():
    enabled = {"affectnet7_rafdb": OFF | {"models": ["baseline1"], "seeds": [0]}}
    given = {"align": {"affectnet": {"size": 80}}, "datasets": {}, "enabled": enabled}
    with pytest.raises(FerBenchError, match=r"different sizes \(80, 224 px\)"):
        specs.resolve(Params.model_validate(given))
