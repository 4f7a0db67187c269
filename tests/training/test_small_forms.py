"""The small forms of the rivals learn in the benchmark's own loop."""

import pandas as pd
import pytest
from rendered_pack import rendered, write_pack
from toy_pack import SIZE

from fer_bench import models
from fer_bench.datasets.pack import write_manifest
from fer_bench.errors import FerBenchError
from fer_bench.faces.face_points import face_points
from fer_bench.training.train import train_cell

FORMS = (
    "ma_net_small", "efficientface", "ddamfn_small", "arm", "micro_expnet", "iacnn", "poster_small",
    "poster_pp_small", "apvit_small", "transfer_fer_small", "dcs_small", "qcs_small", "fmpn_small",
    "derl_small",
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


@pytest.mark.slow  # ten seconds of drawing, and half a minute of training each
@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("fmpn_small", {"optimizer": "adam", "weight_decay": 0.0, "epochs": 8,
                        "backbone_lr": 0.002, "heads_lr": 0.002}),
        ("derl_small", {"epochs": 10, "backbone_lr": 0.05, "heads_lr": 0.03}),
    ],
)  # fmt: skip
def test_who_learns_to_draw_tells_drawn_strangers_expressions(name, recipe, make_spec, tmp_path):
    drawn = rendered(SIZE, identities_train=70, identities_test=30)
    write_pack(tmp_path / "packs" / "toy", *drawn)
    recipe = recipe | {"jitter": [0.12, 0.09, 0.08, 0.0]}  # as params.yaml has it for drawn faces
    own = {"backbone": models.preset(name).defaults["backbone"]}
    spec, start = make_spec(name, recipe, **own)
    train_cell(spec, start, 0, tmp_path / "train", tmp_path / "packs")
    history = pd.read_csv(tmp_path / "train" / "history.csv")
    assert history["test_accuracy"].iloc[-1] > 0.25  # of 210 faces, where guessing gives 0.14


def test_derl_refuses_faces_whose_people_nobody_knows(aligned, make_spec, tmp_path):
    file = aligned / "toy" / "manifest.parquet"
    write_manifest(file, pd.read_parquet(file).assign(subject=None))
    spec, start = make_spec("derl_small", backbone="own")
    with pytest.raises(FerBenchError, match=r"neutral_face: .* who have no neutral face"):
        train_cell(spec, start, 0, tmp_path / "train", aligned)
    assert not (tmp_path / "train").exists()
