"""Table 1: comparison with baselines."""

from __future__ import annotations

from fer_bench.reports.tables.spec import (
    BASELINES,
    DUPLICATES,
    OURS,
    OVER_BASELINES,
    RELEASED,
    RowSpec,
    TableSpec,
)

TABLE = TableSpec(
    1,
    "Comparison with baselines",
    "Does the architecture help over fine-tuning the whole backbone?",
    (
        BASELINES[0],
        RowSpec("Baseline1, one learning rate", "baseline1_tuned", core=False),
        BASELINES[1],
        RowSpec("Baseline2, one learning rate", "baseline2_tuned", core=False),
        BASELINES[2],
        RowSpec("Baseline3, one learning rate", "baseline3_tuned", core=False),
        BASELINES[3],
        RowSpec(
            "Baseline (our identities), one learning rate",
            "baseline_identity_tuned",
            core=False,
        ),
        OURS,
        RowSpec("SCAN-CCI (ImageNet)", "scan_cci_imagenet", core=False),
        RELEASED,
    ),
    pairs=OVER_BASELINES,
    subsets=("all", "without_duplicates"),
    folds=False,
    notes=(
        "Rows with *one learning rate* train all layers at 0.01: a low rate of the backbone "
        "alone can make a baseline look weak.",
    ),
    block_notes=(DUPLICATES,),
)
