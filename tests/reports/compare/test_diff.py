"""What changed in scores against another revision, in a real git repository."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from fixed_scores import metrics, write_cell

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, write_json
from fer_bench.reports.compare.diff import diff_markdown

LISTS: dict[str, list[Any]] = {"evaluate_on": [], "init_from": [], "transfer_models": []}
ENABLED: dict[str, dict[str, list[Any]]] = {
    "synthetic": {
        **LISTS, "models": ["baseline1", "scan_cci", "scan_cci_shared"], "seeds": [0, 1],
        "evaluate_on": ["synthetic_masked"],
    },
    "rafdb": {**LISTS, "models": [], "seeds": []},
}  # fmt: skip


def git(folder: Path, *command: str) -> str:
    author = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    done = subprocess.run(
        ["git", *author, *command], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def write(scores: Path, model: str, seed: int, accuracy: float, name: str = "synthetic") -> None:
    sets = {name: {"all": metrics(accuracy)}}
    write_cell(scores, name, model, seed, sets, extra={"predictions_sha256": {"test": "aa"}})


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A clone whose first commit, tagged `start`, has three rows here and one elsewhere."""
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q")
    for model, accuracies in (
        ("baseline1", (0.70, 0.72)), ("scan_cci", (0.80, 0.82)), ("scan_cci_shared", (0.79, 0.81)),
    ):  # fmt: skip
        for seed, accuracy in enumerate(accuracies):
            write(folder / "results/scores", model, seed, accuracy)
    write(folder / "results/scores", "scan_cci", 0, 0.88, "rafdb")
    (folder / "params.yaml").write_text(yaml.safe_dump({"enabled": ENABLED}))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "scores")
    git(folder, "tag", "start")
    return folder


Report = Callable[..., str]


@pytest.fixture
def report(repo: Path) -> Report:
    def made(base: str = "start", enabled: Any = ENABLED, **options: Any) -> str:
        return diff_markdown(repo, base, repo / "results/scores", enabled, **options)

    return made


def line(text: str, row: str) -> list[str]:
    found = next(one for one in text.splitlines() if one.startswith(f"| {row} "))
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_one_sentence_where_nothing_changed(repo, report):
    commit = git(repo, "rev-parse", "--short=8", "start")
    assert report() == f"No score changed against `start` ({commit}): 4 rows compared.\n"


def test_a_changed_row(repo, report):
    write(repo / "results/scores", "scan_cci", 1, 0.825)
    text = report()
    # 80.00 and 82.00 before, 80.00 and 82.50 now; std 1.41 and 1.77: no mark.
    assert line(text, "synthetic / `scan_cci`")[1:] == [
        "81.00 ± 1.41", "81.25 ± 1.77", "+0.25", "2", "",
    ]  # fmt: skip
    assert "1 changed." in text
    assert "3 rows unchanged." in text
    assert "`baseline1`" not in text


def test_a_change_outside_two_standard_deviations_stands_first_and_marked(repo, report):
    write(repo / "results/scores", "scan_cci", 1, 0.825)
    for seed, accuracy in enumerate((0.66, 0.68)):  # −4.00; two of the larger std are 2.83
        write(repo / "results/scores", "baseline1", seed, accuracy)
    text = report()
    assert line(text, "synthetic / `baseline1`")[3:] == ["**−4.00** ▼", "2", "outside 2 std"]
    assert text.index("`baseline1`") < text.index("`scan_cci`")
    assert "2 changed (1 outside 2 std)" in text


def test_exactly_two_standard_deviations_are_not_outside(repo, report):
    scores = repo / "results/scores"
    for seed, accuracy in enumerate((0.70, 0.71, 0.72)):  # std 1.00
        write(scores, "baseline3", seed, accuracy, "rafdb")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "three seeds")
    for seed, accuracy in enumerate((0.72, 0.73, 0.74)):
        write(scores, "baseline3", seed, accuracy, "rafdb")
    assert line(report("HEAD"), "rafdb / `baseline3`")[3:] == ["+2.00", "3", ""]
    write(scores, "baseline3", 1, 0.7304, "rafdb")
    assert "▲" in line(report("HEAD"), "rafdb / `baseline3`")[3]


