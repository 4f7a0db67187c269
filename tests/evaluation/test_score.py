"""`score_cell` end to end on a small pack, and every way its inputs can disagree."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_faces import NOTHING, stamp, write_table

from fer_bench.datasets.base import Dataset, Part
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import score
from fer_bench.evaluation.parts import Predicted, slices
from fer_bench.files import read_json, sha256_file, write_json
from fer_bench.records.predictions import predictions_frame

CLASSES = ("neutral", "happiness", "sadness")  # labels 0, 1, 3: indices and codes differ
CODES = (0, 1, 3)
TOY = Dataset(
    "toy",
    (Part("toy"),),
    CLASSES,
    {
        "occluded": lambda m: (m["occluder"] != "none").to_numpy(),
        "pose_gt_45": lambda m: (m["yaw"].abs() > 45).to_numpy(),
    },
)
MASKED = Dataset("toy_masked", (Part("toy_masked"),), CLASSES, TOY.subsets)
DATASETS = {"toy": TOY, "toy_masked": MASKED}
RULES = {"version": 1, "sha256": "ab" * 32}


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


IDS = [f"s{i:03d}" for i in range(60) if i % 4 < 3]
NUMBERS = {name: number for number, name in enumerate(IDS)}


def predictions(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    test = rows[(rows["split"] == "test") & rows["label"].isin(CODES)]
    frames = []
    for i, selection in enumerate(("last", "best_on_test")):
        logits = np.random.default_rng([seed, i]).normal(size=(len(test), 3)).astype("float32")
        labels = np.array([CODES.index(v) for v in test["label"]])
        frame = predictions_frame(
            test["sample_id"].map(NUMBERS).to_numpy(), labels, logits, CLASSES,
            selection=selection, split="test", folds=test["fold"].to_numpy(),
        )  # fmt: skip
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
    write_json(tmp_path / "audit.json", NOTHING)
    write_json(
        folder / "train" / "train.json",
        {
            "dataset": "toy", "model": "net", "method": "net", "seed": 3, "protocol": "split",
            "classes": list(CLASSES), "spec_sha256": "ab" * 32, "pretrained": None,
            "parameters": 10, "format": 2,
            "environment": {"torch": "2", "device": "cpu", "precision": "32-true"},
        },
    )  # fmt: skip
    (folder / "train" / "history.csv").write_text(
        "epoch,train_loss,val_accuracy,test_accuracy\n1,1.5,,0.3\n2,1.25,,0.4\n"
    )
    return folder


def tables(cell: Path) -> Path:
    """What the audit leaves for scoring, and what predicting says of it."""
    root = cell.parents[3]
    found = read_json(root / "audit.json")
    for name in DATASETS:
        known = score.get_dataset(name)
        write_table(root / "faces", known, root / "packs", found if name == "toy" else NOTHING)
    stamp(cell / "on_toy_masked", root / "faces", "toy_masked")
    return root / "faces"


def run(cell: Path, **changes: object) -> dict:
    arguments = {"rules": RULES, "sets": ["toy_masked"], "faces": tables(cell),
                 "lists": cell.parents[3] / "lists"} | changes  # fmt: skip
    out = cell.parents[3] / "scores" / "toy" / "net" / "3.json"
    score.score_cell(cell, ("toy", "net", 3), out, **arguments)  # type: ignore[arg-type]
    return json.loads(out.read_text())


def named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(sample_id=[IDS[number] for number in frame["face"]])


def test_scores_hold_what_the_predictions_say(cell: Path) -> None:
    scored = run(cell, partial=["toy"])
    training = scored["training"]
    assert (training["dataset"], training["model"], training["seed"]) == ("toy", "net", 3)
    assert (scored["rules"], scored["card"]) == (RULES | {"since": None}, None)
    assert run(cell, card={"year": 2020})["card"] == {"year": 2020}
    assert scored["partial"] is True
    assert scored["partial_sets"] == ["toy"]
    assert scored["folds"] is None
    assert (training["pretrained"], training["parameters"]) == (None, 10)
    assert training["environment"]["precision"] == "32-true"
    assert scored["history"] == {
        "epoch": [1, 2],
        "train_loss": [1.5, 1.25],
        "val_accuracy": [None, None],
        "test_accuracy": [0.3, 0.4],
    }
    file = cell / "train" / "predictions.parquet"
    assert scored["predictions_sha256"]["test"] == sha256_file(file)
    # The same numbers by pandas alone.
    frame = named(pd.read_parquet(file)).merge(
        manifest()[["sample_id", "occluder"]], on="sample_id"
    )
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


def test_single_answers_are_kept_of_the_last_epoch_without_names(cell: Path) -> None:
    scored = run(cell)
    last, best = (scored["sets"]["toy"][s] for s in ("last", "best_on_test"))
    for name in ("all", "occluded"):
        part = last[name]
        true = np.repeat(range(3), [part["n_per_class"][c] for c in CLASSES])
        right = sum(int(a) == t for a, t in zip(part["answers"], true, strict=True))
        assert right / part["n"] == pytest.approx(part["accuracy"])
        assert "answers" not in best[name]
    assert "answers" not in last["pose_gt_45"], "nobody is in it"
    assert sum(last["all"]["calibration"]["n"]) == 18
    assert last["all"]["risk_coverage"]["risk"][-1] == pytest.approx(1 - last["all"]["accuracy"])
    assert "calibration" not in last["occluded"]
    masked = scored["sets"]["toy_masked"]["last"]["all"]
    assert masked["faces_sha256"] == last["all"]["faces_sha256"], "the same faces, with masks"
    assert "s003" not in json.dumps(scored)


def test_raters_are_compared_where_faces_have_votes(cell: Path) -> None:
    file = cell.parents[3] / "packs" / "toy" / "manifest.parquet"
    faces = pd.read_parquet(file)
    faces["votes"] = [np.eye(10, dtype=int)[v] * 6 for v in faces["label"]]  # all say the label
    faces.to_parquet(file, index=False)
    part = run(cell)["sets"]["toy"]["last"]["all"]
    assert part["raters"]["agreement"] == pytest.approx(part["accuracy"], abs=1e-6)
    assert part["raters"]["ceiling"] == part["raters"]["human"] == 1
    assert "raters" not in run(cell)["sets"]["toy_masked"]["last"]["all"]


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
    frame.iloc[0, frame.columns.get_loc("label")] = (frame["label"].iloc[0] + 1) % 3
    return frame


def spoil_logit(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[5, "logit_sadness"] = np.nan
    return frame


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.drop(index=0), "1 have no prediction"),
        (lambda f: pd.concat([f, f.iloc[[0]]]), "1 are predicted twice"),
        (lambda f: f.replace({"face": {0: 999}}), "1 predicted ones are no test"),
        (lambda f: f[f["selection"] != "last"], "18 have no prediction"),
        (lambda f: f.replace({"selection": {"last": "luckiest"}}), "unknown selections: luckiest"),
        (lambda f: f.drop(columns="logit_sadness"), "logits of neutral, happiness"),
        (lambda f: f.drop(columns="fold"), "lacks the columns fold"),
        (change_label, "1 of 18 labels are not those of the table"),
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
    with pytest.raises(FerBenchError, match=r"'net', 3\), asked to score \('toy', 'net', 4\)"):
        score.score_cell(cell, ("toy", "net", 4), tmp_path / "x.json", rules=RULES)


def test_an_ambiguous_manifest_is_an_error(cell: Path) -> None:
    file = cell.parents[3] / "packs" / "toy" / "manifest.parquet"
    pd.concat([manifest(), manifest().iloc[:2]]).to_parquet(file)
    with pytest.raises(FerBenchError, match="2 sample ids occur more than once"):
        run(cell)


def test_a_subset_that_is_no_mask_is_an_error(cell: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Dataset("toy", (Part("toy"),), CLASSES, {"odd": lambda m: m["yaw"].to_numpy()})
    monkeypatch.setattr(score, "get_dataset", {"toy": odd}.__getitem__)
    with pytest.raises(FerBenchError, match=r"subset 'odd'.*must give one bool a face"):
        run(cell, sets=[])


@pytest.mark.parametrize("column", ["mask_status", "landmarks_found"])
def test_faces_on_which_landmarks_were_found_are_scored_alone(cell: Path, column: str) -> None:
    """Where masks, or points, were to lie on landmarks; a pack beside it says nothing of them."""
    rows = manifest()
    found = np.arange(len(rows)) % 7 != 0
    said = {"mask_status": np.where(found, "worn", "centre_fallback"), "landmarks_found": found}
    rows[column] = said[column]
    rows.to_parquet(cell.parents[3] / "packs" / "toy_masked" / "manifest.parquet", index=False)
    sets = run(cell)["sets"]
    assert "landmarks_found" not in sets["toy"]["last"]
    tested = predictions(rows, 1).query("selection == 'last'").set_index("face")
    kept = [NUMBERS[s] for s in rows["sample_id"][found] if s in IDS and NUMBERS[s] in tested.index]
    logits = tested.loc[kept, [f"logit_{name}" for name in CLASSES]].to_numpy()
    part = sets["toy_masked"]["last"]["landmarks_found"]
    assert part["n"] == len(kept) < sets["toy_masked"]["last"]["all"]["n"]
    expected = (logits.argmax(axis=1) == tested.loc[kept, "label"].to_numpy()).mean()
    assert part["accuracy"] == pytest.approx(expected)


def test_where_all_were_found_there_is_no_such_part(cell: Path) -> None:
    rows = manifest().assign(mask_status="worn")
    rows.to_parquet(cell.parents[3] / "packs" / "toy_masked" / "manifest.parquet", index=False)
    assert "landmarks_found" not in run(cell)["sets"]["toy_masked"]["last"]


def use(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Let the registry's toy dataset be another."""
    changed = {"toy": dataclasses.replace(TOY, **changes), "toy_masked": MASKED}  # type: ignore[arg-type]
    monkeypatch.setattr(score, "get_dataset", changed.__getitem__)


