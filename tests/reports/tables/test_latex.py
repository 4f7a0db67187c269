"""LaTeX without a LaTeX: escapes, marks, and the structure of every file that is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from demo_scores import ENABLED
from fixed_scores import metrics, write_cell, write_fixed

from fer_bench.reports import describe
from fer_bench.reports.grid import grid
from fer_bench.reports.pages import build_tables_and_pages
from fer_bench.reports.tables import latex
from fer_bench.reports.tables.latex import escaped, inline

GOLDEN = Path(__file__).parents[1] / "golden"


def test_every_special_character_is_escaped() -> None:
    assert escaped(r"\ & % $ # _ { } ~ ^") == (
        r"\textbackslash{} \& \% \$ \# \_ \{ \} \textasciitilde{} \textasciicircum{}"
    )
    assert escaped("a<b>c|d") == "a$<$b$>$c$|$d"
    assert escaped("5 ± 1 − 2 – 3 ≥ 30° ↑↓ †") == (
        r"5 $\pm$ 1 $-$ 2 -- 3 $\geq$ 30$^{\circ}$ $\uparrow$$\downarrow$ $^{\dagger}$"
    )
    assert escaped("“so” – paper’s “x”") == "``so'' -- paper's ``x''"
    assert escaped("Müller") == "Müller"


@pytest.mark.parametrize(
    ("markdown", "tex"),
    [
        ("`best_on_test` max", r"\texttt{best\_on\_test} max"),
        ("**88.13 ± 0.18**", r"\textbf{88.13 $\pm$ 0.18}"),
        ("*not fine-tuned*: no", r"\emph{not fine-tuned}: no"),
        ("**`last`**", r"\textbf{\texttt{last}}"),
        ("88.0*", "88.0*"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("`a*b` and *c_d*", r"\texttt{a*b} and \emph{c\_d}"),
        ("in [gaps.md](gaps.md).", "in gaps.md."),
        ("RAN[48]", "RAN[48]"),
    ],
)
def test_inline_marks(markdown: str, tex: str) -> None:
    assert inline(markdown) == tex


def test_a_cell_that_starts_like_an_option_is_kept_apart() -> None:
    text = latex.table(grid(["a", "b"], [["1", "2"], ["[48]", "*"]], ["a"]), "c", "tab:x")
    assert "1 & 2 \\\\\n{}[48] & {}* \\\\" in text


def test_a_table_has_its_caption_label_rules_blocks_and_notes() -> None:
    text = latex.table(
        grid(["Model", "n"], [["A & B", "1"], ["C", "2"]], ["Model"], [1]),
        "50 % of *it*", latex.label_of("table01", "fer_plus"), ["first", "second_note"],
    )  # fmt: skip
    assert r"\caption{50 \% of \emph{it}}" in text
    assert r"\label{tab:table01:fer-plus}" in text
    assert "\\begin{tabular}{lr}\n\\toprule\nModel & n \\\\\n\\midrule\nA \\& B & 1 \\\\" in text
    assert "\\midrule\nC & 2 \\\\\n\\bottomrule\n\\end{tabular}" in text
    assert "first\n\nsecond\\_note\n\\end{minipage}" in text
    check(text)


def check(text: str) -> None:
    """What makes LaTeX stop: environments, braces, math, columns, characters."""
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{([^}]*)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    bare = body.replace(r"\\", "").replace(r"\{", "").replace(r"\}", "")
    depth = 0
    for c in bare:
        depth += (c == "{") - (c == "}")
        assert depth >= 0
    assert depth == 0
    unescaped = re.sub(r"\\[&%$#_{}]", "", body)
    assert unescaped.count("$") % 2 == 0
    outside = re.sub(r"\$[^$]*\$", "", unescaped)
    outside = re.sub(r"\\label\{[^}]*\}", "", outside)
    assert not re.search(r"[_^#~]", outside), outside
    assert re.findall(r"%.*", outside) in ([], ["%"] * outside.count("{!}{%"))
    for tabular in re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", body, re.S):
        columns, lines = tabular
        rows = [line for line in lines.splitlines() if line.endswith(r"\\")]
        assert rows
        for row in rows:
            assert len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1, row
        rules = re.findall(r"\\(\w+rule)", lines)
        assert (rules[0], rules[-1]) == ("toprule", "bottomrule")
    assert not re.findall(r"[^\x00-\x7f]", body), set(re.findall(r"[^\x00-\x7f]", body))


def check_files(folder: Path) -> int:
    labels: list[str] = []
    for file in sorted(folder.glob("*.tex")):
        text = file.read_text(encoding="utf-8")
        check(text)
        labels += re.findall(r"\\label\{([^}]*)\}", text)
        assert text.count(r"\caption{") == text.count(r"\begin{table*}") >= 1
        assert text.count(r"\scriptsize") == text.count(r"\begin{table*}")
    assert len(labels) == len(set(labels))
    return len(labels)


def test_every_file_compiles_as_far_as_one_can_see(
    demo: Path, photographs: Path, paper: Path, tmp_path: Path
) -> None:
    build_tables_and_pages(tmp_path / "none", {}, paper, tmp_path / "empty")
    assert check_files(tmp_path / "empty") == 13  # the paper's own tables alone
    build_tables_and_pages(demo / "scores", ENABLED, paper, tmp_path / "demo")
    assert check_files(tmp_path / "demo") > 20
    build_tables_and_pages(photographs / "scores", {}, paper, tmp_path / "photographs")
    assert check_files(tmp_path / "photographs") > 20


def test_names_from_outside_cannot_break_it(
    paper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describe, "title", lambda name: f"{name}: 50 % & #1 {{\\input}} $x_1^2$ ~")
    write_fixed(tmp_path / "scores")
    write_cell(tmp_path / "scores", "x&_%", "scan_cci", 0, {"x&_%": {"all": metrics(0.5)}})
    write_cell(tmp_path / "scores", "x&_%", "baseline1", 0, {"x&_%": {"all": metrics(0.4)}})
    build_tables_and_pages(tmp_path / "scores", {}, paper, tmp_path / "tables")
    check_files(tmp_path / "tables")
    text = (tmp_path / "tables" / "table01.tex").read_text(encoding="utf-8")
    assert r"\input" not in text.replace(r"\textbackslash{}input", "")
