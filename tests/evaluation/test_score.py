"""`score_cell` end to end on a small pack, and every way its inputs can disagree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_bench.datasets.base import Dataset
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import score
from fer_bench.files import sha256_file, write_json

CLASSES = ("neutral", "happiness", "sadness")  # labels 0, 1, 3: indices and codes differ
CODES = (0, 1, 3)
TOY = Dataset(
    "toy",
    ("toy",),
    CLASSES,
    {
        "occluded": lambda m: (m["occluder"] != "none").to_numpy(),
        "pose_gt_45": lambda m: (m["yaw"].abs() > 45).to_numpy(),
    },
)
DATASETS = {"toy": TOY, "toy_masked": Dataset("toy_masked", ("toy_masked",), CLASSES, TOY.subsets)}


def manifest(n: int = 60) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "sample_id": [f"s{i:03d}" for i in range(n)],
            "label": np.resize([0, 1, 3, 7], n),  # contempt is outside the classes
            "split": np.where(np.arange(n) % 5 < 2, "test", "train"),
            "fold": pd.array([None] * n, dtype="Int64"),
            "yaw": draw.uniform(-40, 40, n),  # nobody beyond 45: an empty subset
            "occluder": draw.choice(["none", "hand"], n),
        }
    )


def predictions(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    test = rows[(rows["split"] == "test") & rows["label"].isin(CODES)]
    frames = []
    for i, selection in enumerate(("last", "best_on_test")):
        logits = np.random.default_rng([seed, i]).normal(size=(len(test), 3)).astype("float32")
        frame = test[["sample_id", "fold"]].assign(selection=selection)
        frame["label"] = [CODES.index(v) for v in test["label"]]
        for k, name in enumerate(CLASSES):
            frame[f"logit_{name}"] = logits[:, k]
        frames.append(frame.sample(frac=1, random_state=i))  # order is not part of the contract
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(score, "get_dataset", DATASETS.__getitem__)
    for name in DATASETS:
        (tmp_path / "packs" / name).mkdir(parents=True)
        manifest().to_parquet(tmp_path / "packs" / name / "manifest.parquet", index=False)
    folder = tmp_path / "runs" / "toy" / "net" / "3"
    for seed, part in enumerate(("train", "on_toy_masked", "on_forgotten")):
        (folder / part).mkdir(parents=True)
        predictions(manifest(), seed).to_parquet(folder / part / "predictions.parquet")
    write_json(
        folder / "train" / "train.json",
        {
            "dataset": "toy", "model": "net", "seed": 3, "classes": list(CLASSES),
            "spec_sha256": "ab" * 32, "pretrained": None, "parameters": 10,
            "environment": {"torch": "2", "device": "cpu", "precision": "32-true"},
        },
    )  # fmt: skip
    (folder / "train" / "history.csv").write_text(
        "epoch,train_loss,val_accuracy,test_accuracy\n1,1.5,,0.3\n2,1.25,,0.4\n"
    )
    return folder


def run(cell: Path, **changes: object) -> dict:
    root = cell.parents[3]
    arguments = {"sets": ["toy_masked"], "packs_root": root / "packs"} | changes
    out = root / "scores" / "toy" / "net" / "3.json"
    score.score_cell(cell, "toy", "net", 3, out, **arguments)  # type: ignore[arg-type]
    return json.loads(out.read_text())


def test_scores_hold_what_the_predictions_say(cell: Path) -> None:
    scored = run(cell, partial=True)
    assert (scored["dataset"], scored["model"], scored["seed"]) == ("toy", "net", 3)
    assert scored["partial"] is True
    assert scored["training"] == {"pretrained": None, "parameters": 10}
    assert scored["environment"]["precision"] == "32-true"
    assert scored["history"] == {
        "epoch": [1, 2],
        "train_loss": [1.5, 1.25],
        "val_accuracy": [None, None],
        "test_accuracy": [0.3, 0.4],
    }
    file = cell / "train" / "predictions.parquet"
    assert scored["predictions_sha256"]["test"] == sha256_file(file)
    # The same numbers by pandas alone.
    frame = pd.read_parquet(file).merge(manifest()[["sample_id", "occluder"]], on="sample_id")
    frame["hit"] = frame[[f"logit_{c}" for c in CLASSES]].to_numpy().argmax(1) == frame["label"]
    for selection, rows in frame.groupby("selection"):
        parts = scored["sets"]["toy"][selection]
        assert parts["all"]["n"] == len(rows) == 18
        assert parts["all"]["accuracy"] == pytest.approx(rows["hit"].mean())
        hidden = rows[rows["occluder"] != "none"]
        assert 0 < parts["occluded"]["n"] == len(hidden) < len(rows)
        assert parts["occluded"]["accuracy"] == pytest.approx(hidden["hit"].mean())
        assert parts["occluded"]["balanced_accuracy"] == pytest.approx(
            hidden.groupby("label")["hit"].mean().mean()
        )
        assert parts["pose_gt_45"]["n"] == 0
        assert parts["pose_gt_45"]["accuracy"] is None


def test_reads_the_named_sets_not_what_lies_there(cell: Path) -> None:
    assert set(run(cell)["sets"]) == {"toy", "toy_masked"}
    assert set(run(cell, sets=[])["sets"]) == {"toy"}
    (cell / "on_toy_masked" / "predictions.parquet").unlink()
    with pytest.raises(FerBenchError, match=r"on_toy_masked.predictions\.parquet is missing"):
        run(cell)


def test_scoring_twice_gives_the_same_bytes(cell: Path) -> None:
    out = cell.parents[3] / "scores" / "toy" / "net" / "3.json"
    run(cell)
    first = out.read_bytes()
    run(cell)
    assert out.read_bytes() == first
    assert b'"epoch": [1, 2]' in first  # lists of numbers stand on one line


def change_label(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[0, "label"] = (frame.loc[0, "label"] + 1) % 3
    return frame


def spoil_logit(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[5, "logit_sadness"] = np.nan
    return frame


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.drop(index=0), "1 have no prediction"),
        (lambda f: pd.concat([f, f.iloc[[0]]]), "1 are predicted twice"),
        (lambda f: f.replace({"sample_id": {"s000": "s999"}}), "1 predicted ones are no test"),
        (lambda f: f[f["selection"] != "last"], "18 have no prediction"),
        (lambda f: f.replace({"selection": {"last": "luckiest"}}), "unknown selections: luckiest"),
        (lambda f: f.drop(columns="logit_sadness"), "logits of neutral, happiness"),
        (lambda f: f.drop(columns="fold"), "lacks the columns fold"),
        (change_label, "1 of 18 labels are not those of the manifest"),
        (spoil_logit, "1 of 18 samples have logits that are not finite"),
    ],
)
def test_disagreement_is_an_error(
    cell: Path, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    file = cell / "train" / "predictions.parquet"
    spoil(pd.read_parquet(file)).to_parquet(file)
    with pytest.raises(FerBenchError, match=message) as caught:
        run(cell)
    assert "predictions.parquet" in str(caught.value)
    assert not (cell.parents[3] / "scores").exists()


def test_another_cells_folder_is_an_error(cell: Path, tmp_path: Path) -> None:
    with pytest.raises(FerBenchError, match="seed 3, asked to score 4"):
        score.score_cell(cell, "toy", "net", 4, tmp_path / "x.json", packs_root=tmp_path / "packs")


def test_an_ambiguous_manifest_is_an_error(cell: Path) -> None:
    file = cell.parents[3] / "packs" / "toy" / "manifest.parquet"
    pd.concat([manifest(), manifest().iloc[:2]]).to_parquet(file)
    with pytest.raises(FerBenchError, match="2 sample ids occur more than once"):
        run(cell)


def test_a_subset_that_is_no_mask_is_an_error(cell: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Dataset("toy", ("toy",), CLASSES, {"odd": lambda m: m["yaw"].to_numpy()})
    monkeypatch.setattr(score, "get_dataset", {"toy": odd}.__getitem__)
    with pytest.raises(FerBenchError, match=r"subset 'odd'.*must give one bool a face"):
        run(cell, sets=[])


def test_in_cross_validation_every_face_is_tested(cell: Path) -> None:
    root = cell.parents[3]
    rows = manifest().assign(fold=np.arange(60) % 3)
    rows.to_parquet(root / "packs" / "toy" / "manifest.parquet")
    file = cell / "train" / "predictions.parquet"
    predictions(rows.assign(split="test"), 0).to_parquet(file)
    assert run(cell, sets=[])["sets"]["toy"]["last"]["all"]["n"] == 45
