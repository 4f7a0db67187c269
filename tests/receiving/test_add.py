"""Adding a source: every form it can come in, and what is written."""

import json

import pytest
import yaml
from receiving_miniature import PEOPLE, folder, members, tarred, zipped

from fer_bench.errors import FerBenchError
from fer_bench.receiving import add, remove, status
from fer_bench.receiving.using import params_lines

FORMS = {
    "folder": lambda p: folder(p / "mine"),
    "folder above": lambda p: folder(p / "mine" / "inner").parent,
    "zip": lambda p: zipped(p / "a.zip"),
    "zip without a top folder": lambda p: zipped(p / "a.zip", members()),
    "tar": lambda p: tarred(p / "a.tar", mode="w"),
    "tar.gz": lambda p: tarred(p / "a.tar.gz"),
    "tar.xz": lambda p: tarred(p / "a.tar.xz", mode="w:xz"),
    "tar.bz2": lambda p: tarred(p / "a.bin", mode="w:bz2"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_set(form, tmp_path, house):
    given = FORMS[form](tmp_path)
    before = sorted(tmp_path.rglob("*"))
    added = house.add(given)
    kept = {str(p.relative_to(added.folder)): p.read_bytes() for p in added.folder.rglob("*.*")}
    assert kept == {k: v for k, v in members().items() if k not in ("README.md", "LICENSE")}
    assert [p for p in sorted(tmp_path.rglob("*")) if "house" not in p.parts] == [
        p for p in before if "house" not in p.parts
    ]
    assert house.sources() == ["facial_expressions"]
    reference = house.__class__(tmp_path / "reference").add(folder(tmp_path / "reference_set"))
    assert added.receipt["tree_sha256"] == reference.receipt["tree_sha256"]


def test_the_set_may_come_in_two_archives(tmp_path, house):
    files = members()
    images = {k: v for k, v in files.items() if k.startswith("images/")}
    rest = {k: v for k, v in files.items() if k not in images}
    added = house.add(zipped(tmp_path / "1.zip", images), tarred(tmp_path / "2.tgz", rest))
    assert added.receipt["images"]["present"] == len(PEOPLE)
    assert len(added.receipt["origin"]["archives"]) == 2


def test_receipt_holds_counts_and_no_names(tmp_path, house):
    added = house.add(zipped(tmp_path / "secret_place.zip"))
    text = (house.receipts / "facial_expressions" / "source.json").read_text()
    receipt = json.loads(text)
    assert receipt == added.receipt
    assert receipt["partial"] is True
    assert receipt["images"] == {"published": 13_681, "listed": 5, "present": 5}
    counts = receipt["counts"]
    totals = {c: sum(counts[s][c] for s in counts) for c in counts["train"]}
    assert totals == dict.fromkeys(["neutral", "happiness", "sadness", "fear", "contempt"], 1)
    assert sum(receipt["subjects"].values()) == 3
    for word in ["Ann", "Roy", "cleo", "secret_place", str(tmp_path)]:
        assert word not in text


def test_adding_again_gives_the_same_receipt(tmp_path, house):
    given = folder(tmp_path / "mine")
    house.add(given)
    receipt = house.receipts / "facial_expressions" / "source.json"
    first = receipt.read_bytes()
    remove("facial_expressions", root=house.raw, receipts_root=house.receipts)
    house.add(given)
    assert receipt.read_bytes() == first


def test_report_and_params_lines(tmp_path, house):
    files = members()
    del files["images/Bob_Roy_1.jpg"]
    files["images/stranger_1.jpg"] = files["images/cleo-3.jpg"]
    added = house.add(folder(tmp_path / "mine", files))
    assert added.report[0].startswith("4 of the 5 images listed here are present; ")
    assert "13,681. This is not the whole of it" in added.report[0]
    assert added.report[1] == "1 image without a label: left out"
    everyone = next(line for line in added.report if line.startswith("all "))
    assert sum(map(int, everyone.split()[1:])) == 4
    assert added.params_lines[:3] == [
        "enabled:",
        "  facial_expressions:",
        "    models: [baseline1]",
    ]
    assert params_lines("no_such_source") == []
    told = "\n".join(added.how_to_use)
    assert "  fer-bench sweep benchmarks/facial_expressions/dvc.yaml:score@baseline1-0\n" in told
    small = yaml.safe_load(told[told.index("align:") : told.index("\n\n", told.index("align:"))])
    assert small["align"] == {"facial_expressions": {"size": 80}}
    assert small["datasets"]["facial_expressions"]["recipe"]["epochs"] == 2


def test_twice_is_refused_with_the_next_step(tmp_path, house):
    given = folder(tmp_path / "mine")
    house.add(given)
    before = house.files()
    with pytest.raises(FerBenchError, match="fer-bench data remove facial_expressions"):
        house.add(given)
    assert house.files() == before


def test_a_source_that_may_not_be_partial(tmp_path, house, monkeypatch):
    from fer_bench.datasets.facial_expressions import FacialExpressions

    monkeypatch.setattr(FacialExpressions, "accepts_subset", False)
    given = folder(tmp_path / "mine")
    with pytest.raises(FerBenchError, match="--allow-partial") as caught:
        house.add(given)
    assert "expected: 13,681 images\n  found:    5 (of 5" in str(caught.value)
    assert house.files() == []
    assert house.add(given, allow_partial=True).receipt["partial"] is True


@pytest.mark.parametrize("moment", ["check_images", "tree_sha256", "write_json"])
def test_interruption_leaves_nothing(moment, tmp_path, house, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"fer_bench.receiving.adding.{moment}", interrupt)
    with pytest.raises(KeyboardInterrupt):
        house.add(zipped(tmp_path / "a.zip"))
    assert house.files() == []


def test_what_a_killed_process_left_is_removed(tmp_path, house):
    (house.raw / ".adding-facial_expressions-x" / "unpacked").mkdir(parents=True)
    (house.raw / ".adding-other_source-x").mkdir()
    house.add(folder(tmp_path / "mine"))
    assert house.sources() == [
        ".adding-other_source-x", "facial_expressions",
    ]  # fmt: skip


def test_unknown_and_missing_inputs(tmp_path, house):
    with pytest.raises(FerBenchError, match="did you mean 'facial_expressions'"):
        house.add(tmp_path, source="facial_expression")
    with pytest.raises(FerBenchError, match="does not exist"):
        house.add(tmp_path / "nowhere.zip")
    assert house.files() == []


def test_a_rendered_source_needs_no_adding(house, monkeypatch):
    from fer_bench.datasets.facial_expressions import FacialExpressions

    monkeypatch.setattr(FacialExpressions, "rendered", True)
    with pytest.raises(FerBenchError, match="nothing to add"):
        house.add()


def test_status_before_and_after(tmp_path, house):
    def row(**options):
        rows = status(house.raw, house.receipts, **options)
        return next(r for r in rows if r.source == "facial_expressions")

    assert (row().have, row().images, row().size, row().enabled) == ("no", None, 0, ())
    added = house.add(folder(tmp_path / "mine"))
    enabled = ["facial_expressions_masked", "facial_expressions", "something_else"]
    now = row(enabled=enabled)
    assert (now.have, now.images) == ("partial", 5)
    assert now.enabled == ("facial_expressions", "facial_expressions_masked")
    assert now.size == sum(p.stat().st_size for p in added.folder.rglob("*") if p.is_file())
    (house.receipts / "facial_expressions" / "source.json").unlink()
    assert row().have == "no receipt"


def test_remove_takes_the_files_and_keeps_the_record(tmp_path, house):
    house.add(folder(tmp_path / "mine"))
    (tmp_path / "aligned" / "facial_expressions_masked").mkdir(parents=True)
    places = {"root": house.raw, "receipts_root": house.receipts}
    lines = remove("facial_expressions", aligned_root=tmp_path / "aligned", **places)
    assert list(house.raw.iterdir()) == []
    assert (house.receipts / "facial_expressions" / "source.json").is_file()
    assert any("facial_expressions_masked still holds" in line for line in lines)
    with pytest.raises(FerBenchError, match="was not added"):
        remove("facial_expressions", **places)
    with pytest.raises(FerBenchError, match="unknown source"):
        remove("nothing_known", **places)


def test_no_input_and_no_place_to_fetch_from(house, monkeypatch):
    from fer_bench.datasets.facial_expressions import FacialExpressions

    monkeypatch.setattr(FacialExpressions, "fetch", None)
    with pytest.raises(FerBenchError, match="owner has to be asked"):
        add("facial_expressions", root=house.raw, receipts_root=house.receipts, progress=False)
    assert house.files() == []
