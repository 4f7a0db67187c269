"""Is it the published set? Too few, too many, unreadable, and what is admitted all the same."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniatures import ferplus, jaffe, oulu_casia, rafdb, sfew
from receiving_miniature import folder, members

from fer_bench.datasets import get_source
from fer_bench.errors import FerBenchError
from fer_bench.receiving.completeness import counted, differing, side_by_side
from fer_bench.receiving.images import check_images

RAFDB = type(get_source("rafdb"))


@pytest.fixture
def complete(monkeypatch):
    """RAF-DB as large as its miniature."""
    monkeypatch.setattr(RAFDB, "expected", rafdb.EXPECTED)


def aligned(split, code, number=0):
    return f"basic/Image/aligned/{rafdb.names(split, code)[number]}_aligned.jpg"


def rows(error):
    """Rows of the table in a message: class -> its cells."""
    found = {}
    for line in str(error).splitlines():
        words = line.split()
        if len(words) >= 5 and words[1].replace(",", "").isdigit():
            found[words[0]] = words[1:]
    return found


def test_a_complete_set_needs_no_flag(complete, tmp_path, house):
    added = house.add(folder(tmp_path / "mine", rafdb.files()), source="rafdb")
    assert added.receipt["partial"] is False
    assert added.receipt["images"] == {"published": 42, "listed": 42, "present": 42}
    assert added.receipt["unreadable"] == 0
    assert added.receipt["counts"]["test"] == rafdb.EXPECTED["test"]
    assert added.report[0].endswith("the published set has 42.")


def test_a_set_without_published_counts_is_taken_as_it_is(tmp_path, house, monkeypatch):
    monkeypatch.setattr(RAFDB, "expected", {})
    added = house.add(folder(tmp_path / "mine", rafdb.files()), source="rafdb")
    assert added.receipt["partial"] is False
    assert not [line for line in added.report if "published" in line]


def test_too_few_are_shown_class_by_class(complete, tmp_path, house):
    files = rafdb.files()
    del files[aligned("test", 2)], files[aligned("train", 2)], files[aligned("train", 7)]
    with pytest.raises(FerBenchError, match=r"it is incomplete(?s:.*)--allow-partial") as caught:
        house.add(folder(tmp_path / "mine", files), source="rafdb")
    text = str(caught.value)
    assert "expected: 42 images\n  found:    39 (of 42 that are listed)" in text
    assert rows(text)["fear"] == ["4", "3", "2", "1", "train", "-1,", "test", "-1"]
    assert rows(text)["neutral"] == ["4", "3", "2", "2", "train", "-1"]
    assert rows(text)["anger"] == ["4", "4", "2", "2"]
    assert "It comes as basic.zip" in text
    assert len(text.splitlines()) < 24
    assert house.files() == []
    given = folder(tmp_path / "mine", files)
    receipt = house.add(given, source="rafdb", allow_partial=True).receipt
    assert (receipt["partial"], receipt["images"]["present"]) == (True, 39)


def test_too_many_are_refused_too(complete, tmp_path, house):
    files = rafdb.files()
    files["basic/EmoLabel/list_patition_label.txt"] = (
        files["basic/EmoLabel/list_patition_label.txt"].rstrip() + b"\r\ntest_0099.jpg 6\r\n"
    )
    files["basic/Image/aligned/test_0099_aligned.jpg"] = files[aligned("test", 6)]
    with pytest.raises(FerBenchError, match="it is not as published") as caught:
        house.add(folder(tmp_path / "mine", files), source="rafdb")
    assert rows(caught.value)["anger"] == ["4", "4", "2", "3", "test", "+1"]
    assert "Take out what does not belong" in str(caught.value)
    assert "Have you given all" not in str(caught.value)
    assert house.files() == []
    assert house.add(tmp_path / "mine", source="rafdb", allow_partial=True).receipt["partial"]


def test_as_many_but_others_are_refused(complete, tmp_path, house):
    text = rafdb.label_list().decode()
    stem = rafdb.names("test", 6)[0]
    files = rafdb.files()
    changed = text.replace(f"{stem}.jpg 6", f"{stem}.jpg 3")
    assert changed != text
    files["basic/EmoLabel/list_patition_label.txt"] = changed.encode()
    with pytest.raises(FerBenchError, match=r"anger .* test -1") as caught:
        house.add(folder(tmp_path / "mine", files), source="rafdb")
    assert "found:    42 (of 42" in str(caught.value)


def test_a_subset_may_be_too_small_but_not_too_large(tmp_path, house, monkeypatch):
    fe = type(get_source("facial_expressions"))
    given = folder(tmp_path / "mine")
    monkeypatch.setattr(fe, "expected", {"all": {"all": 4}})
    with pytest.raises(FerBenchError, match=r"it is not as published(?s:.*)found:    5"):
        house.add(given)
    monkeypatch.setattr(fe, "expected", {"all": {"all": 5}})
    assert house.add(given).receipt["partial"] is False


BAD = {"zero bytes": b"", "text": b"<html>", "cut": rafdb.files()[aligned("test", 6)][:-200]}


@pytest.mark.parametrize("what", BAD)
def test_an_unreadable_image_is_an_error_or_left_out(what, complete, tmp_path, house):
    given = folder(tmp_path / "mine", rafdb.files() | {aligned("test", 6): BAD[what]})
    with pytest.raises(FerBenchError, match=r"1 of 42 images cannot be used(?s:.*)allow-partial"):
        house.add(given, source="rafdb")
    assert house.files() == []
    added = house.add(given, source="rafdb", allow_partial=True)
    receipt = json.loads((house.receipts / "rafdb" / "source.json").read_text())
    assert (receipt["unreadable"], receipt["partial"]) == (1, True)
    assert receipt["images"] == {"published": 42, "listed": 42, "present": 41}
    assert receipt["counts"]["test"]["anger"] == 1
    assert "1 image cannot be read: left out, not kept" in added.report
    assert rafdb.names("test", 6)[0] not in json.dumps(receipt)
    source = get_source("rafdb")
    assert check_images(source, added.folder, source.index(added.folder, {}), False) == []
    assert house.verify("rafdb") == []


def test_photographs_that_the_default_pixels_do_not_read_are_decoded_too(complete, tmp_path, house):
    original = f"basic/Image/original/{rafdb.names('train', 1)[0]}.jpg"
    given = folder(tmp_path / "mine", rafdb.files() | {original: b"nothing"})
    with pytest.raises(FerBenchError, match=r"1 of 42 images(?s:.*)Image/original/"):
        house.add(given, source="rafdb")
    receipt = house.add(given, source="rafdb", allow_partial=True).receipt
    assert (receipt["unreadable"], receipt["images"]["present"]) == (1, 42)


def test_a_frame_that_cannot_be_read_takes_its_sequence_along(tmp_path, house):
    [archive] = oulu_casia.write(tmp_path / "downloads")
    whole = house.add(archive, source="oulu_casia", allow_partial=True)
    frames = {
        p.relative_to(whole.folder).as_posix(): p.read_bytes() for p in whole.folder.rglob("*.*")
    }
    used = get_source("oulu_casia").index(whole.folder, {})["path"]
    other = house.__class__(tmp_path / "other")
    given = folder(tmp_path / "given", frames | {used[1]: b"nothing"})
    receipt = other.add(given, source="oulu_casia", allow_partial=True).receipt
    assert receipt["unreadable"] == 1
    assert receipt["images"]["present"] == whole.receipt["images"]["present"] - 4


def test_nothing_can_be_left_out_of_one_file_that_holds_all(tmp_path, house, monkeypatch):
    monkeypatch.setattr(type(get_source("ferplus")), "expected", {"all": {"all": 64}})
    archives = ferplus.write(tmp_path / "downloads")
    folder_of = house.add(*archives, source="ferplus", allow_partial=True).folder
    files = {p.name: p.read_bytes() for p in folder_of.iterdir()}
    lines = files["fer2013.csv"].split(b"\n")
    index = get_source("ferplus").index(folder_of, {})
    number = int(index["fer2013_row"][0]) + 1
    usage = lines[number].rsplit(b",", 1)[1]
    lines[number] = lines[number].split(b",")[0] + b",1 2 3," + usage
    given = folder(tmp_path / "given", files | {"fer2013.csv": b"\n".join(lines)})
    other = house.__class__(tmp_path / "other")
    for allowed in (False, True):
        with pytest.raises(FerBenchError, match=r"fer2013.csv line \d+: 3 pixels"):
            other.add(given, source="ferplus", allow_partial=allowed)
    assert other.files() == []


def test_our_temporary_folders_are_not_named(tmp_path, house):
    files = {part: sfew.files(part) for part in ("train", "test")}
    first = next(iter(files["train"]))
    place, _, name = first.rsplit("/", 2)
    files["train"][f"{place}/Angry/{name}"] = files["train"][first]
    given = [folder(tmp_path / part, content) for part, content in files.items()]
    with pytest.raises(FerBenchError, match="what was given: 1 frames of SFEW lie in") as caught:
        house.add(*given, source="sfew")
    assert str(house.raw) not in str(caught.value)


def test_none_is_left_when_all_are_unreadable(tmp_path, house):
    bad = {name: b"" for name in members() if name.startswith("images/")}
    with pytest.raises(FerBenchError, match=r"5 of 5 images cannot be used(?s:.*)again\.$"):
        house.add(folder(tmp_path / "mine", members() | bad), allow_partial=True)
    assert house.files() == []


def test_a_set_tested_on_has_one_split_and_one_of_unknown_splits_no_table(tmp_path, house):
    archives = jaffe.write(tmp_path / "downloads")
    with pytest.raises(FerBenchError, match="expected: 213 images") as caught:
        house.add(*archives, source="jaffe")
    assert rows(caught.value)["fear"] == ["32", "5", "test", "-27"]
    assert side_by_side({"all": {"all": 3}}, {"all": {"all": 2}}) == ""


COUNTS = st.dictionaries(
    st.sampled_from(["train", "val", "test"]),
    st.dictionaries(st.sampled_from(["neutral", "fear", "anger"]), st.integers(1, 9), min_size=1),
    min_size=1,
)


def frame(counts):
    from fer_bench.labels import Expression

    return pd.DataFrame(
        [
            {"split": split, "label": int(Expression[name])}
            for split, classes in counts.items()
            for name, n in classes.items()
            for _ in range(n)
        ]
    )


@given(COUNTS)
def test_a_set_is_itself(counts):
    assert differing(counts, counted(frame(counts), counts)) == []
    for like in ({"all": {"all": 0}}, {split: {"all": 0} for split in counts}):
        total = sum(n for c in counted(frame(counts), like).values() for n in c.values())
        assert total == len(frame(counts))


@given(COUNTS, COUNTS)
def test_any_difference_is_found_and_shown(expected, found):
    gaps = differing(expected, counted(frame(found), expected))
    flat = [{(s, c): n for s in x for c, n in x[s].items()} for x in (expected, found)]
    assert {(s, c) for s, c, _ in gaps} == {k for k, _ in flat[0].items() ^ flat[1].items()}
    table = side_by_side(expected, found)
    for split, name, gap in gaps:
        line = next(x for x in table.splitlines() if x.startswith(name))
        assert f"{split} {gap:+,}" in line
