"""Table 6: cross-evaluation on in-lab sets."""

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
    6,
    "Cross-evaluation on in-lab sets",
    "How well do models read a laboratory's faces without having seen any of them?",
    (*optional(BASELINES), OURS, SHARED, *COMPETITORS),
    pairs=OVER_BASELINES + OVER_COMPETITORS,
    subsets=("all", "common_classes"),
    sets=("ckplus7", "ckplus7_first_last", "oulu_casia", "jaffe"),
    notes=(
        "No face of these sets was trained on; the paper trains on AffectNet-7. CK+ is "
        "tested twice: the 1,254 images of section 4.2 (last three frames, and first frames "
        "as neutral), and first and last frames only, 636 images. The printed 91.04 is 579 of "
        "636 and no count of 1,254.",
        ON_OTHERS,
        REPORTED,
    ),
    block_notes=(COMMON,),
)
