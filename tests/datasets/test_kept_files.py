"""The hashes of a source's files, beside it: what was lost, changed or added is named."""

import json
from pathlib import Path

import pytest

from fer_bench.datasets.kept_files import check_received, tree_sha256, write_listing
from fer_bench.errors import FerBenchError
from fer_bench.faces.align import align


@pytest.fixture
def received(tmp_path):
    """A folder of three files, received; its receipt."""
    root = tmp_path / "raw/mine"
    for name in ("a/one.png", "a/two.png", "list.csv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    kept = tree_sha256(root, progress=False)
    write_listing(root, kept)
    receipt = tmp_path / "source.json"
    receipt.write_text(json.dumps({"tree_sha256": kept.sha256}))
    return root, receipt


def test_nothing_is_said_of_what_is_as_received(received):
    check_received("mine", *received, progress=False)


def test_what_differs_is_named(received):
    root, receipt = received
    (root / "a/one.png").unlink()
    (root / "a/two.png").write_bytes(b"other")
    (root / "a/three.png").write_bytes(b"more")
    with pytest.raises(FerBenchError) as caught:
        check_received("mine", root, receipt, progress=False)
    said = str(caught.value)
    assert "a/one.png is missing" in said
    assert "a/two.png was changed" in said
    assert "a/three.png was added" in said
    assert "data verify mine --accept" in said


def test_without_a_receipt_there_is_nothing_to_compare(received):
    root, receipt = received
    receipt.unlink()
    (root / "list.csv").unlink()
    check_received("mine", root, receipt, progress=False)


def test_a_list_of_hashes_that_is_missing_is_made_again(received):
    root, receipt = received
    listing = root.parent / ".mine.sha256"
    before = listing.read_bytes()
    listing.unlink()
    check_received("mine", root, receipt, progress=False)
    assert listing.read_bytes() == before


def test_a_line_break_in_a_name_is_refused(tmp_path):
    (tmp_path / "a\nb").write_bytes(b"")
    with pytest.raises(FerBenchError, match="line break"):
        tree_sha256(tmp_path, progress=False)


def test_align_names_the_source_that_was_not_added(tmp_path):
    spec = {
        "pack": "rafdb", "source": "rafdb", "root": str(tmp_path / "raw/rafdb"),
        "receipt": str(tmp_path / "source.json"), "source_options": {},
        "options": {"size": 32, "pixels": "resize"},
    }  # fmt: skip
    with pytest.raises(FerBenchError, match=r"rafdb was not added .* `fer-bench data add rafdb`"):
        align(spec, tmp_path / "out", work=Path(tmp_path / "work"))


def test_align_refuses_what_shrank_and_makes_no_pack(received, tmp_path):
    root, receipt = received
    (root / "a/one.png").unlink()
    spec = {
        "pack": "rafdb", "source": "rafdb", "root": str(root), "receipt": str(receipt),
        "source_options": {}, "options": {"size": 32, "pixels": "resize"},
    }  # fmt: skip
    with pytest.raises(FerBenchError, match=r"a/one.png is missing\n.* or `fer-bench data remove"):
        align(spec, tmp_path / "out", work=tmp_path / "work")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "work").exists()
