"""Tables 7 to 11 and the supplement's first, declared: ablations and masked faces."""

from __future__ import annotations

from fer_bench.reports.table_spec import (
    BASELINES,
    COMPETITORS,
    OURS,
    SHARED,
    SHARED_PAIR,
    RowSpec,
    TableSpec,
    optional,
)

_UNITS = ("sa", "spa", "lpa", "ga", "eca_attention", "no_scan")

ABLATIONS = (
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
        pairs=tuple((OURS.model, f"scan_cci_{unit}") for unit in _UNITS),
        parameters=True,
        notes=("The paper's text adds: without the attention branch 1.2 to 1.5 points are lost.",),
    ),
    TableSpec(
        8,
        "Influence of CCI",
        "What is lost without the complementary context branch?",
        (RowSpec("Without CCI", "scan_cci_no_cci"), RowSpec("With CCI", "scan_cci")),
        pairs=((OURS.model, "scan_cci_no_cci"),),
        parameters=True,
    ),
    TableSpec(
        9,
        "Influence of ECA before CCI",
        "What does weighting CCI's input channels add?",
        (RowSpec("Without ECA", "scan_cci_no_eca"), RowSpec("With ECA", "scan_cci")),
        pairs=((OURS.model, "scan_cci_no_eca"),),
        parameters=True,
    ),
    TableSpec(
        10,
        "Masked faces",
        "How well are masked faces read, by how much masked training?",
        (*optional((BASELINES[0], *BASELINES[2:])), OURS, SHARED, *COMPETITORS),
        pairs=(("fine-tuned", "masked only"),),
        masked=True,
        notes=(
            "*unmasked faces*: the model's own unmasked test, for the size of the dip. *not "
            "fine-tuned*: trained without masks, tested on masks (`best_on_test` is then the epoch "
            "best on the unmasked test). *fine-tuned*: those weights, then trained on masked "
            "faces. *masked only*: trained on masked faces from a pre-trained backbone with new "
            "heads, the paper's “from scratch”.",
        ),
    ),
    TableSpec(
        11,
        "Shared and non-shared local units",
        "Can all patches share one attention unit without loss?",
        (RowSpec("Non-shared SCAN", "scan_cci"), RowSpec("Shared SCAN", "scan_cci_shared")),
        pairs=SHARED_PAIR,
        parameters=True,
    ),
    TableSpec(
        "S1",
        "Effect of oversampling",
        "What does drawing every class equally often in training add?",
        (
            RowSpec("With oversampling", "scan_cci"),
            RowSpec("Without oversampling", "scan_cci_no_oversampling"),
        ),
        pairs=((OURS.model, "scan_cci_no_oversampling"),),
        notes=(
            "Table 1 of the paper's supplement. Oversampling is meant for rare classes: look at "
            "balanced accuracy.",
        ),
    ),
)
