"""The attention page and its CSV, from numbers written by hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from made_explanation import explanation

from fer_bench.errors import FerBenchError
from fer_bench.files import write_json
from fer_bench.records.base import to_json
from fer_bench.records.explanation import Mean, Occluders
from fer_bench.reports.columns import names_of
from fer_bench.reports.explain_results import Explained, load_explained
from fer_bench.reports.pages import attention

ENABLED: dict[str, dict[str, list[Any]]] = {
    "synthetic": {
        "models": ["net", "other"], "seeds": [0, 1], "evaluate_on": ["synthetic_masked"],
        "explain": ["net"],
    },
    "rafdb": {"models": [], "seeds": [], "evaluate_on": [], "explain": []},
}  # fmt: skip


def write(root: Path, dataset: str, model: str, seed: int, set_: str, **changes: Any) -> None:
    file = root / dataset / model / str(seed) / f"{set_}.json"
    explanation(dataset, model, seed, set_, **changes).write(file)


@pytest.fixture
def explained(tmp_path: Path) -> list[Explained]:
    write(tmp_path, "synthetic", "net", 0, "synthetic")
    write(tmp_path, "synthetic", "net", 1, "synthetic", better=-0.1)
    write(tmp_path, "synthetic", "net", 0, "synthetic_masked", occluders=None)
    write(tmp_path, "synthetic", "other", 0, "synthetic")  # no longer asked for
    write(tmp_path, "synthetic", "net", 7, "synthetic")  # a dropped seed
    write(tmp_path, "rafdb", "net", 3, "rafdb", occluders=None)  # committed, not enabled here
    return load_explained(tmp_path, ENABLED)


def test_what_params_name_and_committed_files_of_disabled_datasets(
    explained: list[Explained],
) -> None:
    found = [(e.numbers, e.elsewhere) for e in explained]
    assert [(n.dataset, n.model, n.seed, n.set, elsewhere) for n, elsewhere in found] == [
        ("synthetic", "net", 0, "synthetic", False),
        ("synthetic", "net", 0, "synthetic_masked", False),
        ("synthetic", "net", 1, "synthetic", False),
        ("rafdb", "net", 3, "rafdb", True),
    ]


def test_page_prints_the_numbers_with_their_references(explained: list[Explained]) -> None:
    page = attention.markdown(explained)
    line = next(line for line in page.splitlines() if line.startswith("| `net`"))
    cells = [c.strip() for c in line.strip("|").split("|")]
    assert cells == [
        "`net`", "0", "100", "30", "0.400", "0.500", "0.250", "+0.10 [+0.09, +0.11]",
        "−0.15 [−0.16, −0.14]", "0.570", "0.500", "0.250", "0.00 [−0.01, +0.01]",
        "0.00 [−0.01, +0.01]",
    ]  # fmt: skip
    whole = next(line for line in page.splitlines() if "| all " in line)
    assert [c.strip() for c in whole.strip("|").split("|")] == [
        "`net`", "0", "all", "48", "30", "11.0 %", "12.0 %", "1.09 [1.08, 1.10]", "12.4 %",
        "−0.4 [−1.4, +0.6]",
    ]  # fmt: skip
    assert "| hand " in page
    assert "| hair " in page
    assert "No occluder's pixels are known on this set." in page
    assert "**Measured elsewhere**" in page.split("## rafdb")[1]
    assert "Measured elsewhere" not in page.split("## rafdb")[0]


def test_sentences_follow_the_intervals(explained: list[Explained]) -> None:
    page = attention.markdown(explained)
    assert (
        "- `net`: in deletion the map is better than (in 1 of 2 networks) or worse than (in 1 of 2 "
        "networks) a random order, and worse than the middle of the face; in insertion the map is "
        "not told apart from a random order, and not told apart from the middle of the face."
        in page
    )
    assert (
        "- `net`: attention on occluders is above an even spread, and not told apart from what the "
        "same pixels get without the occluder." in page
    )


def test_csv_has_every_number_and_kind(explained: list[Explained]) -> None:
    table = pd.read_csv(io.StringIO(attention.csv_text(explained)))
    assert list(table.columns) == names_of(attention.COLUMNS)
    own = table[(table["set"] == "synthetic") & (table["seed"] == 0)].set_index("occluder")
    assert list(own.index) == ["all", "hair", "hand"]
    assert own.loc["all", "deletion_cam_mean"] == pytest.approx(0.4)
    assert own.loc["all", "deletion_better_than_centre_high"] == pytest.approx(-0.14)
    assert own.loc["hand", ["people", "occluder_people"]].tolist() == [30, 30]
    assert own.loc["hand", "ratio_low"] == pytest.approx(1.79)
    assert own.loc["hair", "change_mean"] == pytest.approx(-0.05)
    assert table[table["dataset"] == "rafdb"]["occluder"].isna().all()
    assert table["measured"].tolist() == ["here"] * 7 + ["elsewhere"]


def test_numbers_without_interval_are_dashes() -> None:
    nobody = dict.fromkeys(
        ("area", "mass", "clean_mass", "change", "ratio", "clean_ratio"), Mean(None, None, None, 0)
    )
    bare = Occluders(n=0, centre_mass=None, **nobody, empty=3, kinds={})
    found = explanation("synthetic", "net", 0, "synthetic", occluders=bare)
    one = [Explained(found, elsewhere=False)]
    page = attention.markdown(one)
    whole = next(line for line in page.splitlines() if "| all " in line)
    assert whole.count("–") == 10
    assert "attention on occluders is not told apart from an even spread" in page
    assert attention.csv_text(one).count("\n") == 2


def test_nothing_explained_says_how() -> None:
    assert "enabled.<dataset>.explain" in attention.markdown([])
    assert attention.csv_text([]).strip().split(",") == names_of(attention.COLUMNS)


def test_old_keys_of_params_are_enough(tmp_path: Path) -> None:
    assert load_explained(tmp_path, {"synthetic": {"models": ["net"], "seeds": [0]}}) == []


@pytest.mark.parametrize(
    ("change", "said"), [({"model": "another"}, "moved or renamed"), ({"n": None}, "n is None")]
)
def test_moved_and_damaged_files_are_named(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    found = {**to_json(explanation("synthetic", "net", 0, "synthetic")), **change}
    write_json(tmp_path / "synthetic" / "net" / "0" / "synthetic.json", found)
    with pytest.raises(FerBenchError, match=said):
        load_explained(tmp_path, ENABLED)
