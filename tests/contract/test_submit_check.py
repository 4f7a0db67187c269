"""`fer-bench models submit-check`: what a pull request with a new row lacks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fer_bench.contract.submit_check import submit_check
from fer_bench.errors import FerBenchError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Committed scores and predictions of a row with five seeds, as if it were a new one."""
    for name in ("results/scores", "results/predictions"):
        shutil.copytree(ROOT / name / "ferplus/baseline1", tmp_path / name / "ferplus/baseline1")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/protocol.md", tmp_path / "docs")
    return tmp_path


def edit(project: Path, seed: int, **training: object) -> None:
    file = project / f"results/scores/ferplus/baseline1/{seed}.json"
    score = json.loads(file.read_text())
    score["training"] |= training
    file.write_text(json.dumps(score))


def test_a_complete_row_lacks_nothing(project: Path) -> None:
    assert submit_check("baseline1", project) == {"ferplus": []}
    with pytest.raises(FerBenchError, match="'my_net' has no score"):
        submit_check("my_net", project)


def test_what_is_missing_is_named_with_the_next_step(project: Path) -> None:
    (project / "results/scores/ferplus/baseline1/4.json").unlink()
    shutil.rmtree(project / "results/predictions/ferplus/baseline1/0")
    (project / "results/predictions/ferplus/baseline1/1/train/predictions.parquet").write_text("x")
    edit(project, 2, spec_sha256="ab" * 32)
    edit(project, 3, base="my_net", recipe=None)
    said = submit_check("baseline1", project)["ferplus"]
    assert [text.split(":")[0].rpartition("/")[2] for text in said] == [
        "no card",
        "no recipe is recorded",
        "its seeds were run with different settings",
        "4 of 5 seeds, too few for a verdict",
        "predictions.parquet is missing",
        "predictions.parquet is not what was scored",
    ]


def test_seeds_that_did_not_train_are_named(project: Path) -> None:
    file = project / "results/scores/ferplus/baseline1/3.json"
    score = json.loads(file.read_text())
    part = score["sets"]["ferplus"]["last"]["all"]
    part["confusion"] = [[sum(row), *[0] * (len(row) - 1)] for row in part["confusion"]]
    file.write_text(json.dumps(score))
    said = submit_check("baseline1", project)["ferplus"]
    assert [text for text in said if "did not train" in text] == [
        "seed 3 did not train: one class for 100 % of its test faces; no mean counts it"
    ]
