"""The small forms of the rivals learn on the embedded set's faces, in the benchmark's own loop."""

from pathlib import Path

import pandas as pd
import pytest
from rendered_pack import rendered, write_pack
from toy_pack import SIZE

from fer_bench import models, params
from fer_bench.datasets.pack import write_manifest
from fer_bench.errors import FerBenchError
from fer_bench.training.train import train_cell

ROOT = Path(__file__).parents[2]
SCORED = ROOT / "results" / "scores" / "synthetic"


def forms() -> list[str]:
    """Every small form, and a model of each file that has none and no row on the embedded set."""
    variants = params.load(ROOT / "params.yaml").every_variant
    files = {name: models.preset(name).module for name in models.names()}
    found = [name for name in files if name.endswith("_small")]
    scored = [variants[row.name].base if row.name in variants else row.name
              for row in SCORED.iterdir()]  # fmt: skip
    tried = {files[name] for name in (*found, *scored) if name in files}
    first = {files[name]: name for name in sorted(files, key=len, reverse=True)}
    return sorted([*found, *(name for file, name in first.items() if file not in tried)])


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Nine people of the embedded set, six to learn from."""
    folder = tmp_path_factory.mktemp("aligned")
    write_pack(folder / "toy", *rendered(SIZE, identities_train=6, identities_test=3))
    return folder


@pytest.mark.slow  # fifteen small trainings and more
@pytest.mark.parametrize("name", forms())
def test_a_small_form_trains(name, faces, make_spec, tmp_path, record_property):
    preset = models.preset(name)
    own = {"backbone": "own"} if preset.own_backbone else {}
    # Steps enough for batch norms to forget where their running statistics began.
    recipe = {"epochs": 10, "batch_size": 8, "optimizer": "adam", "weight_decay": 0.0,
              "backbone_lr": 0.001, "heads_lr": 0.001}  # fmt: skip
    spec, start = make_spec(name, recipe | preset.recipe, **own)
    train_cell(spec, start, 0, tmp_path / "train", faces)
    history = pd.read_csv(tmp_path / "train" / "history.csv")["train_loss"]
    assert history.iloc[-3:].mean() < history.iloc[0]
    predictions = pd.read_parquet(tmp_path / "train" / "predictions.parquet")
    last = predictions[(predictions["selection"] == "last") & (predictions["split"] == "test")]
    logits = last.filter(like="logit_")
    record_property("right", float((logits.to_numpy().argmax(1) == last["label"]).mean()))
    assert logits.notna().all(axis=None)
    assert len(logits.drop_duplicates()) > len(logits) / 2  # faces are told apart


def test_derl_refuses_faces_whose_people_nobody_knows(aligned, make_spec, tmp_path):
    file = aligned / "toy" / "manifest.parquet"
    write_manifest(file, pd.read_parquet(file).assign(subject=None))
    spec, start = make_spec("derl_small", backbone="own")
    with pytest.raises(FerBenchError, match=r"neutral_face: .* who have no neutral face"):
        train_cell(spec, start, 0, tmp_path / "train", aligned)
    assert not (tmp_path / "train").exists()