def frame_of(cell: Path, selection: str = "last") -> pd.DataFrame:
    frame = pd.read_parquet(cell / "train" / "predictions.parquet")
    frame = named(frame[frame["selection"] == selection])
    logits = frame[[f"logit_{c}" for c in CLASSES]].to_numpy()
    return frame.assign(hit=logits.argmax(1) == frame["label"])


def test_in_cross_validation_every_face_is_tested_and_folds_are_scored(
    cell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = cell.parents[3]
    rows = manifest().assign(fold=np.arange(60) % 3)
    rows.to_parquet(root / "packs" / "toy" / "manifest.parquet")
    file = cell / "train" / "predictions.parquet"
    predictions(rows.assign(split="test"), 0).to_parquet(file)
    use(monkeypatch, protocol="folds")
    scored = run(cell, sets=[])
    assert scored["sets"]["toy"]["last"]["all"]["n"] == 45
    folds = scored["folds"]["last"]
    assert [f["fold"] for f in folds] == [0, 1, 2]
    frame = frame_of(cell)
    for fold in folds:
        own = frame[frame["fold"] == fold["fold"]]
        assert (fold["n"], fold["accuracy"]) == (len(own), pytest.approx(own["hit"].mean()))


def test_challenge_lists_are_scored_once_a_face_and_as_listed(cell: Path) -> None:
    frame = frame_of(cell).set_index("sample_id")
    names = list(frame.index[:5])
    listed = [*names, names[0], "a face of another class"]
    write_json(
        cell.parents[3] / "audit.json",
        {"duplicated_test": [], "challenge": {"occluded": listed, "pose_gt_30": names[1:3]}},
    )
    parts = run(cell)["sets"]["toy"]["last"]
    assert parts["occluded"]["n"] == 5
    assert parts["occluded"]["accuracy"] == pytest.approx(frame.loc[names, "hit"].mean())
    assert parts["occluded_as_listed"]["n"] == 6
    assert parts["occluded_as_listed"]["accuracy"] == pytest.approx(
        frame.loc[[*names, names[0]], "hit"].mean()
    )
    assert parts["pose_gt_30"]["n"] == 2
    assert "pose_gt_30_as_listed" not in parts


def test_duplicated_test_faces_are_left_out_beside_the_plain_score(cell: Path) -> None:
    frame = frame_of(cell).set_index("sample_id")
    gone = list(frame.index[3:7])
    write_json(cell.parents[3] / "audit.json", {"duplicated_test": gone, "challenge": {}})
    sets = run(cell)["sets"]
    parts = sets["toy"]["last"]
    assert (parts["all"]["n"], parts["without_duplicates"]["n"]) == (18, 14)
    assert parts["without_duplicates"]["accuracy"] == pytest.approx(
        frame.drop(index=gone)["hit"].mean()
    )
    assert "without_duplicates" not in sets["toy_masked"]["last"]


def test_a_restriction_compares_only_its_own_classes(
    cell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ("happiness", "sadness")
    use(monkeypatch, restrictions={"without_neutral": kept, "other": ("anger", "sadness")})
    parts = run(cell)["sets"]["toy"]["last"]
    frame = frame_of(cell)
    frame = frame[frame["label"] > 0]
    right = frame[[f"logit_{c}" for c in kept]].to_numpy().argmax(1) + 1 == frame["label"]
    assert parts["without_neutral"]["accuracy"] == pytest.approx(right.mean())
    assert parts["without_neutral"]["n_per_class"].keys() == set(kept)
    assert "other" not in parts  # the model does not know anger


def test_a_set_with_fewer_classes_is_also_scored_among_the_common_ones(
    cell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = dataclasses.replace(MASKED, classes=("neutral", "sadness", "fear"))
    monkeypatch.setattr(score, "get_dataset", {"toy": TOY, "toy_masked": fewer}.__getitem__)
    file = cell / "on_toy_masked" / "predictions.parquet"
    kept = manifest()[manifest()["label"].isin([0, 3])]
    numbers = dict(zip(kept["sample_id"].sort_values(), range(len(kept)), strict=True))
    frame = named(pd.read_parquet(file)).query("label != 1")
    frame.assign(face=frame.pop("sample_id").map(numbers)).to_parquet(file)
    parts = run(cell)["sets"]["toy_masked"]["last"]
    assert parts["all"]["n"] == parts["common_classes"]["n"] == 12
    assert len(parts["all"]["confusion"]) == 3
    assert len(parts["common_classes"]["confusion"]) == 2
    assert parts["common_classes"]["accuracy"] >= parts["all"]["accuracy"]


def test_accuracy_by_group(cell: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, slices=("occluder",))
    groups = run(cell)["slices"]["toy"]["occluder"]
    frame = frame_of(cell).merge(manifest()[["sample_id", "occluder"]], on="sample_id")
    assert set(groups) == {"none", "hand"}
    for value, rows in frame.groupby("occluder"):
        assert groups[value]["n"] == len(rows)
        assert groups[value]["accuracy"] == pytest.approx(rows["hit"].mean())
    use(monkeypatch, slices=("gender",))
    with pytest.raises(FerBenchError, match="no column 'gender'"):
        run(cell)


def test_a_column_that_knows_no_group_is_left_out() -> None:
    faces = pd.DataFrame({"slice_age": ["unknown", "unknown"], "slice_gender": ["male", "unknown"]})
    predicted = Predicted(faces, np.array([0, 1]), np.eye(2), ("neutral", "happiness"))
    groups = slices(predicted)
    assert set(groups) == {"gender"}
    assert set(groups["gender"]) == {"male", "unknown"}


def test_predictions_are_scored_with_the_faces_they_were_made_for(cell: Path) -> None:
    tables(cell)
    write_json(cell / "on_toy_masked" / "faces.json", {"set": "toy_masked", "sha256": "00" * 32})
    with pytest.raises(FerBenchError, match=r"when the faces of toy_masked were others"):
        score.score_cell(
            cell, ("toy", "net", 3), cell / "x.json", rules=RULES, sets=["toy_masked"],
            faces=cell.parents[3] / "faces",
        )  # fmt: skip


def test_a_cell_that_starts_from_another_is_scored_on_its_own_set_alone(cell: Path) -> None:
    file = cell / "train" / "train.json"
    write_json(file, read_json(file) | {"init_from": "big"})
    assert set(run(cell)["sets"]) == {"toy"}