def test_a_marked_change_stands_before_a_larger_one(repo, report):
    for seed, accuracy in enumerate((0.5, 0.9)):
        write(repo / "results/scores", "scan_cci", seed, accuracy)
    for seed, accuracy in enumerate((0.66, 0.68)):
        write(repo / "results/scores", "baseline1", seed, accuracy)
    text = report()
    assert line(text, "synthetic / `scan_cci`")[3:] == ["−11.00", "2", ""]
    assert text.index("`baseline1`") < text.index("`scan_cci`")


def test_a_seed_less(repo, report):
    enabled = copy.deepcopy(ENABLED)
    enabled["synthetic"]["seeds"] = [1]
    assert line(report(enabled=enabled), "synthetic / `scan_cci`")[1:5] == [
        "81.00 ± 1.41", "82.00 ± –", "+1.00", "2 → 1",
    ]  # fmt: skip


def test_one_seed_is_never_marked(repo, report):
    write(repo / "results/scores", "scan_cci", 0, 0.50, "rafdb")
    assert line(report(), "rafdb / `scan_cci`")[1:] == ["88.00 ± –", "50.00 ± –", "−38.00", "1", ""]


def test_new_removed_and_dropped_rows(repo, report):
    scores = repo / "results/scores"
    write(scores, "scan_cci_sa", 0, 0.75)
    write(scores, "left_over", 0, 0.99)
    (scores / "rafdb/scan_cci/0.json").unlink()
    enabled = copy.deepcopy(ENABLED)
    enabled["synthetic"]["models"] = ["baseline1", "scan_cci", "scan_cci_sa"]
    text = report(enabled=enabled)
    assert line(text, "synthetic / `scan_cci_sa`")[1:] == ["–", "75.00 ± –", "–", "1", "new"]
    assert line(text, "rafdb / `scan_cci`")[1:] == ["88.00 ± –", "–", "–", "1", "removed"]
    # The file still lies there, but params name it no longer.
    assert line(text, "synthetic / `scan_cci_shared`")[-1] == "removed"
    assert "left_over" not in text
    assert "1 new, 2 removed." in text


def test_what_was_left_over_before_is_not_called_removed(repo, report):
    write(repo / "results/scores", "left_over", 0, 0.99)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "a file that params do not name")
    (repo / "results/scores/synthetic/left_over/0.json").unlink()
    assert "No score changed" in report("HEAD")


def test_a_seed_more(repo, report):
    write(repo / "results/scores", "scan_cci", 2, 0.84)
    enabled = copy.deepcopy(ENABLED)
    enabled["synthetic"]["seeds"] = [0, 1, 2]
    assert line(report(enabled=enabled), "synthetic / `scan_cci`")[1:5] == [
        "81.00 ± 1.41", "82.00 ± 2.00", "+1.00", "2 → 3",
    ]  # fmt: skip
    assert "`baseline1`" not in report(enabled=enabled)


def test_other_predictions_with_equal_accuracy(repo, report):
    file = repo / "results/scores/synthetic/scan_cci/0.json"
    cell = read_json(file)
    write_json(file, {**cell, "predictions_sha256": {"test": "bb"}})
    text = report()
    assert line(text, "synthetic / `scan_cci`")[3:] == [
        "+0.00", "2", "other predictions, equal accuracy",
    ]  # fmt: skip
    assert "1 with other predictions and equal accuracy" in text


def test_a_new_metric_is_no_changed_score(repo, report):
    file = repo / "results/scores/synthetic/scan_cci/0.json"
    write_json(file, {**read_json(file), "new": 1})
    text = report()
    assert text.startswith("No accuracy changed against `start`")
    assert "In 1 row accuracy and predictions are the same" in text


def test_other_sets_have_rows_of_their_own(repo, report):
    file = repo / "results/scores/synthetic/scan_cci/0.json"
    cell = read_json(file)
    cell["sets"]["synthetic_masked"] = {"last": {"all": metrics(0.5)}}
    cell["sets"]["not_evaluated"] = {"last": {"all": metrics(0.6)}}
    write_json(file, cell)
    text = report()
    assert line(text, "synthetic → synthetic_masked / `scan_cci`")[2] == "50.00 ± –"
    assert "not_evaluated" not in text


