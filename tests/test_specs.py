import re
from pathlib import Path

import pytest
import torch

from fer_bench import specs
from fer_bench.device import here
from fer_bench.errors import FerBenchError
from fer_bench.fingerprint import closure
from fer_bench.params import Params, card_variants
from fer_bench.training.recipe import Recipe

ROOT = Path(__file__).parents[1]

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


def test_a_card_declares_a_row_as_params_do():
    said = card_variants()["dan_own_recipe"]
    rows = ("dan", "dan_own_recipe", "mine")
    resolved = specs.resolve(params(rows, variants={"mine": said.model_dump()}))
    plain, of_card, mine = (resolved[f"synthetic/{row}"] for row in rows)
    assert (of_card["base"], of_card["model"]) == ("dan", "dan_own_recipe")
    assert {k for k in mine if mine[k] != of_card[k]} == {"model", "method"}
    assert {k for k in mine if mine[k] != plain[k]} == {"model", "method", "options", "recipe"}
    assert (of_card["recipe"]["batch_size"], of_card["options"]["input"]) == (256, "imagenet")


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


def borrowed(rows=("scan_cci", "baseline1"), synthetic=(), weights=None, **sections) -> Params:
    """FERPlus's rows from the drawn people's weights."""
    whose = "identity(synthetic)"
    given = params(
        synthetic,
        **{
            "align": {"synthetic": {"size": 80}, "ferplus": {"size": 80}},
            "datasets": {
                "synthetic": SMALL,
                "ferplus": SMALL | {"weights": weights or {"vggface2": whose, "identity": whose}},
            },
        }
        | sections,
    ).model_dump(mode="json")
    given["enabled"]["ferplus"] = OFF | {"models": list(rows), "seeds": [0]}
    given["enabled"]["ferplus_masked"] = OFF | {"models": ["scan_cci"], "seeds": [0]}
    return Params.model_validate(given)


def test_rows_start_from_the_people_of_a_dataset_that_is_named():
    resolved = specs.resolve(borrowed(["scan_cci", "baseline_identity", "baseline1"]))
    for name in ("ferplus/scan_cci", "ferplus/baseline_identity", "ferplus_masked/scan_cci"):
        assert resolved[name]["pretrained"] == "identity(synthetic)"
        file = "runs/synthetic/identity/resnet18_slim.safetensors"
        assert resolved[name]["start"] == {"file": file, "sha256": None}
    assert resolved["ferplus/baseline1"]["start"] is None
    # Trained where the people are, although no row of that dataset asks for it.
    assert resolved["identity/synthetic"]["backbones"] == ["resnet18_slim"]
    assert resolved["identity/ferplus"]["backbones"] == []


def test_a_variant_names_whose_people_its_weights_know():
    own = {"mine": {"base": "baseline1", "model": {"pretrained": "identity(synthetic)"}}}
    given = borrowed(["mine"], variants=own)
    assert specs.resolve(given)["ferplus/mine"]["pretrained"] == "identity(synthetic)"


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"weights": {"vggface2": "identity(synthtic)"}}, ["ferplus.scan_cci", "'synthetic'"]),
        (
            {"weights": {"vggface2": "identity(synthetic_masked)"}},
            ["identity(synthetic_masked) cannot be trained", "unmasked"],
        ),
        ({"weights": {"vggface2": "identity(jaffe)"}}, ["identity(jaffe) cannot be trained"]),
        (
            {"align": {"synthetic": {"size": 80}, "ferplus": {"size": 104}}},
            ["faces of 80 px and this row from 104 px", "align.synthetic.size"],
        ),
        (
            {"models": {"scan_cci": {"input": "imagenet"}}},
            ["trained with input 'half' and this row takes 'imagenet'"],
        ),
    ],
)
def test_identity_weights_that_do_not_fit_are_refused(sections, words):
    with pytest.raises(FerBenchError) as caught:
        specs.resolve(borrowed(**sections))
    for word in words:
        assert word in str(caught.value)


def test_a_row_sees_faces_as_the_weights_did_that_it_starts_from_unless_it_says_otherwise():
    whose = dict.fromkeys(("vggface2", "msceleb"), "identity(synthetic)")
    arm = specs.resolve(borrowed(["arm"], weights=whose))["ferplus/arm"]
    assert (arm["pretrained"], arm["options"]["input"]) == ("identity(synthetic)", "half")
    named = {"mine": {"base": "arm", "model": {"input": "unit"}}}
    found = specs.resolve(params(["arm", "mine"], transfer=["arm"], variants=named))
    for row, sees in (
        ("synthetic/arm", "half"),
        ("synthetic/mine", "unit"),
        ("synthetic_masked/arm_from_synthetic", "half"),
    ):
        assert found[row]["options"]["input"] == sees
    scratch = specs.resolve(params(["arm"], models={"arm": {"pretrained": None}}))
    assert scratch["synthetic/arm"]["options"]["input"] == "imagenet"  # its code's


