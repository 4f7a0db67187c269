"""The audit of a dataset, on packs with every fault put in by hand."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_bench.audit import audit as audited
from fer_bench.audit import counts
from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.pack import write_manifest
from fer_bench.datasets.view_rows import dataset_rows
from fer_bench.labels import EIGHT, SEVEN
from fer_bench.records.faces import FaceTable

SIZE = 40


def row(sample: str, split: str, label: int, pixels: str, **more: Any) -> dict[str, Any]:
    return {
        "sample_id": sample, "label": label, "split": split, "subject": None, "fold": None,
        "box": [0.0] * 4, "landmarks": [0.0] * 10, "detection": 0.9, "faces_found": 1,
        "source_sha256": pixels, **more,
    }  # fmt: skip


def write_pack(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Rows with equal pixels get equal faces."""
    folder.mkdir(parents=True)
    seeds = {pixels: i for i, pixels in enumerate(dict.fromkeys(r["source_sha256"] for r in rows))}
    faces = [
        np.random.default_rng(seeds[r["source_sha256"]]).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
        for r in rows
    ]
    np.save(folder / "faces.npy", np.stack(faces))
    manifest = pd.DataFrame(rows)
    manifest["fold"] = manifest["fold"].astype("Int64")
    write_manifest(folder / "manifest.parquet", manifest)


def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dataset: Dataset,
    challenge: Any = None,
    source: str = "made_up",
) -> tuple[str, dict[str, Any]]:
    monkeypatch.setattr(audited, "get_dataset", lambda _: dataset)
    monkeypatch.setattr(counts, "get_pack", lambda pack: PackSpec(pack, source))
    spec = {
        "dataset": dataset.name,
        "view": {"parts": [p.to_json() for p in dataset.parts], "classes": list(dataset.classes)},
        "challenge": challenge,
    }
    page, table, listed = (tmp_path / n for n in ("page.md", "faces.parquet", "lists.parquet"))
    audited.audit_dataset(
        spec, tmp_path / "packs", tmp_path / "receipts", tmp_path / "lists", page, table, listed
    )
    rows = dataset_rows(dataset, tmp_path / "packs").sort_values("face", ignore_index=True)
    return page.read_text(encoding="utf-8"), said(table, listed, rows["sample_id"])


def said(file: Path, lists: Path, names: pd.Series) -> dict[str, Any]:
    """What scoring learns of the faces, with their names, which the table does not hold."""
    assert not [c for c in pd.read_parquet(file) if c.startswith("listed_")], "that is for git"
    table = FaceTable.read(file, lists).rows.reset_index(drop=True)
    assert not set(names) & set(table.astype(str).to_numpy().ravel())
    times = {c.removeprefix("listed_"): table[c] for c in table if c.startswith("listed_")}
    return {
        "duplicated_test": names[table["duplicated"]].tolist(),
        "challenge": {name: names.repeat(n).tolist() for name, n in times.items()},
        "person": dict(zip(names, table["person"], strict=True)),
        "known": dict(zip(names, table["person_known"], strict=True)),
    }


def cells(page: str, first: str) -> list[str]:
    """The cells of the table line that begins with `first`."""
    (line,) = [x for x in page.splitlines() if x.startswith("|") and
               x.split("|")[1].strip() == first]  # fmt: skip
    return [cell.strip() for cell in line.split("|")[2:-1]]


SPLIT = [
    row("secret_a", "train", 0, "p1", subject="Ann"),
    row("secret_b", "train", 1, "p1", subject="Ann"),  # conflicting labels within train
    row("secret_c", "train", 2, "p2", subject="Bob"),
    row("secret_d", "val", 2, "p3", subject="Cat"),
    row("secret_e", "test", 2, "p2", subject="Bob"),  # also in train
    row("secret_f", "test", 3, "p3", subject="Dan"),  # also in val, other label
    row("secret_g", "test", 4, "p4", subject="Eve"),
    row("secret_h", "test", 4, "p4", subject="Eve", detection=None),  # repeats a test face
    row("secret_i", "test", 4, "p5", subject="Eve", faces_found=2),
    row("secret_j", "test", 7, "p6", subject="Fay"),  # contempt
]


