"""The table of docs/datasets.md of datasets is the registry's."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_bench.datasets import datasets, sources
from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT
from fer_bench.reports import dataset_table
from fer_bench.reports.dataset_table import BEGIN, END, PAGE, update_page

ROOT = Path(__file__).parents[2]


def test_the_page_is_current(tmp_path: Path) -> None:
    copy = tmp_path / "datasets.md"
    copy.write_text((ROOT / PAGE).read_text(encoding="utf-8"), encoding="utf-8")
    assert not update_page(copy), "run `fer-bench pipelines`"


def test_every_source_and_dataset_stands_in_it() -> None:
    text = dataset_table.dataset_table()
    assert all(f"`{name}`" in text for name in (*sources(), *datasets()))


def views(monkeypatch: pytest.MonkeyPatch, *known: Dataset) -> list[list[str]]:
    monkeypatch.setattr(dataset_table, "datasets", lambda: {d.name: d for d in known})
    packs = {part.pack: PackSpec(part.pack, part.pack.upper()) for d in known for part in d.parts}
    monkeypatch.setattr(dataset_table, "packs", lambda: packs)
    text = dataset_table.dataset_table().split("\n\n")[1]
    return [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines()[2:]]


def test_sizes_protocols_and_unions(monkeypatch: pytest.MonkeyPatch) -> None:
    found = views(
        monkeypatch,
        Dataset("b", (Part("x"), Part("y")), sizes={"train": 12_271, "test": 3068}),
        Dataset("c", (Part("z"),), EIGHT, sizes={"folds": 1308}, protocol="folds"),
        Dataset("a", (Part("z"),), sizes={"test": 213}, protocol="test"),
        Dataset("d", (Part("z"),)),
    )
    assert found == [
        ["`a`", "`Z`", "– / – / 213", "7", "test"],
        ["`b`", "`X` + `Y`", "12,271 / – / 3,068", "7", "split"],
        ["`c`", "`Z`", "1,308 in folds", "8", "folds"],
        ["`d`", "`Z`", "–", "7", "split"],
    ]


def test_masked_forms_share_a_line_while_their_faces_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def named(name: str, test: int) -> Dataset:
        return Dataset(name, (Part(name),), sizes={"test": test})

    found = views(monkeypatch, named("a", 9), named("a_masked", 9), named("a_masked_mixed", 8))
    assert [line[0] for line in found] == ["`a`, `a_masked`", "`a_masked_mixed`"]


def test_only_what_stands_between_the_markers_changes(tmp_path: Path) -> None:
    file = tmp_path / "datasets.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    assert update_page(file)
    assert not update_page(file)
    text = file.read_text(encoding="utf-8")
    assert text == f"before\n{BEGIN}\n\n{dataset_table.dataset_table()}\n\n{END}\nafter\n"


@pytest.mark.parametrize("text", ["", BEGIN, END + BEGIN, BEGIN + END + BEGIN, BEGIN + BEGIN + END])
def test_missing_or_repeated_markers_are_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "datasets.md"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FerBenchError, match="must hold the line <!-- datasets -->"):
        update_page(file)
    assert file.read_text(encoding="utf-8") == text
