"""The tables, declared: which rows each compares, in the paper's order.

A row is shown for every measured dataset; `core` rows also where they were not measured (a dash),
because the paper has them.
"""

from __future__ import annotations

from dataclasses import dataclass


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
        number: as in the paper.
        title: heading.
        shows: one sentence on what to read from it.
        rows: the compared models.
        subsets: parts of the test set, one block of rows each.
        parameters: whether the models' parameter counts are a column.
        masked: rows are the ways to train for masked faces, sections the masked sets.
        notes: what a reader must know to read it right.
    """

    number: int
    title: str
    shows: str
    rows: tuple[RowSpec, ...]
    subsets: tuple[str, ...] = ("all",)
    parameters: bool = False
    masked: bool = False
    notes: tuple[str, ...] = ()


OURS = RowSpec("SCAN-CCI", "scan_cci")
_BASELINES = (
    RowSpec("Baseline1 (from scratch)", "baseline1"),
    RowSpec("Baseline1, one learning rate", "baseline1_tuned", core=False),
    RowSpec("Baseline2 (ImageNet)", "baseline2"),
    RowSpec("Baseline2, one learning rate", "baseline2_tuned", core=False),
    RowSpec("Baseline3 (VGGFace2)", "baseline3"),
    RowSpec("Baseline3, one learning rate", "baseline3_tuned", core=False),
    RowSpec("Baseline (our identities)", "baseline_identity", core=False),
    RowSpec("Baseline (our identities), one learning rate", "baseline_identity_tuned", core=False),
)
_OTHERS = (
    RowSpec("SCAN-CCI (ImageNet)", "scan_cci_imagenet", core=False),
    RowSpec("SCAN-CCI as released", "scan_cci_released", core=False),
)
SUBSET_TITLES = {
    "all": "all",
    "occluded": "occluded",
    "pose_gt_30": "pose > 30°",
    "pose_gt_45": "pose > 45°",
}

TABLES = (
    TableSpec(
        1,
        "Comparison with baselines",
        "Does the architecture help over fine-tuning the whole backbone?",
        (*_BASELINES, OURS, *_OTHERS),
        notes=(
            "Rows with one learning rate (`_tuned`) train all layers at 0.01: a low backbone rate "
            "alone can make a baseline look weak.",
        ),
    ),
    TableSpec(
        3,
        "Occlusion and pose subsets",
        "How much accuracy is lost on occluded and turned faces of the same test set?",
        (
            RowSpec("Baseline1 (from scratch)", "baseline1", core=False),
            RowSpec("Baseline2 (ImageNet)", "baseline2", core=False),
            RowSpec("Baseline3 (VGGFace2)", "baseline3", core=False),
            RowSpec("Baseline (our identities)", "baseline_identity", core=False),
            OURS,
            RowSpec("SCAN-CCI, shared units", "scan_cci_shared", core=False),
            RowSpec("SCAN-CCI, no attention branch", "scan_cci_no_scan", core=False),
        ),
        subsets=("all", "occluded", "pose_gt_30", "pose_gt_45"),
        notes=("A subset's class mix differs from the whole set's, so compare balanced accuracy.",),
    ),
    TableSpec(
        7,
        "Influence of SCAN: the attention mechanism",
        "Does attention per channel and position beat simpler attention units?",
        (
            RowSpec("SA: one weight a patch", "scan_cci_sa"),
            RowSpec("SPA: one weight a position", "scan_cci_spa"),
            RowSpec("LPA: local units only", "scan_cci_lpa"),
            RowSpec("GA: global unit only", "scan_cci_ga"),
            RowSpec("ECA: one weight a channel", "scan_cci_eca_attention"),
            RowSpec("SCAN", "scan_cci"),
            RowSpec("no attention branch", "scan_cci_no_scan", core=False),
        ),
        parameters=True,
        notes=("The paper's text adds: without the attention branch 1.2 to 1.5 points are lost.",),
    ),
    TableSpec(
        8,
        "Influence of CCI",
        "What is lost without the complementary context branch?",
        (RowSpec("Without CCI", "scan_cci_no_cci"), RowSpec("With CCI", "scan_cci")),
        parameters=True,
    ),
    TableSpec(
        9,
        "Influence of ECA before CCI",
        "What does weighting CCI's input channels add?",
        (RowSpec("Without ECA", "scan_cci_no_eca"), RowSpec("With ECA", "scan_cci")),
        parameters=True,
    ),
    TableSpec(
        10,
        "Masked faces",
        "How well are masked faces read, by how much masked training?",
        (
            RowSpec("Baseline1 (from scratch)", "baseline1", core=False),
            RowSpec("Baseline3 (VGGFace2)", "baseline3", core=False),
            RowSpec("Baseline (our identities)", "baseline_identity", core=False),
            OURS,
            RowSpec("SCAN-CCI, shared units", "scan_cci_shared", core=False),
        ),
        masked=True,
        notes=(
            "*unmasked faces*: the same model's own unmasked test, for the size of the dip. "
            "*not fine-tuned*: trained without masks, tested on masks. *fine-tuned*: those "
            "weights, then trained on masked faces. *masked only*: trained on masked faces "
            "from the usual start: pre-trained backbone, new heads; the paper's “from scratch”.",
            "For *not fine-tuned*, `best_on_test` is the epoch that was best on the unmasked test.",
        ),
    ),
    TableSpec(
        11,
        "Shared and non-shared local units",
        "Can all patches share one attention unit without loss?",
        (RowSpec("Non-shared SCAN", "scan_cci"), RowSpec("Shared SCAN", "scan_cci_shared")),
        parameters=True,
    ),
)
