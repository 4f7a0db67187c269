"""Folders, archives and plain files together; archives in archives; the same thing twice."""

import os

import pytest
from miniatures import ferplus, rafdb
from miniatures.drawing import tar_of, zip_of
from receiving_miniature import folder, members, tarred, zipped

from fer_bench.errors import FerBenchError


def kept(added):
    files = (p for p in added.folder.rglob("*") if p.is_file())
    return {p.relative_to(added.folder).as_posix(): p.read_bytes() for p in files}


def split(*starts):
    """The miniature in pieces: files that begin with each of `starts`, and the rest."""
    files, pieces = members(), []
    for start in starts:
        pieces.append({k: files.pop(k) for k in list(files) if k.startswith(start)})
    return [*pieces, files]


def test_folder_zip_tar_and_plain_file(tmp_path, house):
    whole = house.__class__(tmp_path / "whole").add(folder(tmp_path / "mine"))
    ann, bob, legend, rest = split("images/Ann", "images/Bob", "data/")
    plain = folder(tmp_path / "loose", legend) / "data/legend.csv"
    added = house.add(
        folder(tmp_path / "a", ann),
        zipped(tmp_path / "b.zip", bob),
        tarred(tmp_path / "c.tgz", rest),
        plain,
    )
    assert kept(added) == {k: v for k, v in members().items() if k not in ("README.md", "LICENSE")}
    origin = added.receipt["origin"]
    assert (origin["kind"], len(origin["archives"]), len(origin["files"])) == ("mixture", 2, 1)
    assert added.receipt["counts"] == whole.receipt["counts"]
    assert plain.is_file()


def test_plain_files_alone(tmp_path, house):
    mine = folder(tmp_path / "mine")
    added = house.add(*sorted(p for p in mine.rglob("*") if p.is_file()))
    assert added.receipt["origin"]["kind"] == "file"
    assert kept(added).keys() == members().keys() - {"README.md"}


def test_plain_files_of_one_name_are_told_apart_by_their_folder(tmp_path, house):
    archives = ferplus.write(tmp_path / "downloads")
    whole = house.add(*archives, source="ferplus", allow_partial=True)
    again = house.__class__(tmp_path / "again")
    loose = [p for p in whole.folder.iterdir() if not p.name.startswith("label_")]
    for part in ("Train", "Valid", "Test"):
        loose.append(tmp_path / f"FER2013{part}" / "label.csv")
        loose[-1].parent.mkdir()
        loose[-1].write_bytes((whole.folder / f"label_{part.lower()}.csv").read_bytes())
    added = again.add(*loose, source="ferplus", allow_partial=True)
    assert added.receipt["tree_sha256"] == whole.receipt["tree_sha256"]


def raf(tmp_path, house, pack, nested="aligned.zip", **more):
    """RAF-DB whose aligned faces lie in an archive of their own, as its owner sends them."""
    files = rafdb.files()
    inside = "basic/Image/aligned/"
    faces = {k.removeprefix(inside): files.pop(k) for k in list(files) if k.startswith(inside)}
    inner = zip_of if nested.endswith("zip") else tar_of
    archive = inner(tmp_path / nested, {more.get("prefix", "") + k: v for k, v in faces.items()})
    files[f"basic/Image/{nested}"] = archive.read_bytes()
    archive.unlink()
    files |= {f"basic/Image/{k}": v for k, v in more.get("beside", {}).items()}
    return house.add(pack(tmp_path / "given", files), source="rafdb", allow_partial=True)


@pytest.mark.parametrize("pack", [folder, zipped, tarred])
@pytest.mark.parametrize("nested", ["aligned.zip", "aligned.tar.gz"])
@pytest.mark.parametrize("prefix", ["", "aligned/"])
def test_an_archive_inside_is_unpacked(pack, nested, prefix, tmp_path, house):
    added = raf(tmp_path, house, pack, nested, prefix=prefix)
    assert added.receipt["images"]["present"] == 42
    assert added.receipt["kept"]["files"] == len(kept(added)) == 1 + 42 + 42 + 41
    assert not list(added.folder.rglob("*.zip"))


def test_an_archive_beside_its_own_content_is_passed_by(tmp_path, house):
    faces = {
        k.removeprefix("basic/Image/"): v for k, v in rafdb.files().items() if "Image/aligned/" in k
    }
    added = raf(tmp_path, house, folder, beside=faces)
    assert added.receipt["images"]["present"] == 42
    changed = dict(faces)
    first = next(iter(changed))
    changed[first] = changed[first][:-1] + b"\0"  # of the same size
    with pytest.raises(FerBenchError, match="was found twice"):
        raf(tmp_path / "b", house.__class__(tmp_path / "b"), folder, beside=changed)