def test_a_split_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pack(tmp_path / "packs" / "p", SPLIT)
    dataset = Dataset("p", (Part("p"),), SEVEN, title="Made up",
                      sizes={"train": 3, "val": 1, "test": 6}, printed={"test": 7})  # fmt: skip
    page, record = run(tmp_path, monkeypatch, dataset)
    assert record["duplicated_test"] == ["secret_e", "secret_f", "secret_h"]
    assert record["challenge"] == {}
    person = record["person"]
    assert all(record["known"].values())
    assert person["secret_a"] == person["secret_b"]
    assert person["secret_c"] == person["secret_e"], "Bob, in two splits"
    assert person["secret_d"] != person["secret_f"], "two people with one picture"
    assert person["secret_g"] == person["secret_h"] == person["secret_i"], "Eve"
    assert len(set(person.values())) == 5, "Fay's face is of no class of the set"
    assert "- 2 of 5 (40.0 %) test faces also stand in train or val, pixel for pixel." in page
    assert "- 2 groups of equal faces carry different labels." in page
    assert "- 5 test faces, but the published set has 6." in page
    assert "- The paper prints 7 test faces; there are 5." in page
    assert "- 1 of 5 (20.0 %) test faces were not found by the detector." in page
    assert cells(page, "anywhere") == ["4", "8", "2"]
    assert cells(page, "within train") == ["1", "2", "1"]
    assert cells(page, "within test") == ["1", "2", "0"]
    assert cells(page, "in train and test") == ["1", "2", "0"]
    assert cells(page, "in val and test") == ["1", "2", "1"]
    assert "Left out of `without_duplicates`: 3 of 5 (60.0 %) test faces; 2 also stand" in page
    assert cells(page, "train and test") == ["1", "1", "1"]  # Bob
    assert cells(page, "**all**") == ["3", "1", "5"]
    assert cells(page, "test, anger") == ["3", "1", "33.3"]
    assert "In 1 picture more than one face was found." in page
    # equal pixels are not counted again as near-duplicates
    assert cells(page, "at most 4")[0] == "0"


@pytest.mark.parametrize(("published", "named"), [(291_650, True), (291_651, False)])
def test_sizes_of_another_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: int, named: bool
) -> None:
    write_pack(tmp_path / "packs" / "affectnet", SPLIT)
    receipt = {"images": {"present": 9, "published": published}, "partial": False}
    (tmp_path / "receipts" / "affectnet").mkdir(parents=True)
    (tmp_path / "receipts" / "affectnet" / "source.json").write_text(json.dumps(receipt))
    dataset = Dataset("p", (Part("affectnet"),), sizes={"test": 6})
    page, _ = run(tmp_path, monkeypatch, dataset, source="affectnet")
    assert ("- 5 test faces, but another release of it has 6." in page) is named
    assert ("- 5 test faces, but the published set has 6." in page) is not named


def test_no_names_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pack(tmp_path / "packs" / "p", SPLIT)
    page, _ = run(tmp_path, monkeypatch, Dataset("p", (Part("p"),), EIGHT))
    assert "secret" not in page
    assert not [name for name in ("Ann", "Bob", "Cat", "Dan", "Eve", "Fay") if name in page]


def test_a_clean_set_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(f"s{i}", "train" if i < 4 else "test", i % 2, f"p{i}") for i in range(8)]
    write_pack(tmp_path / "packs" / "p", rows)
    two = Dataset("p", (Part("p"),), classes=("neutral", "happiness"))
    page, record = run(tmp_path, monkeypatch, two)
    assert "Nothing was found that would change how a score is read." in page
    assert record["duplicated_test"] == []
    assert "Who is shown is not published" in page
    assert list(record["person"].values()) == list(range(8)), "every face stands for itself"
    assert not any(record["known"].values())


def test_classes_without_faces_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("a", "train", 0, "p1"), row("b", "train", 1, "p2"), row("c", "test", 0, "p3"),
            row("d", "test", 2, "p4")]  # fmt: skip
    write_pack(tmp_path / "packs" / "p", rows)
    three = Dataset("p", (Part("p"),), classes=("neutral", "happiness", "surprise"))
    page, _ = run(tmp_path, monkeypatch, three)
    worries = page.partition("## Faces")[0]
    assert "- There are no training faces of surprise." in worries
    assert "- There are no test faces of happiness." in worries


def test_votes_on_equal_faces_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("a", "train", 0, "p1", votes=[9, 1]), row("b", "train", 0, "p1", votes=[8, 2]),
            row("c", "test", 1, "p2", votes=[1, 9])]  # fmt: skip
    write_pack(tmp_path / "packs" / "p", rows)
    page, _ = run(tmp_path, monkeypatch, Dataset("p", (Part("p"),)))
    assert "equal votes: 0 of 1 (0.0 %); with equal labels: 1 of 1 (100.0 %). Faces " in page


