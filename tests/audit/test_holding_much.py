"""People who make up much of a class of the test faces."""

from __future__ import annotations

import pandas as pd

from fer_bench.audit.people import holding_much


def test_the_class_that_one_person_makes_up_stands_first() -> None:
    disgust = ["a"] * 104 + ["b"]
    fear = [f"p{i}" for i in range(94)] + ["c"] * 6
    happiness = [f"p{i}" for i in range(100)]
    faces = pd.DataFrame(
        {"label": [5] * 105 + [6] * 100 + [1] * 100, "subject": disgust + fear + happiness}
    )
    assert holding_much(faces) == (
        "People with over 5 % of the test faces of a class: disgust: 1 person, the most 104 of 105 "
        "(99.0 %); fear: 1 person, the most 6 of 100 (6.0 %).",
    )
    assert holding_much(faces[faces["label"] == 1]) == ()