def test_a_bad_archive_inside_is_named_with_its_place(tmp_path, house):
    broken = zipped(tmp_path / "x.zip").read_bytes()[:-30]
    given = folder(tmp_path / "mine", members() | {"more/old.zip": broken})
    with pytest.raises(FerBenchError, match=r"mine/more/old\.zip, an archive inside.*take it out"):
        house.add(given)
    inner = zipped(tmp_path / "y.zip", {"../../evil": b"x"}).read_bytes()
    with pytest.raises(FerBenchError, match="leads out"):
        house.add(zipped(tmp_path / "z.zip", members() | {"old.zip": inner}))
    assert house.files() == []


def test_archives_deeper_inside_are_left_alone(tmp_path, house):
    deepest = zipped(tmp_path / "x.zip", {"a": b"x"}).read_bytes()[:-30]
    inner = zipped(tmp_path / "y.zip", {"deep.zip": deepest}).read_bytes()
    house.add(zipped(tmp_path / "z.zip", members() | {"more.zip": inner}))


def test_limits_hold_for_archives_inside_too(tmp_path, house, monkeypatch):
    from fer_bench.datasets.facial_expressions import FacialExpressions

    inner = zipped(tmp_path / "y.zip", {f"{i}": b"x" for i in range(9)}).read_bytes()
    monkeypatch.setattr(FacialExpressions, "max_files", len(members()) + 1 + 8)
    with pytest.raises(FerBenchError, match="more files than"):
        house.add(zipped(tmp_path / "z.zip", members() | {"more.zip": inner}))
    assert house.files() == []


def test_the_folder_itself_may_be_the_one_a_source_looks_for(tmp_path, house):
    mine = folder(tmp_path / "mine", rafdb.files()) / "basic"
    added = house.add(
        mine / "EmoLabel", mine / "Image" / "aligned", source="rafdb", allow_partial=True
    )
    assert added.receipt["images"]["present"] == 42


def twice(tmp_path):
    archive, mine = zipped(tmp_path / "a.zip"), folder(tmp_path / "mine")
    (tmp_path / "b.zip").write_bytes(archive.read_bytes())
    return {
        "one path": ([archive, archive], "given twice"),
        "one folder": ([mine, mine / ".." / "mine"], "given twice"),
        "one content": ([archive, tmp_path / "b.zip"], r"b\.zip and a\.zip are the same archive"),
        "inside": ([mine, mine / "data"], "lies inside .*mine, which is given too"),
        "unpacked and packed": ([mine, archive], "found 2|expected: one|found: +2"),
    }


@pytest.mark.parametrize(
    "case", ["one path", "one folder", "one content", "inside", "unpacked and packed"]
)
def test_the_same_thing_twice(case, tmp_path, house):
    inputs, message = twice(tmp_path)[case]
    with pytest.raises(FerBenchError, match=message):
        house.add(*inputs)
    assert house.files() == []


def test_what_is_no_file_and_no_folder(tmp_path, house):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FerBenchError, match="neither a file nor a folder"):
        house.add(tmp_path / "pipe")
    mine = folder(tmp_path / "mine")
    os.mkfifo(mine / "images" / "pipe.jpg")
    with pytest.raises(FerBenchError, match="broken link, pipe or device"):
        house.add(mine)
    os.remove(mine / "images" / "pipe.jpg")
    os.symlink("nowhere.jpg", mine / "images" / "link.jpg")
    with pytest.raises(FerBenchError, match="broken link, pipe or device"):
        house.add(mine)
    assert house.files() == []


@pytest.mark.parametrize("form", ["folder", "archive", "archive inside a folder"])
def test_a_disk_too_small_is_found_before_anything_is_written(form, tmp_path, house, monkeypatch):
    class Usage:
        free = 100

    given = tmp_path / "mine"
    if form == "folder":
        folder(given)
    else:
        given.mkdir()
        packed = zipped(given / "set.zip")
        given = packed if form == "archive" else given
    monkeypatch.setattr("fer_bench.files.shutil.disk_usage", lambda place: Usage)
    monkeypatch.setattr("fer_bench.receiving.unpack._write", lambda *_: pytest.fail("written"))
    with pytest.raises(FerBenchError, match="make room") as caught:
        house.add(given)
    assert ("set.zip" in str(caught.value)) is (form != "folder")
    assert house.files() == []
