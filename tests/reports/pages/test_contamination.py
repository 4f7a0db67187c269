"""Which test faces may have been seen before."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fer_bench.model_texts import load_texts
from fer_bench.reports.pages import contamination
from fer_bench.reports.scores import load_external, load_scores

RESULTS = Path(__file__).parents[3] / "results"


@pytest.mark.parametrize(
    ("seen", "set_", "overlap"),
    [
        ("fer_package, trained elsewhere", "ferplus", "known"),  # FER2013 holds FERPlus' faces
        ("fer_package, trained elsewhere", "facial_expressions", "possible"),
        ("face_api, trained elsewhere", "ferplus", "possible"),
        ("training on ferplus", "ferplus", "known"),
        ("training on ferplus", "facial_expressions", "possible"),
        ("pre-training: identity(facial_expressions)", "facial_expressions", "none"),
        ("pre-training: identity(facial_expressions)", "ferplus", "possible"),
        ("pre-training: identity(synthetic)", "synthetic", "none"),
    ],
)
def test_what_was_seen_of_what(seen: str, set_: str, overlap: str) -> None:
    given = load_scores(RESULTS / "scores", {}), load_external(RESULTS / "external"), load_texts()
    lines = list(csv.DictReader(contamination.csv_text(*given).splitlines()))
    (line,) = [x for x in lines if (x["seen"], x["set"]) == (seen, set_)]
    assert line["overlap"] == overlap
    assert line["why"]
    assert not [x for x in lines if "_masked" in x["set"]]
    text = contamination.markdown(*given)
    assert text.count("\n- ") == len(lines)
