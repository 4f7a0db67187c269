"""The leaderboard's files: what they say, that they hang together, and that they are repeatable."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import demo_scores
import pandas as pd
import pytest
from fixed_scores import metrics, write_cell, write_fixed

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, write_json, write_text
from fer_bench.reports import describe
from fer_bench.reports.compare.same_faces import row_intervals, row_key
from fer_bench.reports.formatting import percent
from fer_bench.reports.leaderboard import build_leaderboard
from fer_bench.reports.leaderboard.charts import axis
from fer_bench.reports.leaderboard.html import script
from fer_bench.reports.leaderboard.naming import page_of
from fer_bench.reports.scores import load_scores
from fer_bench.statistics.wording import VERDICTS

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parents[1] / "golden" / "leaderboard.md"
REPORTED = ROOT / "benchmarks" / "reported"
PAPER = ROOT / "benchmarks" / "paper"


@pytest.fixture(scope="module")
def board(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the invented grid, with what papers report; read only."""
    out = tmp_path_factory.mktemp("pages") / "leaderboard"
    build_leaderboard(
        demo / "scores", demo_scores.ENABLED, out, reported_dir=REPORTED, paper_dir=PAPER
    )
    return out


class Page(HTMLParser):
    """A page's rows of cells by table, its links and its ids."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._in_cell = False
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [v for k in ("href", "src") if (v := given.get(k)) is not None]
        self.ids += [v for k in ("id",) if (v := given.get(k)) is not None]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.tables[-1][-1][-1] += data


@pytest.fixture
def no_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden files must not change when a dataset's title is reworded."""
    monkeypatch.setattr(describe, "datasets", dict)


@pytest.mark.usefixtures("no_titles")
def test_golden_markdown(tmp_path: Path) -> None:
    """Ties share a rank and stand by name; a single seed has no spread."""
    enabled = write_fixed(tmp_path / "scores")
    build_leaderboard(tmp_path / "scores", enabled, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_equal_scores_give_equal_bytes(demo: Path, board: Path, tmp_path: Path) -> None:
    again = tmp_path / "leaderboard"
    build_leaderboard(demo / "scores", demo_scores.ENABLED, again, reported_dir=REPORTED,
                      paper_dir=PAPER, cache_dir=tmp_path / "cache")  # fmt: skip
    files = {f.relative_to(board): f.read_bytes() for f in board.rglob("*") if f.is_file()}
    assert files == {f.relative_to(again): f.read_bytes() for f in again.rglob("*") if f.is_file()}
    assert not [name for name, text in files.items() if str(ROOT).encode() in text]


def test_every_link_and_anchor_leads_somewhere_inside(board: Path) -> None:
    pages = {file: Page(file) for file in board.rglob("*.html")}
    assert len(pages) > 10
    for file, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), f"{file.name} repeats an id"
        for link in page.links:
            path, _, name = link.partition("#")
            assert not re.match(r"\w+://|//", link), f"{file.name} reaches out to {link}"
            target = (file.parent / path) if path else file
            if link == "data:,":
                continue
            assert target.is_file(), f"{file.name} links to {link}"
            if name and "=" not in name:
                assert name in pages[target].ids, f"{file.name} links to {link}"
    for name in ("style.css", "page.js"):
        text = (board / name).read_text(encoding="utf-8")
        assert "url(" not in text
        assert "@import" not in text
        assert not re.search(r"\bfetch\b|XMLHttpRequest|import\(", text)


def test_the_csv_has_every_track(board: Path) -> None:
    frame = pd.read_csv(board / "leaderboard.csv")
    table = Page(board / "index.html").tables[0]
    track = frame.query("set == 'synthetic' and selection == 'last' and kind == 'measured'")
    assert track["model"].tolist() == [line[1].split()[0] for line in table[1:]]
    assert track["rank"].tolist() == sorted(track["rank"])
    assert (track["accuracy_low"] < track["accuracy_mean"]).all()
    assert {"last", "best_on_val", "best_on_test"} == set(frame["selection"])