def test_folds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        row("a", "test", 0, "p1", subject="s1", fold=0),
        row("b", "test", 0, "p1", subject="s1", fold=0),  # equal in its own fold
        row("c", "test", 0, "p2", subject="s1", fold=0),  # its copy is trained on in fold 0
        row("d", "test", 0, "p2", subject="s1", fold=1),  # and the other way round
        row("e", "test", 1, "p3", subject="s2", fold=1),
    ]
    write_pack(tmp_path / "packs" / "p", rows)
    dataset = Dataset("p", (Part("p"),), protocol="folds", sizes={"folds": 6})
    page, record = run(tmp_path, monkeypatch, dataset)
    assert record["duplicated_test"] == ["b", "c", "d"]
    assert cells(page, "within one fold") == ["1", "2", "0"]
    assert cells(page, "in two or more folds") == ["1", "2", "0"]
    assert "1 of 2 (50.0 %) people stand in two or more folds." in page
    assert "Faces by fold: 3, 2." in page
    assert "5 in the folds, but the published set has 6." in page


def test_a_union_compares_its_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pack(tmp_path / "packs" / "one", [row("a", "train", 0, "p1"), row("b", "test", 0, "p2")])
    write_pack(tmp_path / "packs" / "two", [row("c", "test", 0, "p1"), row("d", "train", 1, "p2")])
    parts = (Part("one"), Part("two", splits=("test",)))
    _, record = run(tmp_path, monkeypatch, Dataset("u", parts))
    assert record["duplicated_test"] == ["c"]  # d is not part of the view


def test_unknown_pixels_are_not_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("a", "train", 0, ""), row("b", "test", 0, "")]
    write_pack(tmp_path / "packs" / "p", rows)
    page, record = run(tmp_path, monkeypatch, Dataset("p", (Part("p"),)))
    assert record["duplicated_test"] == []
    assert "Not compared: 2 faces without a hash of the image." in page
    assert cells(page, "0: same hash")[:3] == ["1", "0", "1"]  # but their faces are alike
    assert "Test faces with such a neighbour in another split: 1 of 1 (100.0 %)." in page


def test_masks_and_what_was_received(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = ["worn", "worn", "centre_fallback", "worn"]
    rows = [row(f"s{i}", split, 0, f"p{i}", mask_status=s, detection=None)
            for i, (split, s) in enumerate(zip(["train", "train", "test", "test"], status,
                                               strict=True))]  # fmt: skip
    write_pack(tmp_path / "packs" / "p", rows)
    receipt = {
        "images": {"present": 3, "published": 4}, "partial": True, "unreadable": 2,
        "notes": ["official images not shown: a copy", "3 images without a label: left out"],
    }  # fmt: skip
    (tmp_path / "receipts" / "made_up").mkdir(parents=True)
    (tmp_path / "receipts" / "made_up" / "source.json").write_text(json.dumps(receipt))
    page, _ = run(tmp_path, monkeypatch, Dataset("p", (Part("p"),)))
    assert cells(page, "worn") == ["2", "1"]
    assert cells(page, "centre_fallback") == ["0", "1"]
    assert "- 2 files of made_up could not be read." in page
    assert "- What was received of made_up is not the whole set." in page
    assert "- made_up: official images not shown: a copy." in page
    assert "left out" not in page
    assert "No face was looked for in p" in page


def test_challenge_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pack(tmp_path / "packs" / "p", SPLIT)
    (tmp_path / "lists").mkdir()
    listed = {
        "occluded": ["secret_e", "secret_g", "secret_e", "secret_j", "nowhere"],
        "pose_gt_30": ["secret_a", "secret_h"],
    }
    module = types.ModuleType("fer_bench.datasets.challenge_lists")
    module.read_lists = lambda root, which: listed if which == "rafdb" else {}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    dataset = Dataset("p", (Part("p"),), SEVEN, challenge="rafdb")
    page, record = run(tmp_path, monkeypatch, dataset, {"which": "rafdb"})
    assert record["challenge"] == {
        "occluded": ["secret_e", "secret_e", "secret_g"],
        "pose_gt_30": ["secret_h"],
    }
    # lines, different, lines found, faces found, another class or split, not here
    assert cells(page, "`occluded`") == ["5", "4", "3", "2", "1", "1"]
    assert cells(page, "`pose_gt_30`") == ["2", "2", "1", "1", "1", "0"]
    assert "- Of the list `occluded`, 1 face cannot be found." in page
    assert "nowhere" not in page
    page, record = run(tmp_path, monkeypatch, dataset, None)
    assert record["challenge"] == {}
    assert "were not added" in page
