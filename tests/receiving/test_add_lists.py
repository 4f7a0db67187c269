"""Adding the challenge lists, which have no faces: receipt, status, verify, remove."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from miniatures import challenge_lists as miniature
from receiving_miniature import folder, zipped

from fer_bench.datasets import challenge_lists, get_receivable, get_source, receivables
from fer_bench.datasets.challenge_lists import LISTS, read_lists
from fer_bench.errors import FerBenchError
from fer_bench.receiving import remove, status

FILES = miniature.files()


@pytest.fixture
def official(monkeypatch):
    """The miniature's hashes pinned instead of the real ones."""
    pinned = {
        which: {
            part: replace(
                one, sha256=sha256(FILES[f"{miniature_of(which)}/{one.file}"]).hexdigest()
            )
            for part, one in lists.items()
        }
        for which, lists in LISTS.items()
    }
    every = [(w, part, one) for w, lists in pinned.items() for part, one in lists.items()]
    monkeypatch.setattr(challenge_lists, "LISTS", pinned)
    monkeypatch.setattr(challenge_lists, "ALL", every)


def miniature_of(which):
    return challenge_lists.FOLDERS[which]


def test_the_lists_are_no_source():
    assert "challenge_lists" in receivables()
    assert "rafdb" in receivables()
    assert "synthetic" not in receivables()
    assert get_receivable("challenge_lists").published == 9
    with pytest.raises(FerBenchError, match="unknown source"):
        get_source("challenge_lists")


def test_as_published(official, tmp_path, house):
    added = house.add(*miniature.write(tmp_path / "downloads"), source="challenge_lists")
    text = (house.receipts / "challenge_lists" / "source.json").read_text()
    receipt = json.loads(text)
    assert receipt["partial"] is False
    assert receipt["lists"] == {"published": 9, "listed": 9, "present": 9}
    assert receipt["counts"]["rafdb"] == {"occluded": 4, "pose_gt_30": 4, "pose_gt_45": 2}
    assert "images" not in receipt
    for part in read_lists(added.folder, "affectnet").values():
        assert not any(stem in text for stem in part)
    kept = sorted(p.relative_to(added.folder).as_posix() for p in added.folder.rglob("*.txt"))
    assert kept == sorted(f"{w}/{one.file}" for w, parts in LISTS.items() for one in parts.values())
    assert "It is read for affectnet7, affectnet8, ferplus, rafdb." in added.how_to_use


def test_folders_in_lower_case_and_plain_files_give_the_same(official, tmp_path, house):
    whole = house.add(folder(tmp_path / "a", FILES), source="challenge_lists")
    names = {"FERplus_dir": "ferplus", "RAF_DB_dir": "rafdb", "AffectNet_dir": "affectnet"}
    lower = {f"{names[k.split('/')[0]]}/{k.split('/')[1]}": v for k, v in FILES.items()}
    loose = {k.split("/")[1]: v for k, v in FILES.items()}
    for number, files in enumerate((lower, loose)):
        other = house.__class__(tmp_path / str(number))
        given = folder(tmp_path / f"given {number}", files)
        added = other.add(*given.iterdir(), source="challenge_lists")
        assert added.receipt["tree_sha256"] == whole.receipt["tree_sha256"]


def test_files_of_the_same_names_elsewhere_do_not_matter(official, tmp_path, house):
    given = folder(tmp_path / "a", FILES | {"old/val_raf_db_list.txt": b"nonsense"})
    assert house.add(given, source="challenge_lists").receipt["partial"] is False


def test_another_list_is_named_with_both_hashes(official, tmp_path, house):
    path = "RAF_DB_dir/val_raf_db_list.txt"
    changed = FILES[path].rstrip() + b"\n0/test_0001_aligned.jpg\n"
    given = folder(tmp_path / "mine", FILES | {path: changed})
    with pytest.raises(FerBenchError, match="not as published") as caught:
        house.add(given, source="challenge_lists")
    expected, found = (sha256(x).hexdigest()[:12] for x in (FILES[path], changed))
    assert (
        f"rafdb/val_raf_db_list.txt is another file: expected SHA-256 {expected}..., "
        f"found {found}..." in str(caught.value)
    )
    assert "pose_30" not in str(caught.value)
    assert house.files() == []
    added = house.add(given, source="challenge_lists", allow_partial=True)
    assert added.receipt["partial"] is True
    assert any("val_raf_db_list.txt is another file" in note for note in added.receipt["notes"])


def test_a_missing_list(official, tmp_path, house):
    files = {k: v for k, v in FILES.items() if "pose_45_affectnet" not in k}
    given = folder(tmp_path / "mine", files)
    with pytest.raises(FerBenchError, match=r"incomplete(?s:.*)pose_45_affectnet_list.txt is miss"):
        house.add(given, source="challenge_lists")
    added = house.add(given, source="challenge_lists", allow_partial=True)
    assert added.receipt["lists"]["present"] == 8
    assert list(read_lists(added.folder, "affectnet")) == ["occluded", "pose_gt_30"]


def test_lists_that_are_all_gone_are_said_by_verify(official, tmp_path, house):
    added = house.add(folder(tmp_path / "mine", FILES), source="challenge_lists")
    for path in added.folder.rglob("*.txt"):
        path.unlink()
    lost, said = house.verify("challenge_lists")
    assert lost.startswith("9 files missing: 9 received, 0 now")
    assert said.startswith("none of the 9 lists is there: `fer-bench data add")


def test_a_partial_list_must_still_be_understood(tmp_path, house):
    path = "FERplus_dir/pose_30_ferplus_list.txt"
    given = folder(tmp_path / "mine", FILES | {path: FILES[path] + b"0/fer00"})
    with pytest.raises(FerBenchError, match=r"pose_30_ferplus_list\.txt line 5: '0/fer00'"):
        house.add(given, source="challenge_lists", allow_partial=True)
    assert house.files() == []


def test_something_else(tmp_path, house):
    with pytest.raises(FerBenchError, match=r"not the challenge lists(?s:.*)FERplus_dir/"):
        house.add(zipped(tmp_path / "a.zip"), source="challenge_lists")
    assert house.files() == []


def test_status_verify_and_remove(official, tmp_path, house):
    added = house.add(folder(tmp_path / "a", FILES), source="challenge_lists")
    places = {"root": house.raw, "receipts_root": house.receipts}
    rows = {row.source: row for row in status(**places, enabled=["rafdb", "sfew"])}
    row = rows["challenge_lists"]
    assert (row.have, row.images, row.item, row.enabled) == ("yes", 9, "list", ("rafdb",))
    assert rows["synthetic"].have == "rendered"
    assert house.verify("challenge_lists") == []
    path = added.folder / "rafdb/val_raf_db_list.txt"
    path.write_bytes(path.read_bytes() + b"0/test_0001_aligned.jpg\n")
    changed, counts = house.verify("challenge_lists")
    assert "at least one was changed" in changed
    assert counts == "rafdb: 4 received, 5 now (pose_gt_30)"
    path.write_bytes(b"nonsense")
    assert "line 1: 'nonsense'" in house.verify("challenge_lists")[1]
    remove("challenge_lists", **places)
    assert list(house.raw.iterdir()) == []
