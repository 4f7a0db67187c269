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

FORMS = (
    "ma_net_small", "efficientface", "ddamfn_small", "arm", "micro_expnet", "iacnn", "poster_small",
    "poster_pp_small", "apvit_small", "transfer_fer_small", "dcs_small", "qcs_small", "fmpn_small",
    "derl_small", "ada_df",
)  # fmt: skip
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Nine people of the embedded set, six to learn from."""
    folder = tmp_path_factory.mktemp("aligned")
    write_pack(folder / "toy", *rendered(SIZE, identities_train=6, identities_test=3))
    return folder


@pytest.mark.slow  # fifteen small trainings
@pytest.mark.parametrize("name", FORMS)
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


def test_every_network_is_trained_here_or_stands_in_the_embedded_sets_scores():
    variants = params.load(ROOT / "params.yaml").variants
    scored = (row.name for row in (ROOT / "results" / "scores" / "synthetic").iterdir())
    tried = {*FORMS, *(variants[row].base if row in variants else row for row in scored)}
    families = {models.preset(name).module for name in tried if models.exists(name)}
    assert {models.preset(name).module for name in models.names()} <= families
    assert {name for name in models.names() if name.endswith("_small")} <= set(FORMS)


def test_derl_refuses_faces_whose_people_nobody_knows(aligned, make_spec, tmp_path):
    file = aligned / "toy" / "manifest.parquet"
    write_manifest(file, pd.read_parquet(file).assign(subject=None))
    spec, start = make_spec("derl_small", backbone="own")
    with pytest.raises(FerBenchError, match=r"neutral_face: .* who have no neutral face"):
        train_cell(spec, start, 0, tmp_path / "train", aligned)
    assert not (tmp_path / "train").exists()