def test_a_start_with_other_characters_is_refused(tmp_path):
    from fer_bench import params as reader

    file = tmp_path / "params.yaml"
    file.write_text("datasets: {ferplus: {weights: {vggface2: identity(Fer Plus)}}}\nenabled: {}\n")
    with pytest.raises(FerBenchError, match=r"or write identity\(<dataset>\)"):
        reader.load(file)


def test_a_cell_of_any_device_is_the_same_on_every_machine(monkeypatch):
    # What one machine trained and pushed is up to date where another pulls it.
    given = params(["baseline1"], compute={"device": "auto"})
    plain = specs.resolve(given)["synthetic/baseline1"]
    assert plain["compute"]["device"] == "auto"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert specs.resolve(given)["synthetic/baseline1"] == plain
    assert here(plain["compute"])["device"] == "cuda"
    asked = params(["baseline1"], compute={"device": "cpu"})
    assert specs.resolve(asked)["synthetic/baseline1"] != plain
    assert here({"device": "cpu"})["device"] == "cpu"


def test_the_identity_recipe_is_its_own():
    def recipe(**options):
        given = params(["baseline_identity"], datasets={"synthetic": SMALL | options})
        return specs.resolve(given)["identity/synthetic"]

    plain = recipe(identity={"epochs": 3})
    assert plain == recipe(identity={"epochs": 3}, recipe={"batch_size": 8, "weight_decay": 0.1})
    assert plain["recipe"]["epochs"] == 3
    assert plain["recipe"]["sampler"] == "shuffle"


def test_the_committed_identity_recipe_of_the_drawn_faces_is_what_it_always_was():
    from fer_bench import params as reader

    given = reader.load(ROOT / "params.yaml")
    found = specs.resolve(given)["identity/synthetic"]
    was = {
        "epochs": 15,
        "batch_size": 32,
        "backbone_lr": 0.05,
        "heads_lr": 0.05,
        "decay": 0.95,
        "weight_decay": 0.0005,
        "jitter": [0.12, 0.09, 0.08, 0.0],
        "sampler": "shuffle",
    }
    assert found["recipe"] == Recipe.of(was).to_json()
    assert (found["backbones"], found["size"], found["input"]) == (["resnet18_slim"], 80, "half")


def test_what_was_tuned_for_a_model_is_its_variants_too_and_goes_before_their_own():
    given = params(
        ["scan_cci", "mine", "other", "baseline1_tuned", "baseline1"],
        variants={
            "mine": {"base": "scan_cci", "recipe": {"decay": 0.5}},
            "other": {"base": "scan_cci"},
        },
        datasets={
            "synthetic": SMALL
            | {
                "recipe": {"heads_lr": 0.3},
                "tuned": {
                    "scan_cci": {"log": "one", "recipe": {"heads_lr": 0.2, "decay": 0.8}},
                    "other": {"log": "two", "recipe": {"heads_lr": 0.1}},
                    "baseline1_tuned": {"log": "b", "recipe": {"heads_lr": 0.4}},
                },
            }
        },
    )
    rows = {k: v for k, v in specs.resolve(given).items() if k.startswith("synthetic/")}
    found = {k.split("/")[1]: v["recipe"] for k, v in rows.items()}
    rates = {k: (v["heads_lr"], v["decay"]) for k, v in found.items()}
    assert rates == {
        "scan_cci": (0.2, 0.8), "mine": (0.2, 0.5), "other": (0.1, 0.8),
        "baseline1_tuned": (0.4, 0.95), "baseline1": (0.3, 0.95),
    }  # fmt: skip
    assert {k.split("/")[1]: v["tuning"] for k, v in rows.items()} == {
        "scan_cci": "synthetic/one", "mine": "synthetic/one", "other": "synthetic/two",
        "baseline1_tuned": "synthetic/b", "baseline1": None,
    }  # fmt: skip


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
        ({"models": {"scan_cci": {"lamda": 0.1}}}, ["models.scan_cci", "'lam'"]),
        ({"models": {"scan_cci": {"m": 24}}}, ["scan_cci", "m"]),
        ({"align": {"synthetic": {"size": 83}}}, ["size"]),
        ({"data": {"synthetic": {"identites_train": 3}}}, ["'identities_train'"]),
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