def test_long_tables_are_cut_and_the_rest_counted(repo, report):
    enabled = copy.deepcopy(ENABLED)
    for number in range(12):
        write(repo / "results/scores", f"row{number:02}", 0, 0.5)
        enabled["synthetic"]["models"].append(f"row{number:02}")
    write(repo / "results/scores", "scan_cci", 1, 0.9)
    text = report(enabled=enabled, lines=5)
    assert len([one for one in text.splitlines() if one.startswith("| synthetic")]) == 5
    assert "`scan_cci`" in text
    assert "… and 8 more rows: 8 new." in text


def test_older_files_and_an_older_params_file(repo, report):
    """A base whose files lack what was added later, and one file that is none."""
    scores = repo / "results/scores"
    for file in scores.glob("*/*/*.json"):
        cell = read_json(file)
        kept = {"accuracy": cell["sets"][cell["dataset"]]["last"]["all"]["accuracy"]}
        write_json(file, {"sets": {cell["dataset"]: {"last": {"all": kept}}}})
    (scores / "synthetic/baseline1/0.json").write_text("[")
    (repo / "params.yaml").write_text("enabled: [synthetic]\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "old")
    git(repo, "checkout", "-q", "start", "--", "results")
    text = report("HEAD")
    assert line(text, "synthetic / `baseline1`")[1:5] == [
        "72.00 ± –", "71.00 ± 1.41", "−1.00", "1 → 2",
    ]  # fmt: skip
    assert "1 file of the revision could not be read" in text
    assert "other predictions" in text  # nothing is known of them, and not called equal


def test_robustness_is_compared_where_asked(repo, report):
    folder = repo / "results/robustness"
    file = folder / "synthetic/scan_cci/0.json"
    write_json(file, {"mean_corruption_accuracy": 0.5, "flip_rate": 0.1})
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "robustness")
    assert "No score changed" in report("HEAD", robustness_dir=folder)
    write_json(file, {"mean_corruption_accuracy": 0.45, "flip_rate": 0.1})
    text = report("HEAD", robustness_dir=folder)
    assert "**Mean accuracy on corrupted faces**, percent: 1 changed." in text
    assert line(text, "synthetic / `scan_cci`")[1:4] == ["50.00 ± –", "45.00 ± –", "−5.00"]
    assert "No score changed" in report("HEAD")


def test_a_base_without_scores(repo, report):
    git(repo, "rm", "-rq", "--cached", "results")
    git(repo, "commit", "-qm", "none")
    assert "4 new." in report("HEAD")


def test_from_a_folder_below(repo):
    text = diff_markdown(repo / "results", "start", repo / "results/scores", ENABLED)
    assert "No score changed" in text


def test_an_unknown_revision(report):
    with pytest.raises(FerBenchError, match=r"revision 'nowhere': run `git fetch`"):
        report("nowhere")
    with pytest.raises(FerBenchError, match="revision '--all'"):
        report("--all")


def test_a_shallow_clone_is_told_how_to_fetch(repo, tmp_path):
    git(repo, "commit", "-qm", "more", "--allow-empty")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-tags", f"file://{repo}", str(shallow))
    with pytest.raises(FerBenchError, match=r"shallow.*--unshallow.*fetch-depth: 0"):
        diff_markdown(shallow, "HEAD~1", shallow / "results/scores", ENABLED)


def test_no_repository(tmp_path):
    with pytest.raises(FerBenchError, match="not in a git repository"):
        diff_markdown(tmp_path, "HEAD", tmp_path / "results/scores", ENABLED)


def test_no_git(repo, report, monkeypatch):
    monkeypatch.setenv("PATH", str(repo))
    with pytest.raises(FerBenchError, match="git was not found"):
        report()


def test_scores_outside_the_repository(repo, tmp_path):
    with pytest.raises(FerBenchError, match="outside the git repository"):
        diff_markdown(repo, "start", tmp_path / "scores", ENABLED)


def test_a_broken_file_here_is_told(repo, report):
    (repo / "results/scores/synthetic/scan_cci/0.json").write_text("{}")
    with pytest.raises(FerBenchError, match=r"scan_cci/0\.json is no result file"):
        report()
