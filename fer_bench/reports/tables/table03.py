"""Table 3: occlusion and pose subsets."""

from __future__ import annotations

from fer_bench.reports.tables.spec import (
    BASELINES,
    COMPETITORS,
    OURS,
    OVER_BASELINES,
    OVER_COMPETITORS,
    SHARED,
    RowSpec,
    TableSpec,
    optional,
)

TABLE = TableSpec(
    3,
    "Occlusion and pose subsets",
    "How much accuracy is lost on occluded and turned faces of the same test set?",
    (
        *optional(BASELINES),
        OURS,
        SHARED,
        RowSpec("SCAN-CCI, no attention branch", "scan_cci_no_scan", core=False),
        *COMPETITORS,
    ),
    pairs=OVER_BASELINES + OVER_COMPETITORS,
    subsets=(
        "all", "occluded", "occluded_as_listed", "pose_gt_30", "pose_gt_30_as_listed",
        "pose_gt_45", "pose_gt_45_as_listed",
    ),
    by_subset=True,
    folds=False,
    notes=(
        "Class mixes differ between parts: compare balanced accuracy, or the re-weighted gaps "
        "in [subset_gaps.md](subset_gaps.md).",
        "Parts of photographs are the published lists (Wang et al. 2020, RAN), each face once; "
        "*as listed* counts a face as often as its list names it. The paper's RAF-DB numbers "
        "fit the lists (735, 1,247, 558 lines); those of AffectNet-8 with a turned head fit "
        "1,801 and 912 faces, fewer than listed, so not the same faces as ours.",
    ),
)  # fmt: skip
