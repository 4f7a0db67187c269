import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from toy_pack import TOY_VIEW, make_pack

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.evaluate import evaluate_cell
from fer_bench.files import read_json, sha256_file, write_json
from fer_bench.labels import SEVEN
from fer_bench.training.train import train_cell

LOGITS = [f"logit_{name}" for name in SEVEN]


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): sha256_file(p) for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.fixture
def trained(aligned, make_spec, tmp_path):
    spec, start = make_spec("scan_cci")
    train_cell(spec, start, 0, tmp_path / "train", aligned)
    return tmp_path / "train"


def test_outputs_are_complete_and_agree(trained):
    predictions = pd.read_parquet(trained / "predictions.parquet")
    history = pd.read_csv(trained / "history.csv")
    summary = json.loads((trained / "train.json").read_text())
    assert list(predictions) == ["selection", "split", "fold", "face", "label", *LOGITS]
    assert {str(t) for t in predictions[LOGITS].dtypes} == {"float16"}
    assert predictions.groupby(["split", "selection"]).size().to_dict() == {
        ("test", "last"): 28, ("test", "best_on_val"): 28, ("test", "best_on_test"): 28,
        ("val", "last"): 7,
    }  # fmt: skip
    val = predictions[predictions["split"] == "val"]
    accuracy = (val[LOGITS].to_numpy().argmax(1) == val["label"]).mean()
    assert history["val_accuracy"].iloc[-1] == pytest.approx(accuracy, abs=1e-6)
    predictions = predictions[predictions["split"] == "test"]
    for selection, rows in predictions.groupby("selection"):
        accuracy = (rows[LOGITS].to_numpy().argmax(1) == rows["label"]).mean()
        epoch = summary["best_epoch"].get(selection, len(history) - 1)
        assert history["test_accuracy"][epoch] == pytest.approx(accuracy, abs=1e-6)
    # The first epoch reaching the maximum.
    assert summary["best_epoch"]["best_on_test"] == history["test_accuracy"].idxmax()
    assert summary["best_epoch"]["best_on_val"] == history["val_accuracy"].idxmax()
    assert summary["n"] == {"train": 49, "val": 7, "test": 28}


def test_two_runs_in_two_processes_are_bit_identical_and_seeds_differ(
    aligned, make_spec, tmp_path, trained
):
    spec, start = make_spec("scan_cci")
    code = (
        "import sys; from pathlib import Path; from fer_bench.training.train import train_cell;"
        "s, b, seed, out, packs = sys.argv[1:];"
        "train_cell(Path(s), Path(b), int(seed), Path(out), Path(packs))"
    )
    arguments = [sys.executable, "-c", code, spec, start, 0, tmp_path / "again", aligned]
    subprocess.run([str(a) for a in arguments], check=True, capture_output=True)
    train_cell(spec, start, 1, tmp_path / "other", aligned)
    assert hashes(tmp_path / "again") == hashes(trained)
    assert hashes(tmp_path / "other") != hashes(trained)


def test_it_learns(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 12, "backbone_lr": 0.05, "flip": 0.0})
    train_cell(spec, start, 0, tmp_path / "train", aligned)
    history = pd.read_csv(tmp_path / "train" / "history.csv")
    assert history["test_accuracy"].max() > 0.6  # chance is 1/7
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0] / 2
    rates = history["lr_backbone"].to_numpy()
    assert rates[1:] / rates[:-1] == pytest.approx(0.95, abs=1e-4)


def test_auto_is_the_device_of_the_machine_that_trains(aligned, make_spec, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    spec, start = make_spec("baseline1", {"epochs": 1})
    given = read_json(spec)
    write_json(spec, given | {"compute": given["compute"] | {"device": "auto"}})
    train_cell(spec, start, 0, tmp_path / "train", aligned)
    found = read_json(tmp_path / "train/train.json")
    assert found["environment"]["device"] == "cpu"
    assert found["environment"]["processor"]
    assert read_json(tmp_path / "train/spec.json")["compute"]["device"] == "auto"


def test_training_on_all_has_no_best_on_val(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 1, "train_on": "all"})
    train_cell(spec, start, 0, tmp_path / "train", aligned)
    predictions = pd.read_parquet(tmp_path / "train" / "predictions.parquet")
    assert set(predictions["selection"]) == {"last", "best_on_test"}
    assert json.loads((tmp_path / "train" / "train.json").read_text())["n"]["train"] == 56


def test_pretrained_and_transferred_weights_are_what_training_starts_from(
    aligned, make_spec, tmp_path
):
    still = {"epochs": 1, "backbone_lr": 0.0, "heads_lr": 0.0}
    spec, start = make_spec("baseline1", still)
    donor = models.build("baseline1", 3, backbone="resnet18_slim", size=80)
    state = models.backbone_state(donor)
    save_file(state, tmp_path / "w.safetensors")
    begin = {"pretrained": "identity(toy)", "file": str(tmp_path / "w.safetensors")}
    write_json(start, {**begin, "sha256": sha256_file(tmp_path / "w.safetensors")})
    train_cell(spec, start, 0, tmp_path / "a", aligned)
    kept = load_file(tmp_path / "a" / "weights" / "last.safetensors")
    for name, value in state.items():
        if "running" not in name and "num_batches" not in name:
            assert torch.equal(kept[f"backbone.{name}"], value)

    moved = json.loads(spec.read_text()) | {"init_from": "toy", "model": "baseline1_from_toy"}
    write_json(spec, moved)
    train_cell(spec, tmp_path / "a" / "weights" / "last.safetensors", 0, tmp_path / "b", aligned)
    again = load_file(tmp_path / "b" / "weights" / "last.safetensors")
    assert torch.equal(kept["fc.weight"], again["fc.weight"])


