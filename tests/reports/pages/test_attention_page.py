"""The attention page and its CSV, from numbers written by hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fer_bench.errors import FerBenchError
from fer_bench.files import write_json
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


def around(mean: float, half: float = 0.01) -> dict[str, float]:
    return {"n": 100, "mean": mean, "low": round(mean - half, 6), "high": round(mean + half, 6)}


def measure(cam: float, gain_random: float, gain_centre: float) -> dict[str, Any]:
    return {
        "cam": around(cam), "random": around(0.5), "centre": around(0.25), "curves": {},
        "gain_over": {"random": around(gain_random), "centre": around(gain_centre)},
    }  # fmt: skip


def on_occluder(mass: float, ratio: float, change: float) -> dict[str, Any]:
    return {
        "n": 48, "area": around(0.11), "mass": around(mass), "clean_mass": around(mass - change),
        "change": around(change), "ratio": around(ratio), "clean_ratio": around(1.0),
        "centre_mass": 0.14, "empty": 0,
    }  # fmt: skip


def numbers(
    dataset: str, model: str, set_: str, *, better: float = 0.1, occluders: Any = "given"
) -> dict[str, Any]:
    if occluders == "given":
        hand, hair = on_occluder(0.2, 1.8, 0.05), on_occluder(0.05, 0.5, -0.05)
        occluders = on_occluder(0.12, 1.0912, -0.004) | {"kinds": {"hand": hand, "hair": hair}}
    return {
        "dataset": dataset, "model": model, "set": set_, "layer": "backbone.layer2",
        "selection": "last", "n": 100, "test_faces": 300, "accuracy": 0.8, "empty_maps": 2,
        "faithfulness": {
            "n": 100, "steps": 10, "deletion": measure(0.4, better, -0.15),
            "insertion": measure(0.57, -0.002, 0.0),
        },
        "occluders": occluders,
    }  # fmt: skip


def write(root: Path, dataset: str, model: str, seed: int, set_: str, **changes: Any) -> None:
    file = root / dataset / model / str(seed) / f"{set_}.json"
    write_json(file, numbers(dataset, model, set_, **changes))


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
    assert [(e.dataset, e.model, e.seed, e.set, e.elsewhere) for e in explained] == [
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
        "`net`", "0", "100", "0.400", "0.500", "0.250", "+0.10 [+0.09, +0.11]",
        "−0.15 [−0.16, −0.14]", "0.570", "0.500", "0.250", "0.00 [−0.01, +0.01]",
        "0.00 [−0.01, +0.01]",
    ]  # fmt: skip
    whole = next(line for line in page.splitlines() if "| all " in line)
    assert [c.strip() for c in whole.strip("|").split("|")] == [
        "`net`", "0", "all", "48", "11.0 %", "12.0 %", "1.09 [1.08, 1.10]", "12.4 %",
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
    assert own.loc["hand", "ratio_low"] == pytest.approx(1.79)
    assert own.loc["hair", "change_mean"] == pytest.approx(-0.05)
    assert table[table["dataset"] == "rafdb"]["occluder"].isna().all()
    assert table["measured"].tolist() == ["here"] * 7 + ["elsewhere"]


def test_numbers_without_interval_are_dashes(tmp_path: Path) -> None:
    found = numbers("synthetic", "net", "synthetic")
    nobody = {"n": 0, "mean": None, "low": None, "high": None}
    found["occluders"] |= {
        "n": 0, "kinds": {}, "centre_mass": None,
        **dict.fromkeys(("area", "mass", "clean_mass", "change", "ratio"), nobody),
    }  # fmt: skip
    one = [Explained("synthetic", "net", 0, "synthetic", False, found)]
    page = attention.markdown(one)
    whole = next(line for line in page.splitlines() if "| all " in line)
    assert whole.count("–") == 9
    assert "attention on occluders is not told apart from an even spread" in page
    assert attention.csv_text(one).count("\n") == 2


def test_nothing_explained_says_how() -> None:
    assert "enabled.<dataset>.explain" in attention.markdown([])
    assert attention.csv_text([]).strip().split(",") == names_of(attention.COLUMNS)


def test_old_keys_of_params_are_enough(tmp_path: Path) -> None:
    assert load_explained(tmp_path, {"synthetic": {"models": ["net"], "seeds": [0]}}) == []


@pytest.mark.parametrize(
    ("change", "said"), [({"model": "another"}, "moved or renamed"), ({"n": None}, "no expl")]
)
def test_moved_and_damaged_files_are_named(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    found = {**numbers("synthetic", "net", "synthetic"), **change}
    if found["n"] is None:
        del found["n"]
    write_json(tmp_path / "synthetic" / "net" / "0" / "synthetic.json", found)
    with pytest.raises(FerBenchError, match=said):
        load_explained(tmp_path, ENABLED)