def test_the_index_has_the_numbers_of_the_scores(demo: Path, board: Path) -> None:
    table = Page(board / "index.html").tables[0]
    places = {name.strip(): i for i, name in enumerate(table[0])}
    for cells in table[1:]:
        model = cells[places["Model"]].split()[0]
        files = sorted((demo / "scores" / "synthetic" / model).glob("*.json"))
        parts = [read_json(f)["sets"]["synthetic"]["last"]["all"] for f in files]
        mean = sum(p["accuracy"] for p in parts) / len(parts)
        assert float(cells[places["Accuracy"]].split()[0]) == pytest.approx(100 * mean, abs=0.006)
        low, high = map(float, cells[places["95 % interval"]].split(" to "))
        assert low < 100 * mean < high
        f1 = sum(p["macro_f1"] for p in parts) / len(parts)
        assert float(cells[places["Macro-F1"]]) == pytest.approx(100 * f1, abs=0.006)
        assert cells[places["Seeds"]].strip() == str(len(files))
    assert len(table) - 1 == len(demo_scores.ENABLED["synthetic"]["models"])


def test_the_model_page_has_the_confusion_counts_of_the_scores(demo: Path, board: Path) -> None:
    tables = Page(board / "models" / "scan_cci.html").tables
    shown = next(t for t in tables if t[0][0] == "true \\ answer")
    files = sorted((demo / "scores" / "synthetic" / "scan_cci").glob("*.json"))
    parts = [read_json(f)["sets"]["synthetic"]["last"]["all"] for f in files]
    for i, line in enumerate(shown[1:]):
        counts = [sum(p["confusion"][i][j] for p in parts) for j in range(7)]
        for j, text in enumerate(line[1:]):
            share = round(100 * counts[j] / sum(counts))
            assert (
                text == f"{share}{counts[j]}" or abs(100 * counts[j] / sum(counts) % 1 - 0.5) < 1e-9
            )
    assert [line[0] for line in shown[1:]] == shown[0][1:]


def test_the_model_page_has_intervals_of_balanced_accuracy_and_macro_f1(
    demo: Path, board: Path
) -> None:
    row = load_scores(demo / "scores", demo_scores.ENABLED).get("synthetic", "scan_cci")
    assert row is not None
    found = row_intervals([row], "synthetic")[row_key(row)]
    page = (board / "models" / "scan_cci.html").read_text(encoding="utf-8")
    for metric in ("balanced_accuracy", "macro_f1"):
        summary = row.summary(metric, "synthetic")
        assert summary is not None
        low, high = (percent(found[metric][end]) for end in ("low", "high"))
        assert f"{percent(summary.mean)} ({low} to {high})" in page


def test_reported_numbers_are_beside_and_never_among_the_measured(board: Path) -> None:
    text = (board / "README.md").read_text(encoding="utf-8")
    section = text.split("## rafdb: RAF-DB")[1].split("\n## ")[0]
    assert "Reported, not run here" in section
    assert "chosen on the test set" in section
    assert "| Rank" not in section
    line = next(row for row in section.splitlines() if row.startswith("| PAtt-Lite"))
    assert "disputed: claimed, but others found a fault" in line
    assert "| SCAN-CCI " in section  # from the paper's own table, written down once
    assert not [f for f in REPORTED.glob("*.csv") if "SCAN-CCI," in f.read_text(encoding="utf-8")]


