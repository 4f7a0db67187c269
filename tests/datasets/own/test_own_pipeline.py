"""A set of one's own through the pipeline, as a new user would: three forms, and one training."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from checkout import Checkout
from miniatures import my_faces

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json
from fer_bench.labels import SEVEN

# A project that is cloned, three sets that are added, a sweep: about a minute.
pytestmark = pytest.mark.slow

FORMS = {"my_faces": "folders", "listed": "csv", "packed": "embedded"}
SMALL = {
    "align": {"size": 80},
    "dataset": {
        "model": {"backbone": "resnet18_slim"},
        "recipe": {"epochs": 1, "batch_size": 8, "backbone_lr": 0.05, "heads_lr": 0.03},
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A clone that holds a set in each of three forms, and what `add` said of each."""
    folder = tmp_path_factory.mktemp("own")
    checkout = Checkout(folder / "clone", "clone")
    said = {}
    for name, form in FORMS.items():
        given = my_faces.FORMS[form](folder / name)
        done = checkout.here("data", "add", name, str(given))
        assert done.exit_code == 0, done.output
        said[name] = done.output
    path = checkout.folder / "params.yaml"
    text = path.read_text()
    # What a person does: the printed lines in place of the set's, and small options for a CPU.
    printed = re.search(r"^enabled:\n(  my_faces:\n(?:    .*\n)+)", said["my_faces"], re.MULTILINE)
    text, replaced = re.subn(r"  my_faces:\n    \{.*\n.*\}\n", printed[1], text)
    assert replaced == 1
    params = yaml.safe_load(text)
    for name in FORMS:
        params["align"][name] = SMALL["align"]
    params["datasets"]["my_faces"] = SMALL["dataset"]
    params["enabled"]["my_faces"]["evaluate_on"] = ["listed", "my_faces_masked"]
    path.write_text(yaml.safe_dump(params, sort_keys=False))
    assert checkout.here("check").exit_code == 0
    return checkout, said


def test_params_keep_their_comments_and_get_an_entry_each(project):
    checkout, said = project
    first = (checkout.folder / "params.yaml").read_text()
    for name in FORMS:
        for end in ("", "_masked", "_masked_mixed"):
            assert f"{name}{end}" in first
            assert (checkout.folder / f"benchmarks/{name}{end}/dvc.yaml").is_file()
        assert "-> happiness (4)" in said[name]


def test_every_form_is_aligned_and_one_is_trained_and_scored(project):
    checkout, _ = project
    score, align = "my_faces/dvc.yaml:score@baseline1-0", "packed/dvc.yaml:align"
    checkout("fer-bench", "sweep", f"benchmarks/{score}", f"benchmarks/{align}")
    packs = [pd.read_parquet(checkout.folder / f"data/aligned/{name}/manifest.parquet")
             for name in FORMS]  # fmt: skip
    pixels = [frame.sort_values("source_sha256")["source_sha256"].tolist() for frame in packs]
    assert pixels[0] == pixels[1] == pixels[2]
    assert len(pixels[0]) == 28
    labels = [dict(zip(f["source_sha256"], f["label"], strict=True)) for f in packs]
    assert labels[0] == labels[1] == labels[2]
    score = read_json(checkout.folder / "results/scores/my_faces/baseline1/0.json")
    assert score["training"]["classes"] == list(SEVEN)
    assert score["partial"] is False
    assert {"my_faces", "listed", "my_faces_masked"} == set(score["sets"])
    assert score["sets"]["my_faces"]["last"]["all"]["n"] == 7
    assert "4 people in 28 faces" in (checkout.folder / "results/audit/listed.md").read_text()
    assert checkout.here("leaderboard").exit_code == 0
    assert "my_faces" in (checkout.folder / "results/leaderboard/README.md").read_text()


def test_a_lost_picture_stops_align_with_its_name_and_may_be_accepted(project):
    checkout, _ = project
    assert checkout.here("align", "packed").exit_code == 0
    lost = next((checkout.folder / "data/raw/packed/images").rglob("*0000003.png"))
    lost.unlink()
    refused = checkout.here("align", "packed").exception
    assert isinstance(refused, FerBenchError)
    assert f"{lost.name} is missing" in str(refused)
    assert checkout.here("data", "verify", "packed", "--accept").exit_code == 0
    assert checkout.here("align", "packed").exit_code == 0
    receipt = read_json(checkout.folder / "benchmarks/packed/source.json")
    assert receipt["partial"] is True
    assert lost.name not in (checkout.folder / "benchmarks/packed/source.json").read_text()


def test_a_definition_without_its_entry_in_params_is_noticed(project):
    checkout, _ = project
    path = checkout.folder / "params.yaml"
    text = path.read_text()
    params = yaml.safe_load(text)
    del params["enabled"]["listed"]
    path.write_text(yaml.safe_dump(params, sort_keys=False))
    refused = checkout.here("check").exception
    assert isinstance(refused, FerBenchError)
    assert "enabled.listed: missing" in str(refused)
    path.write_text(text)


def test_nothing_of_the_pictures_is_for_git(project):
    checkout, _ = project
    new = checkout("git", "ls-files", "--others", "--exclude-standard").split()
    assert not [name for name in new if name.endswith((".png", ".parquet", ".sha256"))]
    for name in new:
        if name.endswith((".yaml", ".json", ".md")):
            assert "9000" not in (checkout.folder / name).read_text(), name
