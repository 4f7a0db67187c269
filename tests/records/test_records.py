"""Records: what is written is read again, and what is none is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_scores import made_score

from fer_bench.errors import FerBenchError
from fer_bench.files import write_json
from fer_bench.records.base import from_json, to_json
from fer_bench.records.cost import DeviceCost
from fer_bench.records.explanation import Explanation
from fer_bench.records.faces import FaceTable
from fer_bench.records.predictions import predictions_frame, write_predictions
from fer_bench.records.robustness import RobustnessResult
from fer_bench.records.score import Score
from fer_bench.records.training import LabelNoise, Training
from fer_bench.rules import Protocol

TRAINING = Training(
    "toy", "net_from_big", 3, method="net", classes=("neutral", "fear"), protocol="split",
    init_from="big", label_noise=LabelNoise("symmetric", 0.1, changed=2, of=20),
    n={"train": 20, "val": 2, "test": 8}, environment={"torch": "2", "processor": "a chip"},
)  # fmt: skip


def test_a_training_is_read_as_it_was_written(tmp_path: Path) -> None:
    TRAINING.write(tmp_path / "train.json")
    assert Training.read(tmp_path / "train.json") == TRAINING


def test_a_score_is_read_as_it_was_written(tmp_path: Path) -> None:
    score = Score(TRAINING, Protocol(2, "ab" * 32), {"toy": {"last": {"all": {"n": 8}}}})
    file = tmp_path / "toy/net_from_big/3.json"
    score.write(file)
    assert Score.read(file) == score


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": "3"}, "seed is '3', not a value of type int"),
        ({"seed": True}, "seed is True, not a value of type int"),
        ({"colour": "red"}, r"unknown keys \(colour\)"),
        ({"classes": "neutral"}, "classes is 'neutral'"),
        ({"label_noise": {"kind": "symmetric"}}, "label_noise lacks 'rate'"),
        ({"format": 1}, "is of format 1, this version of fer_bench reads 2"),
    ],
)
def test_another_record_is_refused(tmp_path: Path, changed: dict, message: str) -> None:
    write_json(tmp_path / "train.json", to_json(TRAINING) | changed)
    with pytest.raises(FerBenchError, match=rf"train\.json.*{message}"):
        Training.read(tmp_path / "train.json")


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(FerBenchError, match="here holds list, not a record"):
        from_json(Training, [], "here")


def test_scores_of_the_first_format_are_read(tmp_path: Path) -> None:
    """As committed before records had a format: names told where a row starts from."""
    old = {
        "dataset": "toy", "model": "net_from_big", "seed": 3, "classes": ["neutral", "fear"],
        "protocol": {"version": 1, "sha256": "ab" * 32}, "card": None, "spec_sha256": "cd" * 32,
        "training": {"base": "net", "init_from": "big", "protocol": "split", "epochs": 4,
                     "label_noise": None, "n": {"train": 1, "val": 1, "test": 1}},
        "predictions_sha256": {}, "sets": {"toy": {"last": {"all": {"n": 1}}}}, "slices": {},
        "folds": None, "history": {"epoch": [0]}, "environment": {"torch": "2"},
        "partial": False, "partial_sets": [],
    }  # fmt: skip
    file = tmp_path / "toy/net_from_big/3.json"
    write_json(file, old)
    score = Score.read(file)
    assert (score.training.method, score.training.init_from) == ("net", "big")
    assert score.rules == Protocol(1, "ab" * 32)
    assert score.training.environment == {"torch": "2"}
    assert score.sets == old["sets"]
    plain = old | {"model": "far_from_home", "training": {**old["training"], "init_from": None}}
    write_json(tmp_path / "toy/far_from_home/3.json", plain)
    assert Score.read(tmp_path / "toy/far_from_home/3.json").training.method == "far_from_home"


def test_every_committed_score_is_read() -> None:
    files = list(Path("results/scores").glob("*/*/*.json"))
    assert len(files) > 50
    for file in files:
        assert Score.read(file).sets


def without_unsaid(value: Any) -> Any:
    """JSON without the sizes that explanations did not state at first: of ratios, of people."""
    if not isinstance(value, dict):
        return value
    kept = {k: v for k, v in value.items() if v is not None or k not in ("n", "units")}
    return {key: without_unsaid(one) for key, one in kept.items()}


def test_committed_measurements_are_read_and_written_alike(tmp_path: Path) -> None:
    """Those from before they said their format; an explanation did not say its seed."""
    kinds = {"robustness": RobustnessResult, "explain": Explanation, "cost": DeviceCost}
    for folder, kind in kinds.items():
        files = sorted(Path("results", folder).rglob("*.json"))
        assert files
        for file in files:
            record = kind.read(file)
            copy = tmp_path / file
            record.write(copy)
            old, new = json.loads(file.read_text()), json.loads(copy.read_text())
            assert new.pop("format") == old.pop("format", 1)
            assert new.pop("seed", None) == old.pop("seed", int(file.parent.name)
                                                    if folder == "explain" else None)  # fmt: skip
            assert without_unsaid(new) == without_unsaid(old)
            assert kind.read(copy) == record


def test_a_record_within_a_record_says_where_it_is_wrong(tmp_path: Path) -> None:
    file = next(Path("results/robustness").rglob("*.json"))
    value = json.loads(file.read_text())
    value["corruptions"]["jpeg"]["severities"][2]["value"] = None
    copy = tmp_path.joinpath(*file.parts)
    write_json(copy, value)
    with pytest.raises(
        FerBenchError, match=r"jpeg: severities, 2: value is None.*`fer-bench sweep`"
    ):
        RobustnessResult.read(copy)


def test_logits_are_what_float16_holds_and_faces_are_in_order(tmp_path: Path) -> None:
    logits = np.array([[1e6, -1e6], [0.1, 1 / 3]])
    frame = predictions_frame(
        np.array([5, 2]), np.array([0, 1]), logits, ("a", "b"), selection="last", split="test"
    )
    write_predictions(tmp_path / "p.parquet", [frame])
    read = pd.read_parquet(tmp_path / "p.parquet")
    assert read["face"].tolist() == [2, 5]
    assert read["logit_b"].tolist() == [float(np.float16(1 / 3)), -65504.0]
    write_predictions(tmp_path / "q.parquet", [frame.iloc[::-1]])
    assert (tmp_path / "p.parquet").read_bytes() == (tmp_path / "q.parquet").read_bytes()


def test_a_table_that_is_missing_or_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(FerBenchError, match=r"toy\.parquet is missing.*fer-bench audit toy"):
        FaceTable.read(tmp_path / "toy.parquet")
    (tmp_path / "toy.parquet").write_text("no")
    with pytest.raises(FerBenchError, match=r"toy\.parquet cannot be read"):
        FaceTable.read(tmp_path / "toy.parquet")


def test_an_invented_score_is_json(tmp_path: Path) -> None:
    score = made_score("toy", "net", {"sets": {"toy": {"last": {"all": {"n": 1}}}}})
    score.write(tmp_path / "toy/net/0.json")
    assert json.loads((tmp_path / "toy/net/0.json").read_text())["training"]["base"] == "net"
