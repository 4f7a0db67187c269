"""The competitors through the whole pipeline, on rendered faces: trained, scored, in the tables."""

import pandas as pd
import pytest
import yaml
from checkout import SMOKE, Checkout

from fer_bench.files import read_json

ROWS = ("ran", "scn_soon", "gacnn_identity", "oadn", "eac", "dan", "timm_resnet10t")
LABELS = {"ran": "RAN", "gacnn_identity": "gACNN (our identities)", "oadn": "OADN", "eac": "EAC",
          "dan": "DAN"}  # fmt: skip

# About two minutes: seven cells are trained and scored, each command in a process of its own.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    params = yaml.safe_load(SMOKE.read_text())
    params["datasets"]["synthetic"]["weights"]["msceleb"] = "identity"
    params["variants"] = {
        "scn_soon": {"base": "scn", "model": {"relabel_from": 0, "relabel_margin": 0.0}},
        "gacnn_identity": {"base": "gacnn", "model": {"pretrained": "identity"}},
    }
    nothing = {"robustness": [], "explain": [], "init_from": [], "transfer_models": []}
    params["enabled"]["synthetic"] = nothing | {
        "models": ["scan_cci", *ROWS], "seeds": [0], "evaluate_on": [],
    }  # fmt: skip
    params["enabled"]["synthetic_masked"] = params["enabled"]["rafdb"]
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(yaml.safe_dump(params))
    checkout = Checkout(tmp_path_factory.mktemp("competitors"), "competitors", file)
    checkout("dvc", "repro")
    return checkout


@pytest.mark.parametrize("row", ROWS)
def test_each_is_trained_and_scored(grid, row):
    score = read_json(grid.folder / f"results/scores/synthetic/{row}/0.json")
    losses = score["history"]["train_loss"]
    assert len(losses) == 2
    assert all(0 < loss < 100 for loss in losses)
    predictions = pd.read_parquet(grid.folder / f"runs/synthetic/{row}/0/train/predictions.parquet")
    logits = predictions.filter(like="logit_").to_numpy()
    assert len(logits)
    assert (logits.std(axis=0) > 0).all()  # not one answer for every face


def test_labels_that_scn_changed_are_recorded(grid):
    changes = pd.read_parquet(grid.folder / "runs/synthetic/scn_soon/0/train/relabels.parquet")
    assert set(changes["epoch"]) <= {0, 1}
    assert (changes["before"] != changes["after"]).all()


def test_tables_and_the_page_show_them_beside_scan_cci(grid):
    for table in ("table02", "table03"):
        page = (grid.folder / f"results/tables/{table}.md").read_text()
        for label in ("SCAN-CCI", *LABELS.values()):
            assert f"| {label} " in page, (table, label)
    board = (grid.folder / "results/leaderboard/README.md").read_text()
    for row in ROWS:
        assert f"`{row}`" in board
