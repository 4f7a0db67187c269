"""Which files reports read: what params enable first, then what was committed elsewhere."""

from __future__ import annotations

from pathlib import Path

from fer_bench.reports.enabled import found

ENABLED = {
    "synthetic": {
        "models": ["b", "a"], "seeds": [10, 2], "init_from": ["rafdb"], "transfer_models": ["a"],
        "robustness": ["a"],
    },
    "off": {"models": [], "seeds": [0]},
}  # fmt: skip


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_enabled_first_then_elsewhere(tmp_path: Path) -> None:
    make(
        tmp_path, "synthetic/a/2.json", "synthetic/a/10.json", "synthetic/a/3.json",
        "synthetic/left_over/2.json", "off/z/10.json", "off/z/9.json", "gone/y/0.json",
    )  # fmt: skip
    rows = [
        (f.dataset, f.model, f.elsewhere, f.wanted, [place.name for place in f.places])
        for f in found(tmp_path, ENABLED)
    ]
    assert rows == [
        ("synthetic", "b", False, 2, []),
        ("synthetic", "a", False, 2, ["2.json", "10.json"]),
        ("synthetic", "a_from_rafdb", False, 2, []),
        ("gone", "y", True, 1, ["0.json"]),
        ("off", "z", True, 2, ["9.json", "10.json"]),
    ]


def test_a_list_may_name_the_rows_and_a_seed_may_have_a_folder(tmp_path: Path) -> None:
    make(tmp_path, "synthetic/a/2/synthetic.json", "synthetic/b/2/synthetic.json")
    rows = list(found(tmp_path, ENABLED, "robustness", suffix=""))
    assert [(f.model, [place.name for place in f.places]) for f in rows] == [("a", ["2"])]


def test_no_folder_holds_nothing(tmp_path: Path) -> None:
    assert list(found(None, ENABLED)) == []
    assert all(not f.places for f in found(tmp_path / "none", ENABLED))