def test_every_pair_of_a_track_is_in_the_compare_page(demo: Path, board: Path) -> None:
    text = (board / "compare.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*)</script>', text)[1])  # type: ignore[index]
    track = next(t for t in data["tracks"] if t["key"] == "synthetic")
    n = len(demo_scores.ENABLED["synthetic"]["models"])
    assert len(track["entries"]) == n
    assert len(track["pairs"]) == n * (n - 1) // 2
    names = [name for name, _ in data["models"]]
    for key, pair in track["pairs"].items():
        one, other = (track["entries"][i] for i in key.split(","))
        assert pair[0] == pytest.approx(one[0] - other[0], abs=0.011)
        assert pair[1] <= pair[0] <= pair[2]
        assert pair[4] is None  # nobody knows the people
        assert VERDICTS[pair[6]] in ("too_few", "too_few_seeds")  # two seeds
        assert "p = " not in pair[9] or "not corrected: one pair" in pair[9]
        assert all(names[int(i)] in pair[9] for i in key.split(","))


def test_no_text_ends_a_script() -> None:
    nasty = "</script><!--&\u2028"
    text = script({nasty: [nasty]})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {nasty: [nasty]}


def test_a_model_page_stays_inside_the_folder() -> None:
    assert page_of("scan_cci") == "scan_cci.html"
    strange = ["../../evil", "A", "a", "<script>", "x" * 300, "", "."]
    pages = [page_of(name) for name in strange]
    assert all(re.fullmatch(r"[a-z0-9_-]{1,80}\.html", page) for page in pages)
    assert len(set(pages)) == len(pages)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([76.0, 84.9], [76, 78, 80, 82, 84, 86]),
        ([11.1, 84.9], [0, 20, 40, 60, 80, 100]),
        ([50.0, 50.0], [50, 51]),
        ([99.5, 100.0], [99, 100]),
        ([0.0, 100.0], [0, 20, 40, 60, 80, 100]),
    ],
)
def test_axes_hold_their_values_in_at_most_six_steps(
    values: list[float], expected: list[float]
) -> None:
    assert axis(values).ticks == expected


def test_old_score_files_and_one_empty_part_still_give_pages(tmp_path: Path) -> None:
    """No answers, no slices, no base: scores from before these were kept."""
    enabled = write_fixed(tmp_path / "scores")
    build_leaderboard(tmp_path / "scores", enabled, tmp_path / "out")
    text = (tmp_path / "out" / "models" / "scan_cci.html").read_text(encoding="utf-8")
    assert "pose_gt_30" in text
    assert "Not measured for this network" in text
    data = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert '"key":"rafdb"' in data


def test_nothing_measured_gives_pages_that_say_so(tmp_path: Path) -> None:
    build_leaderboard(tmp_path / "none", {}, tmp_path / "out")
    for name in ("README.md", "index.html"):
        text = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert "Nothing has been measured yet" in text


def test_missing_and_partial_and_elsewhere_are_said(tmp_path: Path) -> None:
    enabled = write_fixed(tmp_path / "scores")
    build_leaderboard(tmp_path / "scores", enabled, tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert '<span class="chip">1 of 2 seeds</span>' in page
    assert '<span class="chip">partial data</span>' in page
    assert '<span class="chip">measured elsewhere</span>' in page
    assert "<li>synthetic/baseline1: 1 of 2 seeds</li>" in page


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    write_text(tmp_path / "results" / "scores" / "precious.json", "{}")
    with pytest.raises(FerBenchError, match=r"results holds scores, which no leaderboard wrote"):
        build_leaderboard(tmp_path / "none", {}, tmp_path / "results")
    assert (tmp_path / "results" / "scores" / "precious.json").is_file()


def test_pages_of_models_that_are_gone_go_too(tmp_path: Path) -> None:
    for model in ("new", "old"):
        write_cell(tmp_path / "scores", "here", model, 0, {"here": {"all": metrics(0.5)}})
    lists: dict[str, Any] = {
        "seeds": [0],
        "evaluate_on": [],
        "init_from": [],
        "transfer_models": [],
    }
    for models in (["new", "old"], ["new"]):
        enabled = {"here": {**lists, "models": models}}
        build_leaderboard(tmp_path / "scores", enabled, tmp_path / "out")
        found = {f.stem for f in (tmp_path / "out" / "models").iterdir()}
        assert found == set(models)


def test_a_broken_robustness_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "robustness" / "here" / "new" / "0.json"
    write_json(file, {"accuracy": 1})
    with pytest.raises(FerBenchError, match=re.escape(str(file))):
        build_leaderboard(
            tmp_path / "none", {}, tmp_path / "out", robustness_dir=tmp_path / "robustness"
        )
    assert not (tmp_path / "out").exists()


def test_imports_neither_torch_nor_matplotlib(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from fer_bench.reports.leaderboard import build_leaderboard; "
        f"root = Path({str(tmp_path)!r}); build_leaderboard(root / 'none', {{}}, root / 'out'); "
        "print(sorted({'torch', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
