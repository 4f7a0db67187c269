"""No page makes a reader pass more than 150 words.

What counts: the words of a page's own paragraphs together with those of its longest section. A
heading of any depth below the first begins a section. No words are headings, tables, figures,
code blocks, addresses behind links, list items that hold a number (findings, as a table's lines
are), controls of a form, and what stands behind a fold (`<details>`).
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from demo_photographs import ENABLED as PHOTOGRAPHED
from demo_scores import ENABLED

from fer_bench.records.cost import load_costs
from fer_bench.reports.cost_results import markdown as cost_page
from fer_bench.reports.leaderboard import build_leaderboard
from fer_bench.reports.pages import build_tables_and_pages

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
MOST = 150
WORD = re.compile(r"[^\W\d_][\w'’.-]*")
APART = {"h1", "h2", "h3", "h4", "table", "details", "script", "style", "form", "nav", "svg",
         "figure", "button", "select", "label", "title", "pre"}  # fmt: skip


def standing(page: str) -> int:
    """The standing words of a Markdown page."""
    for apart in (r"<details>.*?</details>", r"```.*?```", r"<!--.*?-->"):
        page = re.sub(apart, "", page, flags=re.DOTALL)
    page = re.sub(r"^[*-] .*(?:\n  .*)*", lambda x: "" if re.search(r"\d", x[0]) else x[0],
                  page, flags=re.MULTILINE)  # fmt: skip
    page = re.sub(r"\]\([^)]*\)", "]", page)
    head, *sections = re.split(r"^##+ .*$", page, flags=re.MULTILINE)
    return _words(head) + max(map(_words, sections), default=0)


def _words(text: str) -> int:
    lines = [line for line in text.splitlines() if not line.startswith(("|", "#", "!["))]
    return len(WORD.findall("\n".join(lines)))


class Shown(HTMLParser):
    """The words of an HTML page's paragraphs and lists."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.sections = [0]

    def handle_starttag(self, tag: str, _: object) -> None:
        if tag in APART:
            self.inside.append(tag)
            self.sections += [0] * (tag in ("h2", "h3", "h4"))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            del self.inside[len(self.inside) - 1 - self.inside[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.sections[-1] += len(WORD.findall(data))


def standing_html(page: str) -> int:
    parser = Shown()
    parser.feed(page)
    head, *sections = parser.sections
    return head + max(sections, default=0)


def test_what_counts() -> None:
    said = "one two three\n\n"
    assert standing(f"# A title\n\n{said}") == 3
    assert standing(f"# A\n\n{said}## B\n\n{said}### C\n\n{said}four\n") == 3 + 4
    assert standing(f"{said}| a | b |\n|---|---|\n| c | d |\n\n![a figure](x.png)\n") == 3
    assert standing(f"{said}<details><summary>More</summary>\n\n{said}\n\n</details>\n") == 3
    assert standing("- 3 of these\n  go on\n- but not this one\n") == 4
    assert standing("see [the audit](../audit/paper.md)") == 3
    folded = "<details><summary>more</summary><p>and more</p></details>"
    assert standing_html(f"<h1>A</h1><p>one two<table><tr><td>x</table>{folded}<p>three") == 3


@pytest.fixture(scope="module")
def pages(demo: Path, photographs: Path, paper: Path, tmp_path_factory: pytest.TempPathFactory):
    """Every kind of page, of invented scores and of the committed other results."""
    out = tmp_path_factory.mktemp("pages")
    others = {
        "robustness_dir": RESULTS / "robustness", "explain_dir": RESULTS / "explain",
        "cost_dir": RESULTS / "cost", "reported_dir": ROOT / "benchmarks/reported",
        "external_dir": RESULTS / "external",
    }  # fmt: skip
    for name, folder, enabled in (("a", demo, ENABLED), ("b", photographs, PHOTOGRAPHED)):
        build_tables_and_pages(
            folder / "scores", enabled, paper, out / name, **others,
            reliability_dir=RESULTS / "label_reliability", faces_dir=RESULTS / "faces",
        )  # fmt: skip
        build_leaderboard(
            folder / "scores", enabled, out / name / "leaderboard", **others, paper_dir=paper
        )
    for cost in load_costs(RESULTS / "cost"):
        (out / "cost.md").write_text(cost_page(cost), encoding="utf-8")
    return out


def test_no_page_has_more(pages: Path) -> None:
    files = sorted(pages.rglob("*.md"))
    assert len(files) > 2 * 28
    found = {str(f.relative_to(pages)): standing(f.read_text(encoding="utf-8")) for f in files}
    assert {name: n for name, n in found.items() if n > MOST} == {}
    assert max(found.values()) > 50


def test_no_page_of_the_leaderboard_has_more(pages: Path) -> None:
    files = sorted(pages.rglob("*.html"))
    assert len(files) > 10
    found = {f"{f.relative_to(pages)}": standing_html(f.read_text("utf-8")) for f in files}
    assert {name: n for name, n in found.items() if n > MOST} == {}


@pytest.mark.parametrize("folder", ["audit", "speed", "statistics", "figures", "predictions"])
def test_no_committed_page_of_a_script_has_more(folder: str) -> None:
    for file in (RESULTS / folder).glob("*.md"):
        assert standing(file.read_text(encoding="utf-8")) <= MOST, file.name