def test_a_pack_notices_the_landmark_network_where_it_asks_for_it(monkeypatch):
    def pack(**align):
        given = params(align={"synthetic": {"size": 80} | align})
        return specs.resolve(given)["packs/synthetic_masked"]

    plain = pack()
    assert set(plain["options"]) == {"size", "pixels", "thresholds", "min_face", "factor"}
    assert "landmarks" not in plain
    with pytest.raises(FerBenchError, match="weights add face_landmark_68"):
        pack(masks="dlib_like")
    monkeypatch.setattr(specs, "recorded_sha256", lambda path: "ab" * 32)
    assert pack(masks="dlib_like")["landmarks"] == "ab" * 32
    asked = pack(points="face_landmark_68")
    assert asked["landmarks"] == "ab" * 32
    assert asked["options"] == plain["options"] | {"points": "face_landmark_68"}


def test_points_may_lie_on_landmarks_looked_for_in_pictures_taken_as_they_are():
    def resolved(**align):
        asked = {"ferplus": {"size": 80} | align, "synthetic": {"size": 80}}
        sections = params(align=asked).model_dump(mode="json")
        sections["enabled"] = {"ferplus": OFF | {"models": ["baseline1"], "seeds": [0]}}
        return specs.resolve(Params.model_validate(sections))

    plain, found = resolved(), resolved(points="detected")
    assert "landmarks" not in found["packs/ferplus"], "no further network is needed"
    options = plain["packs/ferplus"]["options"]
    assert found["packs/ferplus"]["options"] == options | {"points": "detected"}
    said = [r["ferplus/baseline1"]["alignment"] for r in (plain, found)]
    assert said == [options["pixels"], f"{options['pixels']} with points detected"]
    with pytest.raises(FerBenchError, match=r"align\.ferplus\.points: with pixels: mtcnn"):
        resolved(points="detected", pixels="mtcnn")


def test_packs_of_a_union_must_have_one_size():
    enabled = {"affectnet7_rafdb": OFF | {"models": ["baseline1"], "seeds": [0]}}
    given = {"align": {"affectnet": {"size": 80}}, "datasets": {}, "enabled": enabled}
    with pytest.raises(FerBenchError, match=r"different sizes \(80, 224 px\)"):
        specs.resolve(Params.model_validate(given))


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"variants": {"x": {"base": "scan_cci", "model": {"mm": 1}}}}, "variants.x.model.*'mm'"),
        ({"models": {"ran": {"nothing": 1}}}, "models.ran: .*'nothing'"),
        ({"models": {"ran": {"size": 33}}}, "models.ran.size: .* align.<source>.size"),
        ({"variants": {"x": {"base": "ran", "model": {"size": 33}}}}, "variants.x.model.size"),
        ({"datasets": {"rafdb": {"model": {"back": 1}}}}, "datasets.rafdb.model.back: unknown"),
        ({"datasets": {"rafdb": {"model": {"size": 33}}}}, "datasets.rafdb.model.size"),
    ],
)
def test_what_no_enabled_row_uses_is_checked_too(sections, said):
    with pytest.raises(FerBenchError, match=said):
        specs.resolve(params(["baseline1"], **{"datasets": {"synthetic": SMALL}} | sections))


def test_faces_are_cut_by_libraries_that_a_packs_spec_names():
    used = set()
    for module in closure("fer_bench.faces.align", "fer_bench.faces.mask"):
        parts = module.split(".")[1:]
        file = ROOT.joinpath("fer_bench", *parts)
        file = file.with_suffix(".py") if not file.is_dir() else file / "__init__.py"
        used |= set(re.findall(r"^\s*(?:import|from) (\w+)", file.read_text(), re.MULTILINE))
    assert "cv2" not in used, "its versions differ by grey levels and no spec of a pack names it"
    named = specs.resolve(params())["packs/synthetic"]["versions"]
    assert set(named) == {"torch", "facenet-pytorch", "pillow", "libjpeg", "numpy"}
    assert named["libjpeg"][0].isdigit()


def test_a_students_spec_names_its_teacher_and_others_say_nothing_of_one():
    variants = {"small": {"base": "micro_expnet", "recipe": {"teacher_share": 1.0}}}
    given = params(["baseline1"], variants=variants)
    cells = given.enabled["synthetic"].model_copy(update={"students": {"small": "baseline1"}})
    given = given.model_copy(update={"enabled": {**given.enabled, "synthetic": cells}})
    resolved = specs.resolve(given)
    said = resolved["synthetic/small"]["recipe"]
    assert (said["teacher"], said["teacher_share"]) == ("baseline1", 1.0)
    assert "cards/small" in resolved
    assert "teacher" not in resolved["synthetic/baseline1"]["recipe"]
    with pytest.raises(
        FerBenchError,
        match=r"enabled.synthetic.small: recipe: teacher_share does nothing without a t",
    ):
        specs.resolve(params(["small"], variants=variants))
