"""Table 4: FED-RO: real-world occlusions."""

from __future__ import annotations

from fer_bench.reports.tables.spec import (
    BASELINES,
    COMMON,
    COMPETITORS,
    ON_OTHERS,
    OURS,
    OVER_BASELINES,
    OVER_COMPETITORS,
    REPORTED,
    SHARED,
    TableSpec,
    optional,
)

TABLE = TableSpec(
    4,
    "FED-RO: real-world occlusions",
    "How well do models read occluded faces of a set that they were not trained on?",
    (*optional(BASELINES), OURS, SHARED, *COMPETITORS),
    pairs=OVER_BASELINES + OVER_COMPETITORS,
    subsets=("all", "common_classes"),
    sets=("fedro",),
    notes=(
        "FED-RO has no training faces. The paper trains on the first 5,000 faces a class of "
        "AffectNet together with RAF-DB (`affectnet7_rafdb`).",
        ON_OTHERS + " The released code chose it on FED-RO itself.",
        REPORTED,
    ),
    block_notes=(COMMON,),
)
