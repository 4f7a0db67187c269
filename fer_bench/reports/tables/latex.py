"""Grids as LaTeX tables (booktabs), and Markdown's inline marks as LaTeX.

A file holds one `table*` a section, to be pasted or read as input. Output is plain ASCII as far as
the characters are known, so that it compiles under any input encoding.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fer_bench.reports.grid import Grid

HEAD = "% Needs \\usepackage{booktabs,graphicx}. Written by fer-bench; changes are overwritten.\n"
WIDE = 7
"""Grids with more columns are scaled to the width of the page."""

_CHARACTERS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"$<$", ">": r"$>$", "|": r"$|$", '"': "''",
    "–": "--", "—": "---", "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "°": r"$^{\circ}$",
    "≥": r"$\geq$", "≤": r"$\leq$", "→": r"$\rightarrow$", "↑": r"$\uparrow$",
    "↓": r"$\downarrow$", "√": r"$\surd$", "λ": r"$\lambda$", "α": r"$\alpha$", "β": r"$\beta$",
    "†": r"$^{\dagger}$", "∗": r"$^{*}$", "“": "``", "”": "''", "’": "'", "‘": "`",
    "…": r"\ldots{}", "\N{NO-BREAK SPACE}": "~", "²": r"$^{2}$", "·": r"$\cdot$", "₁": r"$_{1}$",
    "Δ": r"$\Delta$", "§": r"\S{}", "­": r"\-",
}  # fmt: skip
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<bold>.+?)\*\*"
    r"|\*(?P<emph>[^*\s](?:[^*]*[^*\s])?)\*"
    r"|\[(?P<text>[^\]]+)\]\([^)\s]+\)"
)


def escaped(text: str) -> str:
    """Plain text with every special character as LaTeX sets it; brackets never end an option."""
    return "".join(_CHARACTERS.get(c, c) for c in text)


def inline(markdown: str) -> str:
    """Text with Markdown's code, bold, emphasis and links, as LaTeX; an unpaired mark is itself."""
    parts, end = [], 0
    for match in _INLINE.finditer(markdown):
        parts.append(escaped(markdown[end : match.start()]))
        parts.append(_marked(match))
        end = match.end()
    return "".join([*parts, escaped(markdown[end:])])


def _marked(match: re.Match[str]) -> str:
    if code := match["code"]:
        return rf"\texttt{{{escaped(code)}}}"
    if bold := match["bold"]:
        return rf"\textbf{{{inline(bold)}}}"
    if emphasis := match["emph"]:
        return rf"\emph{{{inline(emphasis)}}}"
    return inline(match["text"])


def table(grid: Grid, caption: str, label: str, notes: Sequence[str] = ()) -> str:
    """A `table*` with caption and label above the grid, and notes in small print below it.

    Args:
        grid: its texts may hold Markdown's inline marks.
        caption: as Markdown.
        label: what a reference names, in ASCII.
        notes: as Markdown, a paragraph each.
    """
    lines = [
        r"\begin{table*}[tb]",
        r"\centering",
        rf"\caption{{{inline(caption)}}}",
        rf"\label{{{label}}}",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        *_scaled(grid),
    ]
    if notes:
        lines += [r"\par\smallskip", r"\begin{minipage}{\linewidth}", r"\scriptsize"]
        lines += ["\n\n".join(map(inline, notes)), r"\end{minipage}"]
    return "\n".join([*lines, r"\end{table*}", ""])


def _scaled(grid: Grid) -> list[str]:
    if len(grid.head) <= WIDE:
        return _tabular(grid)
    return [r"\resizebox{\linewidth}{!}{%", *_tabular(grid), "}"]


def _tabular(grid: Grid) -> list[str]:
    columns = "".join(side[0] for side in grid.align)
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", _line(grid.head), r"\midrule"]
    for i, texts in enumerate(grid.body):
        lines += [r"\midrule"] if i in grid.blocks else []
        lines.append(_line(texts))
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _line(texts: Sequence[str]) -> str:
    """A line of a tabular; `{}` keeps a leading bracket or star from being read as an option."""
    cells = [inline(text) for text in texts]
    cells = ["{}" + cell if cell.startswith(("[", "*")) else cell for cell in cells]
    return " & ".join(cells) + r" \\"


def label_of(*names: str) -> str:
    """`tab:table01:rafdb`: letters, digits and hyphens only."""
    return ":".join(["tab", *(re.sub(r"[^a-z0-9]+", "-", name.lower()) for name in names)])
