"""Table 10: masked faces."""

from __future__ import annotations

from fer_bench.reports.tables.spec import BASELINES, COMPETITORS, OURS, SHARED, TableSpec, optional

TABLE = TableSpec(
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
)
