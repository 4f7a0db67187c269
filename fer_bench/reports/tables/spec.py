"""What a table's declaration holds, and the rows that several tables share."""

from __future__ import annotations

from dataclasses import dataclass

from fer_bench.model_texts import load_texts
from fer_bench.reports.paper import table_file


@dataclass(frozen=True)
class RowSpec:
    """A table's row: what the reader sees and which model fills it."""

    label: str
    model: str
    core: bool = True


@dataclass(frozen=True)
class TableSpec:
    """One table of the paper.

    Attributes:
        number: as in the paper; `S1` for the supplement's first.
        title: heading.
        shows: one sentence on what to read from it.
        rows: the compared models.
        pairs: (model, other model): the pairs that are tested on the faces they share, named
            without the dataset they start from; in a masked table the ways to train for masks,
            for each model.
        subsets: parts of the test set, one block of rows each, where they were measured.
        by_subset: the table is about the subsets: a section needs one besides `all`.
        parameters: whether the models' parameter counts are a column.
        masked: rows are the ways to train for masked faces, sections the masked sets.
        sets: the sections are these sets, the rows models that were trained on other datasets;
            empty where sections are datasets tested on their own test faces.
        of_imbalance: the table is about classes of unequal size: sets whose classes are nearly
            equal say nothing of it.
        folds: only cross-validated datasets (True), only others (False), or all (None).
        notes: what a reader must know to read it right.
        block_notes: (subset, what it is) said under a section that has this block; `{left_out}`
            is how many of the faces it leaves out, `{set}` the section's set.
    """

    number: int | str
    title: str
    shows: str
    rows: tuple[RowSpec, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    subsets: tuple[str, ...] = ("all",)
    by_subset: bool = False
    parameters: bool = False
    masked: bool = False
    sets: tuple[str, ...] = ()
    of_imbalance: bool = False
    folds: bool | None = None
    notes: tuple[str, ...] = ()
    block_notes: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """What it is called on the command line: `01`, `s1`."""
        return f"{self.number:02}" if isinstance(self.number, int) else self.number.lower()

    @property
    def stem(self) -> str:
        """Its files without their suffix: `table01`, `table_s1`."""
        return table_file(self.number)


OURS = RowSpec("SCAN-CCI", "scan_cci")
BASELINES = (
    RowSpec("Baseline1 (from scratch)", "baseline1"),
    RowSpec("Baseline2 (ImageNet)", "baseline2"),
    RowSpec("Baseline3 (VGGFace2)", "baseline3"),
    RowSpec("Baseline (our identities)", "baseline_identity", core=False),
)
LONGER = "_20_epochs"
"""What names of rows end in that were trained longer than their dataset's recipe says."""
HEADLINES = (*(row.model for row in BASELINES), OURS.model)
"""The rows of lists that must be short."""
SHARED = RowSpec("SCAN-CCI, shared units", "scan_cci_shared", core=False)
RELEASED = (
    RowSpec("SCAN-CCI as released", "scan_cci_released", core=False),
    RowSpec("SCAN-CCI as released for RAF-DB", "scan_cci_released_shared", core=False),
)
"""The released RAF-DB script imports the shared branch, the other scripts the one unit a patch."""
COMPETITORS = tuple(
    RowSpec(row["label"], model, core=False) for model, row in load_texts().rows.items()
)
"""Methods of other papers, as their cards name them; shown where they were measured."""
OVER_COMPETITORS = tuple((OURS.model, row.model) for row in COMPETITORS)
OVER_BASELINES = tuple((OURS.model, row.model) for row in BASELINES)
SHARED_PAIR = ((SHARED.model, OURS.model),)


def optional(rows: tuple[RowSpec, ...]) -> tuple[RowSpec, ...]:
    """The same rows, shown only where they were measured."""
    return tuple(RowSpec(row.label, row.model, core=False) for row in rows)
