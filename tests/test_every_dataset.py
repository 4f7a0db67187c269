"""Every dataset of the paper, in miniature, from its archives to the columns of the tables."""

import csv
import importlib
import itertools
import json
import re
import sys
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from checkout import SMOKE, Checkout

from fer_bench.datasets import datasets
from fer_bench.errors import FerBenchError
from fer_bench.reports.paper import load_paper
from fer_bench.reports.scores import load_scores

sys.path.insert(0, str(Path(__file__).parent))

SOURCES = ("rafdb", "ferplus", "affectnet", "sfew", "fedro", "ckplus", "oulu_casia", "jaffe")
RECEIVED = (*SOURCES, "fer2013", "ckplus48", "challenge_lists", "caer_s", "expw")
FOLDED = ("ckplus", "oulu_casia")
MEASURED = ("baseline1", "scan_cci")  # other rows start from weights that need a licence
COMPETITORS = {
    "affectnet7": ("dan",),
    "affectnet7_rafdb": ("ran", "scn", "gacnn", "oadn", "eac"),
    "sfew": ("timm_resnet10t",),
}

# Minutes: thirty small trainings, five of them in four folds, each its own process.
pytestmark = pytest.mark.slow


def archives(name: str, folder: Path) -> list[str]:
    module = importlib.import_module(f"miniatures.{name}")
    if name not in FOLDED:
        return [str(path) for path in module.write(folder / name)]
    # Four of the ten people, so four folds, which is as much as any number: every expression is in.
    people = module.PEOPLE[:4]
    some = {key: value for key, value in module.SEQUENCES.items() if key[0] in people}
    with mock.patch.object(module, "SEQUENCES", some):
        return [str(path) for path in module.write(folder / name)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkout that holds every miniature, and what `add` said without --allow-partial."""
    folder = tmp_path_factory.mktemp("miniatures")
    checkout = Checkout(tmp_path_factory.mktemp("all"), "all", SMOKE.parent / "every_dataset.yaml")
    refusals = {}
    for name in RECEIVED:
        given = archives(name, folder)
        refused = checkout.here("data", "add", name, *given)
        assert isinstance(refused.exception, FerBenchError), refused.output
        refusals[name] = str(refused.exception)
        assert checkout.here("data", "add", name, *given, "--allow-partial").exit_code == 0
    return checkout, refusals


@pytest.fixture(scope="module")
def run(made):
    checkout, _ = made
    assert (
        checkout.here("pipelines").exit_code == 0
    )  # what rows start from decides what waits for what
    checkout("fer-bench", "sweep")
    return checkout


@pytest.mark.parametrize("name", RECEIVED)
def test_a_miniature_is_refused_as_incomplete_and_admitted_as_partial(made, name):
    checkout, refusals = made
    assert re.search("expected|published", refusals[name])
    assert "--allow-partial" in refusals[name]
    receipt = json.loads((checkout.folder / f"benchmarks/{name}/source.json").read_text())
    assert receipt["partial"] is True
    assert not list((checkout.folder / "data/raw").glob(".adding-*"))


def test_status_and_verify_know_them(made):
    checkout, _ = made
    shown = checkout.here("data", "status").output
    for name in RECEIVED:
        assert re.search(rf"\b{name}\b", shown)
    assert checkout.here("data", "verify", "rafdb").exit_code == 0


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 10])
def test_every_dataset_column_of_the_table_is_filled(run, number):
    enabled = {name: cells.model_dump() for name, cells in params_of(run.folder).enabled.items()}
    scores = load_scores(run.folder / "results/scores", enabled)
    ours = [
        place
        for place in load_paper(run.folder / "benchmarks/paper", number)
        if place.model.split("_from_")[0] in MEASURED and place.printed != "–"
    ]
    assert ours
    for place in ours:
        row = scores.get(place.dataset, place.model)
        where = (place.dataset, place.model, place.set, place.subset)
        assert row is not None, where
        assert row.summary("accuracy", place.set, place.subset, place.selection), where
    with open(run.folder / f"results/tables/table{number:02}.csv", newline="") as stream:
        assert list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("number", "sets", "models"),
    [
        (
            4,
            {"fedro"},
            {"ran": "RAN", "scn": "SCN", "gacnn": "gACNN", "oadn": "OADN", "eac": "EAC"},
        ),
        (6, {"ckplus7", "ckplus7_first_last", "oulu_casia", "jaffe"}, {"dan": "DAN"}),
    ],
)
def test_competitors_stand_measured_beside_what_is_reported(run, number, sets, models):
    tables = run.folder / "results/tables"
    found = pd.read_csv(tables / f"table{number:02}.csv")
    for model in models:
        own = found[(found["model"] == model) & found["last_accuracy_mean"].notna()]
        assert set(own["set"]) == sets
        assert own["last_accuracy_mean"].between(0, 100).all()
    shown = (tables / f"table{number:02}.md").read_text()
    assert all(f"| {label} " in shown for label in models.values())


@pytest.mark.parametrize(
    ("dataset", "row"), [(dataset, row) for dataset, rows in COMPETITORS.items() for row in rows]
)
def test_competitors_learn_and_answer(run, dataset, row):
    score = json.loads((run.folder / f"results/scores/{dataset}/{row}/0.json").read_text())
    losses = score["history"]["train_loss"]
    assert len(losses) == 2
    assert all(0 < loss < 100 for loss in losses)
    frame = pd.read_parquet(run.folder / f"runs/{dataset}/{row}/0/train/predictions.parquet")
    assert (frame.filter(like="logit_").std() > 0).all()  # not one answer for every face
    assert f"`{row}`" in (run.folder / "results/leaderboard/README.md").read_text()


def test_labels_that_scn_changed_are_recorded(run):
    folder = run.folder / "runs/affectnet7_rafdb/scn/0/train"
    changes = pd.read_parquet(folder / "relabels.parquet")
    assert len(changes)
    assert set(changes["epoch"]) <= {0, 1}
    assert (changes["before"] != changes["after"]).all()


def params_of(folder: Path):
    from fer_bench import params

    return params.load(folder / "params.yaml")


@pytest.mark.parametrize(
    ("dataset", "row"),
    [
        ("ckplus7", "scan_cci_from_affectnet7_rafdb"),
        ("ckplus8", "scan_cci_from_affectnet8_rafdb"),
        ("ckplus8", "baseline1"),
        ("oulu_casia", "scan_cci_from_affectnet7_rafdb"),
    ],
)
def test_a_cross_validated_cell_predicts_each_face_once(run, dataset, row):
    frame = pd.read_parquet(run.folder / f"runs/{dataset}/{row}/0/train/predictions.parquet")
    last = frame[(frame["selection"] == "last") & (frame["split"] == "test")]
    score = json.loads((run.folder / f"results/scores/{dataset}/{row}/0.json").read_text())
    assert last["face"].is_unique
    assert score["sets"][dataset]["last"]["all"]["n"] == len(last)
    assert sum(fold["n"] for fold in score["folds"]["last"]) == len(last)
    assert last["fold"].nunique() == len(score["folds"]["last"]) > 2


def test_everything_measured_on_a_part_says_so(run):
    for name, cells in params_of(run.folder).enabled.items():
        if name in SOURCES or name.startswith(("affectnet", "ckplus")):
            for row, seed in itertools.product(cells.models, cells.seeds):
                path = run.folder / f"results/scores/{name}/{row}/{seed}.json"
                assert json.loads(path.read_text())["partial"] is True
    for number in (1, 2, 3, 5, 10):
        assert "Partial" in (run.folder / f"results/tables/table{number:02}.md").read_text()


def test_every_dataset_was_audited(run):
    enabled = params_of(run.folder).enabled
    used = {name for name, cells in enabled.items() if cells.models or cells.transfer_models}
    used |= {name for cells in enabled.values() for name in cells.evaluate_on if cells.models}
    assert used <= set(datasets())
    for name in used:
        assert (run.folder / f"results/audit/{name}.md").stat().st_size > 0
    page = (run.folder / "results/audit/rafdb.md").read_text()
    for path in (run.folder / "data/raw/rafdb").rglob("*.jpg"):
        assert path.stem not in page  # no names of photographs


def test_models_are_compared_with_the_raters_of_ferplus(run):
    score = json.loads((run.folder / "results/scores/ferplus/scan_cci/0.json").read_text())
    raters = score["sets"]["ferplus"]["last"]["all"]["raters"]
    assert 0 <= raters["agreement"] <= raters["ceiling"] <= 1
    assert raters["human"] <= raters["ceiling"]
    assert "ferplus" in (run.folder / "results/tables/raters.md").read_text()


def test_photographs_are_examined_but_never_drawn_into_committed_figures(run):
    corrupted = json.loads((run.folder / "results/robustness/rafdb/scan_cci/0.json").read_text())
    assert corrupted["n"] > 0
    assert {"jpeg", "shift", "patch"} <= set(corrupted["corruptions"])
    for name in ("rafdb", "rafdb_masked"):
        assert (run.folder / f"results/explain/rafdb/scan_cci/0/{name}.json").is_file()
    drawn = {path.name for path in (run.folder / "results/galleries").glob("*.png")}
    assert {"rafdb_figure09.png", "rafdb_on_rafdb_masked_figure06.png"} <= drawn
    assert not run("git", "ls-files", "--others", "--exclude-standard", "results/galleries")


def test_challenge_lists_name_faces_once_and_as_listed(run):
    score = json.loads((run.folder / "results/scores/rafdb/scan_cci/0.json").read_text())
    parts = score["sets"]["rafdb"]["last"]
    assert parts["occluded_as_listed"]["n"] > parts["occluded"]["n"] > 0


def test_nothing_is_stale_afterwards(run):
    # A sweep leaves out identity where every row starts from scratch; plain DVC does not.
    ran = re.findall(r"Running stage '[^:]+:(\w+)", run("dvc", "repro"))
    assert set(ran) <= {"identity", "starts"}
    assert "Running stage" not in run("dvc", "repro")
