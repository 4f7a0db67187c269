"""`data verify`: what was received, and what is no longer that."""

import hashlib
import json
import subprocess

import pytest
from receiving_miniature import folder, members
from typer.testing import CliRunner

from fer_bench.cli import app
from fer_bench.errors import FerBenchError
from fer_bench.receiving import accept, add, is_partial, remove


@pytest.fixture
def added(tmp_path, house):
    return house.add(folder(tmp_path / "mine"))


def test_unchanged(added, house):
    before = house.files()
    assert house.verify() == []
    assert house.files() == before


def test_an_image_replaced_by_another(added, house):
    path = added.folder / "images/Bob_Roy_1.jpg"
    path.write_bytes((added.folder / "images/cleo-3.jpg").read_bytes())
    [line] = house.verify()
    assert line.startswith("as many files as received (7, ")
    assert "at least one was changed or renamed" in line
    assert added.receipt["tree_sha256"][:12] in line


def test_a_damaged_image_is_named_on_the_screen(added, house):
    path = added.folder / "images/Bob_Roy_1.jpg"
    path.write_bytes(path.read_bytes()[:-90])
    changed, unreadable = house.verify()
    assert "-90 bytes" in changed
    assert changed.endswith("images/Bob_Roy_1.jpg was changed")
    assert "1 of 5 images cannot be read" in unreadable
    assert "images/Bob_Roy_1.jpg is a damaged" in unreadable


def test_a_missing_image_is_counted(added, house):
    (added.folder / "images/Bob_Roy_1.jpg").unlink()
    missing, counts = house.verify()
    assert missing.startswith("1 file missing: 7 received, 6 now")
    assert missing.endswith("images/Bob_Roy_1.jpg is missing")
    assert "received" in counts
    line = next(line for line in counts.splitlines() if line.strip().startswith("sadness"))
    assert line.rstrip().endswith("-1")


def test_a_file_more(added, house):
    (added.folder / "images/notes.txt").write_text("hello")
    [line] = house.verify()
    assert line.startswith("1 file added: 7 received, 8 now")


def test_a_renamed_file(added, house):
    (added.folder / "images/cleo-3.jpg").rename(added.folder / "images/cleo-4.jpg")
    assert "changed or renamed" in house.verify()[0]


def test_labels_that_changed(added, house):
    legend = added.folder / "data/legend.csv"
    text = legend.read_text()
    legend.write_text(text.replace("sadness", "anger"))
    assert "not those that were counted" in house.verify()[1]
    legend.write_text(text.replace("sadness", "sad"))
    assert "labels can no longer be read" in house.verify()[1]


def test_not_added_no_receipt_and_unknown(added, house, tmp_path):
    (house.receipts / "facial_expressions" / "source.json").unlink()
    with pytest.raises(FerBenchError, match="has no receipt"):
        house.verify()
    with pytest.raises(FerBenchError, match="was not added"):
        house.verify("rafdb")
    with pytest.raises(FerBenchError, match="did you mean 'rafdb'"):
        house.verify("rafd")
    with pytest.raises(FerBenchError, match="rendered by fer_bench itself"):
        house.verify("synthetic")


def test_a_receipt_of_the_first_format(added, house):
    path = house.receipts / "facial_expressions" / "source.json"
    receipt = json.loads(path.read_text())
    del receipt["kept"], receipt["unreadable"]
    path.write_text(json.dumps(receipt | {"format": 1}))
    assert house.verify() == []
    (added.folder / "images/notes.txt").write_text("hello")
    [line] = house.verify()
    assert line.startswith("files are missing, changed or added")


def test_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = add("facial_expressions", [folder(tmp_path / "mine")], progress=False).folder
    command = ["data", "verify", "facial_expressions"]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.output.count("is what was received")) == (0, 1)
    (kept / "images/cleo-3.jpg").write_bytes(members()["images/Bob_Roy_1.jpg"])
    done = CliRunner().invoke(app, command)
    assert done.exit_code != 0
    assert isinstance(done.exception, FerBenchError)
    assert "no longer what was received:\n- as many files" in str(done.exception)


def test_the_hashes_lie_beside_it_in_the_form_of_sha256sum(added, house):
    listing = house.raw / ".facial_expressions.sha256"
    assert hashlib.sha256(listing.read_bytes()).hexdigest() == added.receipt["tree_sha256"]
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", str(listing)], cwd=added.folder, check=False
    )
    assert done.returncode == 0


def test_without_the_hashes_a_change_is_found_and_not_named(added, house):
    (house.raw / ".facial_expressions.sha256").unlink()
    assert house.verify() == []
    (added.folder / "images/Bob_Roy_1.jpg").unlink()
    assert "which, is not known" in house.verify()[0]
    (house.raw / ".facial_expressions.sha256").write_text("0" * 64 + "  a.jpg\n")
    assert "which, is not known" in house.verify()[0]


def test_what_is_there_may_be_accepted_as_partial(added, house):
    places = {"root": house.raw, "receipts_root": house.receipts, "progress": False}
    with pytest.raises(FerBenchError, match="nothing to accept"):
        accept("facial_expressions", **places)
    (added.folder / "images/Bob_Roy_1.jpg").unlink()
    damaged = added.folder / "images/Ann_Lee_0001.jpg"
    damaged.write_bytes(damaged.read_bytes()[:-90])
    lines = accept("facial_expressions", **places)
    assert lines[0].startswith("3 of the 5 images")
    assert house.verify() == []
    receipt = json.loads((house.receipts / "facial_expressions/source.json").read_text())
    assert (receipt["partial"], receipt["unreadable"]) == (True, 1)
    assert receipt["origin"] == added.receipt["origin"]
    assert "Roy" not in json.dumps(receipt)
    assert is_partial("facial_expressions", house.receipts)


def test_removing_takes_the_hashes_along(added, house):
    remove("facial_expressions", root=house.raw, receipts_root=house.receipts)
    assert list(house.raw.iterdir()) == []
