"""Claims of the paper against rows whose answers are known: every verdict, and who is asked."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from compared_rows import part, row

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.params import load
from fer_bench.reports.pages import claims
from fer_bench.reports.paper import Claim, load_claims
from fer_bench.reports.scores import Scores

PAPER = Path(__file__).parents[3] / "benchmarks" / "paper"
N = 1000


def trained(model, accuracy, dataset="ferplus", set_=None, seeds=5):
    """A row whose wrong answers are spread over the faces, other ones by seed."""
    draws = [np.random.default_rng([seed, len(model)]) for seed in range(seeds)]
    count = round(N * (1 - accuracy))
    wrong = [draw.choice(N, count, replace=False).tolist() for draw in draws]
    set_ = set_ or dataset
    return row(model, [{"all": part(some, N, set_)} for some in wrong], dataset, set_=set_)


def verdicts(rows, *said):
    made = tuple(Claim("6", f"claim {i}", *one) for i, one in enumerate(said))
    text = claims.csv_text(Scores(rows), made)
    return pd.read_csv(io.StringIO(text), keep_default_na=False)


def test_a_gain_is_supported_contradicted_or_undecided():
    rows = [trained("scan_cci", 0.8), trained("ran", 0.7), trained("scn", 0.9),
            trained("dan", 0.795), trained("eac", 0.7, seeds=3)]  # fmt: skip
    found = verdicts(rows, *[("scan_cci", other, "better", "own") for other in
                             ("ran", "scn", "dan", "eac", "oadn")])  # fmt: skip
    assert found["verdict"].tolist() == [
        "supported", "contradicted", "undecided", "undecided: too few seeds",
    ]  # fmt: skip
    assert found["difference"].tolist() == pytest.approx([10, -10, 0.5, 10])
    assert found["seeds"].tolist() == ["5 / 5", "5 / 5", "5 / 5", "5 / 3"]


def test_p_is_corrected_over_the_whole_page():
    rows = [trained("scan_cci", 0.8), trained("ran", 0.76), trained("dan", 0.8)]
    alone = verdicts(rows, ("scan_cci", "ran", "better", "own"))
    beside = verdicts(rows, *[("scan_cci", "ran", "better", "own")] * 4)
    assert float(beside["holm_p"][0]) == pytest.approx(4 * float(alone["holm_p"][0]), rel=1e-6)


def same(model, wrong, seeds=5, n=2000):
    return row(model, [{"all": part(range(wrong), n, "f")}] * seeds, "ferplus")


def test_models_that_differ_little():
    rows = [same("scan_cci", 400), same("m1", 410), same("m4", 480), same("shared", 320)]
    found = verdicts(
        rows, ("m1", "scan_cci", "same", "own"), ("m4", "scan_cci", "same", "own"),
        ("m1", "scan_cci", "as_good", "own"), ("m4", "scan_cci", "as_good", "own"),
        ("shared", "scan_cci", "as_good", "own"), ("scan_cci", "m1", "better", "own"),
    )  # fmt: skip
    assert found["verdict"].tolist() == [
        "supported", "contradicted", "supported", "contradicted", "supported",
        "supported, by less than 1 point",
    ]  # fmt: skip


def test_on_masked_faces_rows_say_how_they_were_trained():
    masked = "ferplus_masked"
    rows = [
        trained("scan_cci", 0.7, masked),
        trained("scan_cci_from_ferplus", 0.6, masked),
        trained("scan_cci", 0.4, "ferplus", masked),
    ]
    found = verdicts(
        rows,
        ("scan_cci", "scan_cci_fine_tuned", "better", "masked"),
        ("scan_cci_fine_tuned", "scan_cci_not_fine_tuned", "better", "masked"),
    )
    assert found["one"].tolist() == ["scan_cci", "scan_cci_from_ferplus"]
    assert found["other"].tolist() == ["scan_cci_from_ferplus", "scan_cci"]
    assert found["set"].tolist() == [masked, masked]
    assert found["verdict"].tolist() == ["supported", "supported"]


def test_the_first_measured_stand_in_counts():
    rows = [trained("scan_cci", 0.8), trained("baseline_identity", 0.7)]
    found = verdicts(rows, ("scan_cci", "baseline3|baseline_identity", "better", "own"))
    assert found["other"].tolist() == ["baseline_identity"]


def test_rows_that_were_trained_longer_count_where_both_were():
    rows = [trained("scan_cci", 0.7), trained("ran", 0.8), trained("scn", 0.8)]
    longer = [trained("scan_cci_20_epochs", 0.8), trained("ran_20_epochs", 0.7)]
    found = verdicts(rows + longer, *[("scan_cci", other, "better", "own") for other in
                                      ("ran", "scn")])  # fmt: skip
    assert found["one"].tolist() == ["scan_cci_20_epochs", "scan_cci"]
    assert found["verdict"].tolist() == ["supported", "contradicted"]


def test_a_rising_curve_holds_the_verdict():
    rows = [trained("scan_cci", 0.8), trained("ran", 0.7)]
    for cell in rows[1].cells:
        cell.history["val_accuracy"] = [0.1, 0.2, 0.5, 0.6]
    found = verdicts(rows, ("scan_cci", "ran", "better", "own"))
    assert found["verdict"].tolist() == [
        "undecided: validation accuracy still rises in ran (+10.0)"
    ]


def test_drawn_faces_are_no_evidence_and_what_is_missing_is_named():
    drawn = [trained("scan_cci", 0.8, "synthetic"), trained("ran", 0.7, "synthetic")]
    said = (Claim("6.2", "better than RAN", "scan_cci", "ran", "better", "own"),)
    assert claims.NOTHING_MEASURED in claims.markdown(Scores(drawn), said)
    real = Scores([trained("scan_cci", 0.8), trained("ran", 0.7)])
    more = (*said, Claim("6.9", "m = 1 differs little", "m1", "scan_cci", "same", "own"))
    text = claims.markdown(real, more)
    assert "| **supported** " in text
    assert "Not measured here: 1 claims</summary>\n\n- m = 1 differs little" in text


def test_the_papers_claims_name_rows_that_can_be_trained():
    params = load(PAPER.parents[1] / "params.yaml")
    known = {*models.names(), *params.every_variant}
    for claim in load_claims(PAPER):
        for name in f"{claim.one}|{claim.other}".split("|"):
            base = name.removesuffix("_not_fine_tuned").removesuffix("_fine_tuned")
            assert base in known, name


def test_a_way_that_nobody_knows_is_refused(tmp_path):
    file = tmp_path / "claims.csv"
    file.write_text("section,claim,one,other,way,on\n6,x,a,b,nicer,own\n")
    with pytest.raises(FerBenchError, match=r"claims\.csv.*nicer.*better, as_good, same"):
        load_claims(tmp_path)
