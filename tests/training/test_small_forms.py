"""The small forms of the rivals learn in the benchmark's own loop."""

import pandas as pd
import pytest
from toy_pack import SIZE

from fer_bench import models
from fer_bench.datasets.pack import write_manifest
from fer_bench.errors import FerBenchError
from fer_bench.faces.face_points import face_points
from fer_bench.training.train import train_cell

FORMS = (
    "ma_net_small", "efficientface", "ddamfn_small", "arm", "micro_expnet", "iacnn", "poster_small",
    "poster_pp_small", "apvit_small", "transfer_fer_small", "fmpn_small", "derl_small",
)  # fmt: skip


@pytest.mark.slow  # a dozen small trainings
@pytest.mark.parametrize("name", FORMS)
def test_a_small_form_trains(name, aligned, make_spec, tmp_path):
    manifest = pd.read_parquet(aligned / "toy" / "manifest.parquet")
    points = face_points([None] * len(manifest), SIZE).reshape(len(manifest), -1)
    write_manifest(aligned / "toy" / "manifest.parquet", manifest.assign(points=list(points)))
    own = {"backbone": "own"} if models.preset(name).own_backbone else {}
    # Steps enough for batch norms to forget where their running statistics began.
    recipe = {"epochs": 10, "batch_size": 8, "backbone_lr": 0.01, "heads_lr": 0.01}
    spec, start = make_spec(name, recipe, **own)
    train_cell(spec, start, 0, tmp_path / "train", aligned)
    history = pd.read_csv(tmp_path / "train" / "history.csv")["train_loss"]
    assert history.iloc[-3:].mean() < history.iloc[0]
    predictions = pd.read_parquet(tmp_path / "train" / "predictions.parquet")
    last = predictions[(predictions["selection"] == "last") & (predictions["split"] == "test")]
    logits = last.filter(like="logit_")
    assert logits.notna().all(axis=None)
    assert len(logits.drop_duplicates()) > len(logits) / 2  # faces are told apart


def test_every_named_small_form_is_tried():
    assert {name for name in models.names() if name.endswith("_small")} <= set(FORMS)


def test_derl_refuses_faces_whose_people_nobody_knows(aligned, make_spec, tmp_path):
    file = aligned / "toy" / "manifest.parquet"
    write_manifest(file, pd.read_parquet(file).assign(subject=None))
    spec, start = make_spec("derl_small", backbone="own")
    with pytest.raises(FerBenchError, match=r"neutral_face: .* who have no neutral face"):
        train_cell(spec, start, 0, tmp_path / "train", aligned)
    assert not (tmp_path / "train").exists()
