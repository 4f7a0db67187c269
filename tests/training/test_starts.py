import pytest
from made_specs import made_spec

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, sha256_file, write_json
from fer_bench.training.starts import write_starts

FOUND = {
    "people": 12,
    "faces": 80,
    "train_accuracy": 0.9,
    "verification_accuracy": 0.8,
    "auc": 0.85,
    "pairs": 40,
    "held_out_people": 6,
    "held_out_faces": 30,
    "folds": 2,
}


def written(tmp_path, report=True):
    """What `starts` writes for a row from identity weights and one from nothing."""
    weights = tmp_path / "identity/resnet18_slim.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"weights")
    if report:
        write_json(weights.with_name("identity.json"), {"backbones": {weights.stem: FOUND}})
    start = {"file": str(weights), "sha256": None}
    specs = {
        "tuned": made_spec(dataset="x", pretrained="identity(faces)", start=start),
        "scratch": made_spec(dataset="x"),
    }
    for row, spec in specs.items():
        write_json(tmp_path / f"specs/{row}.json", spec)
    write_starts(tmp_path / "specs", list(specs), tmp_path / "starts")
    return weights, {row: read_json(tmp_path / f"starts/{row}.json") for row in specs}


def test_a_row_from_identity_weights_says_whose_people_they_know_and_how_well(tmp_path):
    weights, rows = written(tmp_path)
    assert rows["scratch"] == {"pretrained": None}
    assert rows["tuned"]["pretrained"] == "identity(faces)"
    assert rows["tuned"]["sha256"] == sha256_file(weights)
    facts = ("people", "faces", "verification_accuracy", "pairs", "auc")
    assert rows["tuned"]["start_facts"] == {key: FOUND[key] for key in facts}


def test_other_weights_have_no_such_facts(tmp_path):
    assert "start_facts" not in written(tmp_path, report=False)[1]["tuned"]


def test_weights_that_are_missing_are_named_and_nothing_is_written(tmp_path):
    start = {"file": str(tmp_path / "none.safetensors"), "sha256": None}
    write_json(tmp_path / "specs/row.json", made_spec(dataset="x", pretrained="y", start=start))
    with pytest.raises(FerBenchError, match=r"none\.safetensors is missing, and x/row starts"):
        write_starts(tmp_path / "specs", ["row"], tmp_path / "starts")
    assert not (tmp_path / "starts").exists()
