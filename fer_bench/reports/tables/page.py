"""A table of the paper as a page: its sections, then the paper's own numbers with ours behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fer_bench.reports import describe
from fer_bench.reports.compare.blocks import STRANGERS
from fer_bench.reports.compare.same_faces import sampling_error
from fer_bench.reports.describe import subset_title
from fer_bench.reports.equal_chances import training, uneven, warned
from fer_bench.reports.formatting import READING, fold, percent
from fer_bench.reports.grid import Grid
from fer_bench.reports.paper import Printed
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables import as_printed, latex
from fer_bench.reports.tables.beside_paper import value
from fer_bench.reports.tables.paired_lines import compared_blocks, explained_once
from fer_bench.reports.tables.section_grid import PRETRAINED, measured_subsets, section_grid
from fer_bench.reports.tables.sections import TableSection, sections
from fer_bench.reports.tables.spec import TableSpec
from fer_bench.reports.tables.table01_to_s1 import REPORTED

LEGEND = """\
Percent of the test faces; mean ± sample standard deviation (n − 1) over seeds; `–`: not measured.
**Accuracy**, **max**, **balanced** accuracy (mean recall of the classes) and **macro-F1** are of
the `last` epoch, the only selection that ranks; bold: the best accuracy. `best_on_test` is the
accuracy of the epoch that was best on these test faces, as in the paper: too optimistic, and here
only to be compared with the paper."""
AGAINST_PAPER = """\
**Ours − paper**: `best_on_test` minus the printed mean, or maximum where no mean is printed; ↑ or ↓
where they are more than two of our standard deviations apart (never for a single seed)."""
LATEX_NOTE = (
    "Percent; mean ± sample standard deviation over seeds. Accuracy, max, balanced accuracy and "
    "macro-F1 are of the `last` epoch (bold: best accuracy); `best_on_test`: the epoch that was "
    "best on these test faces, as in the paper."
)
POSSIBLE = (
    "Labels: the best possible accuracy lies between {} and {} % if two ratings of one face are "
    "independent ([label_reliability.md](label_reliability.md))."
)
EQUAL = (
    "**Says nothing of oversampling**: train classes are of nearly equal size ({} to {} faces), "
    "so there is no rare class to draw more often."
)
NOTHING_MEASURED = "Nothing has been measured for this table yet."


@dataclass(frozen=True)
class Panel:
    """One grid and what a reader must know beside it; texts are Markdown.

    Attributes:
        name: of the set; `paper` for the paper's own table.
        title: heading.
        about: what stands above the grid.
        grid: the numbers.
        notes: what stands below it, behind a fold.
        compared: paired comparisons of the rows, Markdown blocks.
    """

    name: str
    title: str
    about: tuple[str, ...]
    grid: Grid
    notes: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """A table: its panels, and what holds for all of them."""

    spec: TableSpec
    panels: tuple[Panel, ...]
    paper: Panel
    missing: tuple[str, ...]


def table_page(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed], cache: Path | None = None
) -> Page:
    """Everything of one table.

    Args:
        spec: the declaration.
        scores: what was measured.
        printed: the paper's places.
        cache: where resampled comparisons are kept, `runs/.statistics`; None computes them again.
    """
    found, bare = sections(spec, scores, printed)
    if not any(line.cites for section in found for line in section.lines):
        spec = replace(spec, notes=tuple(note for note in spec.notes if note != REPORTED))
    missing = [] if found else [NOTHING_MEASURED]
    if bare:
        missing.append(f"Left out, because too few of these rows were measured: {', '.join(bare)}.")
    if unfinished := scores.missing({row.model for row in spec.rows}):
        missing.append("Not finished: " + "; ".join(unfinished) + ".")
    sets = list(dict.fromkeys([*(s.set for s in found), *(place.set for place in printed)]))
    if still := describe.did_not_train(scores.collapsed(models=[row.model for row in spec.rows])):
        missing.append("\n".join(f"- {text}" for text in still))
    if apart := describe.apart(scores, [row.model for row in spec.rows], sets):
        missing.append("\n- ".join(apart))
    paper = Panel(
        "paper", "The paper's table", (as_printed.introduction(scores, printed),),
        as_printed.as_printed(scores, printed), tuple(as_printed.notes(scores, printed)),
    )  # fmt: skip
    compared = compared_blocks(spec, found, cache)
    panels = tuple(
        _panel(spec, section, scores, blocks, cache)
        for section, blocks in zip(found, compared, strict=True)
    )
    return Page(spec, panels, paper, tuple(missing))


def _panel(
    spec: TableSpec,
    section: TableSection,
    scores: Scores,
    compared: Sequence[str],
    cache: Path | None,
) -> Panel:
    measured = [line for line in section.lines if line.row is not None]
    rows = [line.row for line in measured if line.row]
    scored = next(row for row in rows if row.has(section.set))
    about = [
        f"{describe.place(rows)} Test faces: {describe.class_counts(scored, section.set)}. "
        f"{sampling_error(rows, section.set, cache)}"
    ]
    grid = section_grid(spec, section)
    about += describe.warnings(rows, [section.set], scores)
    about += warned(rows)
    about += _possible(section, scores)
    sizes = scored.train_sizes if spec.of_imbalance else []
    if sizes and not uneven(scored):
        about.append(EQUAL.format(min(sizes), max(sizes)))
    notes = [describe.setup(rows)]
    if PRETRAINED not in grid.head:
        notes[0] += f" Pre-trained on: {describe.pretrained(rows[0])}."
    notes += training(rows)
    whole = max(scored.sizes(section.set))
    for subset, note in spec.block_notes:
        sizes = [n for line in measured if line.subset == subset and line.row
                 for n in line.row.sizes(section.set, subset)]  # fmt: skip
        if sizes:
            notes.append(note.format(left_out=f"{whole - max(sizes):,}", set=section.set))
    if counts := _class_counts(section):
        notes.append(counts)
    return Panel(
        section.set, describe.title(section.set), tuple(about), grid, tuple(notes),
        tuple(compared),
    )  # fmt: skip


def _possible(section: TableSection, scores: Scores) -> list[str]:
    """What labels allow at most, and whose number lies above."""
    if section.set not in scores.possible:
        return []
    low, high = scores.possible[section.set]
    above: dict[str, None] = {}
    for line in section.lines:
        printed = [float(v) / 100 for p in line.paper.values() if (v := value(p)) is not None]
        ours = line.row.summary("accuracy", line.set, line.subset) if line.row else None
        if line.set == section.set and max([*printed, ours.mean if ours else 0]) > low:
            above[line.label] = None
    whose = f" Above the lower end, by us or as printed: {', '.join(above)}." if above else ""
    return [POSSIBLE.format(percent(low), percent(high)) + whose]


def _class_counts(section: TableSection) -> str:
    """The faces by class of every part but the whole."""
    said = []
    for subset in measured_subsets(section.lines):
        if subset != "all":
            line = next(x for x in section.lines if x.measured and x.subset == subset)
            assert line.row is not None, "a measured line has a row"
            counts = describe.class_counts(line.row, line.set, subset)
            said.append(f"{subset_title(subset)}: {counts}")
    return f"Faces by class: {'; '.join(said)}." if said else ""


def markdown(page: Page) -> str:
    """The page for readers."""
    spec = page.spec
    legend = LEGEND if page.panels else ""
    if any("Ours − paper" in panel.grid.head for panel in page.panels):
        legend += "\n" + AGAINST_PAPER
    parts = [f"# Table {spec.number}. {spec.title}", spec.shows, fold(READING, legend, *spec.notes)]
    said = False
    for panel in page.panels:
        parts += [f"## {panel.title}", *panel.about, panel.grid.markdown()]
        parts.append(fold("Training, and the parts of the set", *panel.notes))
        parts += explained_once(panel.compared, said)
        said = said or len(panel.compared) > 2
    parts = [p for i, p in enumerate(parts) if p != STRANGERS or p not in parts[:i]]
    parts += page.missing
    paper = page.paper
    parts += [f"## {paper.title}", *paper.about, paper.grid.markdown()]
    parts.append(fold("What is odd in print", "\n".join(f"- {note}" for note in paper.notes)))
    return "\n\n".join(filter(None, parts)) + "\n"


def tex(page: Page) -> str:
    """The page for a paper: a `table*` a section, and the paper's own table."""
    spec = page.spec
    texts = [latex.HEAD]
    for panel in page.panels:
        name, _, title = panel.title.partition(": ")
        caption = f"{spec.title}, `{name}`{f' ({title})' if title else ''}."
        note = [LATEX_NOTE]
        if "Ours − paper" in panel.grid.head:
            note = [f"{LATEX_NOTE} {AGAINST_PAPER}"]
        label = latex.label_of(spec.stem, panel.name)
        notes = [*note, *spec.notes, *panel.about, *panel.notes]
        texts.append(latex.table(panel.grid, caption, label, notes))
    caption = f"{spec.title}: the paper's Table {spec.number} and ours."
    label = latex.label_of(spec.stem, page.paper.name)
    notes = [*page.paper.about, *page.paper.notes]
    texts.append(latex.table(page.paper.grid, caption, label, notes))
    return "\n".join(texts)
