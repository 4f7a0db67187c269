"""Predictions kept in git give the scores again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from demo_scores import DATASETS

from fer_bench import cli
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import kept, score
from fer_bench.files import read_json
from fer_bench.rules import Protocol, read_protocol

RULES = Protocol(1, "ab" * 32)
KEPT = Path("results/predictions")
FIRST = KEPT / "ferplus/scan_cci/0"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "get_dataset", DATASETS.__getitem__)
    monkeypatch.setattr(kept, "is_partial", lambda _: False)


@pytest.mark.usefixtures("known")
def test_scores_are_made_again_without_weights_and_names(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "predictions"
    size = kept.keep(demo / "runs", "synthetic", out)
    assert size == sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    cells = list(kept.cells_of(out))
    assert ("synthetic", "scan_cci", 1) in cells
    kept.score_again(out, cells, tmp_path / "scores", RULES, demo / "faces", demo / "lists")
    made = {f.relative_to(demo / "scores"): f for f in (demo / "scores/synthetic").rglob("*.json")}
    assert len(made) == len(cells) == 24
    for name, file in made.items():
        assert (tmp_path / "scores" / name).read_bytes() == file.read_bytes()
    names = {file.name for file in out.rglob("*") if file.is_file()}
    assert names == {"predictions.parquet", "faces.json", "train.json", "history.csv"}


def test_nothing_trained_is_said(tmp_path: Path) -> None:
    with pytest.raises(FerBenchError, match="holds no trained cell: run `fer-bench sweep`"):
        kept.keep(tmp_path / "runs", "synthetic", tmp_path / "out")


@pytest.mark.parametrize(
    "said", [["score"], ["score", "synthetic"], ["score", "--from", "nowhere"]]
)
def test_the_command_says_what_it_needs(said: list[str], capsys: pytest.CaptureFixture) -> None:
    assert cli.run(said) == 1
    assert "predictions" in capsys.readouterr().err


def without_lists(score: dict, made: dict) -> dict:
    """A committed score as somebody makes it who does not hold the challenge lists."""
    for name, selections in score["sets"].items():
        for selection, parts in selections.items():
            lost = set(parts) - set(made["sets"][name][selection])
            assert lost in (set(), {"occluded", "pose_gt_30", "pose_gt_45"})
            for part in lost:
                del parts[part]
    return score


@pytest.mark.skipif(not FIRST.is_dir(), reason="not kept yet")
def test_committed_predictions_give_the_committed_scores(tmp_path: Path) -> None:
    cells = list(kept.cells_of(KEPT))
    some = cells[:: max(1, len(cells) // 8)]
    kept.score_again(KEPT, some, tmp_path, read_protocol(), Path("results/faces"))
    for dataset, row, seed in some:
        name = f"{dataset}/{row}/{seed}.json"
        made = read_json(tmp_path / name)
        assert made == without_lists(read_json(Path("results/scores", name)), made), name
    assert sum(f.stat().st_size for f in KEPT.rglob("*") if f.is_file()) <= 40e6


@pytest.mark.skipif(not FIRST.is_dir(), reason="not kept yet")
def test_the_few_lines_of_the_readme_give_the_scores_numbers(
    capsys: pytest.CaptureFixture,
) -> None:
    text = (KEPT / "README.md").read_text(encoding="utf-8")
    exec(text.split("```python")[1].split("```")[0], {})
    said = dict(line.rsplit(" ", 1) for line in capsys.readouterr().out.splitlines())
    score = json.loads(Path("results/scores/ferplus/scan_cci/0.json").read_text())
    parts = score["sets"]["ferplus"]["last"]
    for name, part in (("all", "all"), ("without duplicates", "without_duplicates")):
        assert float(said[name]) == pytest.approx(100 * parts[part]["accuracy"])