def test_changed_weights_file_is_refused(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1")
    save_file({"x": torch.zeros(1)}, tmp_path / "w.safetensors")
    write_json(start, {"pretrained": "x", "file": str(tmp_path / "w.safetensors"), "sha256": "0"})
    with pytest.raises(FerBenchError, match="the weights changed"):
        train_cell(spec, start, 0, tmp_path / "train", aligned)
    assert not (tmp_path / "train").exists()


def test_diverging_training_says_what_to_change_and_leaves_nothing(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"backbone_lr": 100, "heads_lr": 100, "epochs": 40})
    with pytest.raises(FerBenchError, match="lower backbone_lr"):
        train_cell(spec, start, 0, tmp_path / "train", aligned)
    assert not (tmp_path / "train").exists()


def test_wrong_face_size_is_named(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", size=112)
    with pytest.raises(FerBenchError, match="80 px but the model was built for 112 px"):
        train_cell(spec, start, 0, tmp_path / "train", aligned)


def test_evaluating_on_the_own_test_split_gives_the_same_logits(
    aligned, make_spec, tmp_path, trained
):
    spec, _ = make_spec("scan_cci")
    view, table = tmp_path / "view.json", tmp_path / "toy.parquet"
    write_json(view, TOY_VIEW)
    table.write_bytes(b"what the audit says")
    evaluate_cell(spec, view, table, trained / "weights", tmp_path / "on_toy", aligned)
    ours = pd.read_parquet(tmp_path / "on_toy" / "predictions.parquet")
    saved = pd.read_parquet(trained / "predictions.parquet").query("split == 'test'")
    pd.testing.assert_frame_equal(
        ours,
        saved.reset_index(drop=True),
        atol=2e-3,  # one step of float16 at 2 to 4
    )
    stamp = json.loads((tmp_path / "on_toy" / "faces.json").read_text())
    assert stamp == {"set": "toy", "sha256": sha256_file(table)}


FOLDED = TOY_VIEW | {"protocol": "folds"}


def test_cross_validation_predicts_every_face_once_by_a_model_that_never_saw_its_person(
    tmp_path, make_spec
):
    make_pack(tmp_path / "aligned" / "toy", folds=3)
    recipe = {"epochs": 5, "backbone_lr": 0.05, "flip": 0.0}
    spec, start = make_spec("baseline1", recipe, FOLDED)
    train_cell(spec, start, 0, tmp_path / "train", tmp_path / "aligned")
    predictions = pd.read_parquet(tmp_path / "train" / "predictions.parquet")
    manifest = pd.read_parquet(tmp_path / "aligned" / "toy" / "manifest.parquet")
    fold = manifest.sort_values("sample_id")["fold"].to_numpy()
    predictions = predictions[predictions["split"] == "test"]
    for _, rows in predictions.groupby("selection"):
        assert sorted(rows["face"]) == list(range(len(manifest)))
        assert (rows["fold"] == fold[rows["face"]]).all()
    summary = json.loads((tmp_path / "train" / "train.json").read_text())
    assert summary["protocol"] == "folds"
    assert summary["n"] == {"train": 49, "val": 7, "test": 84}  # of 12 people, 4 out and 1 for val
    assert [len(v) for v in summary["best_epoch"].values()] == [3, 3]
    history = pd.read_csv(tmp_path / "train" / "history.csv")
    assert list(history["epoch"]) == [0, 1, 2, 3, 4]
    weights = sorted(p.name for p in (tmp_path / "train" / "weights").iterdir())
    assert weights == [f"last_fold{k}.safetensors" for k in range(3)]
    first, second = (load_file(tmp_path / "train" / "weights" / w) for w in weights[:2])
    assert not torch.equal(first["fc.weight"], second["fc.weight"])
    last = predictions[predictions["selection"] == "last"]
    per_fold = [
        (rows[LOGITS].to_numpy().argmax(1) == rows["label"]).mean()
        for _, rows in last.groupby("fold")
    ]
    assert history["test_accuracy"].iloc[-1] == pytest.approx(sum(per_fold) / 3, abs=1e-6)


def test_faces_without_a_fold_are_refused(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 1}, FOLDED)
    with pytest.raises(FerBenchError, match="toy is cross-validated"):
        train_cell(spec, start, 0, tmp_path / "train", aligned)
    assert not (tmp_path / "train").exists()


def test_label_noise_is_recorded_and_only_train_labels_change(aligned, make_spec, tmp_path):
    for rate, folder in ((0.0, "clean"), (0.3, "noisy")):
        spec, start = make_spec("baseline1", {"epochs": 1, "label_noise": rate})
        train_cell(spec, start, 0, tmp_path / folder, aligned)
    clean, noisy = (
        json.loads((tmp_path / f / "train.json").read_text()) for f in ("clean", "noisy")
    )
    assert clean["label_noise"] is None
    assert noisy["label_noise"] == {"kind": "symmetric", "rate": 0.3, "of": 49,
                                    "changed": noisy["label_noise"]["changed"]}  # fmt: skip
    assert 5 <= noisy["label_noise"]["changed"] <= 25
    tables = [pd.read_parquet(tmp_path / f / "predictions.parquet") for f in ("clean", "noisy")]
    labels = [t[t["selection"] == "last"].set_index("face")["label"] for t in tables]
    assert labels[0].equals(labels[1])
    assert not tables[0][LOGITS].equals(tables[1][LOGITS])
