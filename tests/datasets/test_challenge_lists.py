"""The challenge lists: every format both ways, lines that are wrong, and the real lists."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_bench.datasets.challenge_lists import FOLDERS, LISTS, RECEIVABLE, read_entries, read_lists
from fer_bench.errors import FerBenchError

REAL = Path(__file__).parents[3] / "shared/data/challenge_lists"

FER = st.integers(0, 35_886).map("fer{:07d}".format)
RAF = st.integers(1, 3_068).map("test_{:04d}".format)
HASH = st.binary(min_size=28, max_size=28).map(bytes.hex)
EIGHT, SEVEN, KIND = st.integers(0, 7), st.integers(0, 6), st.integers(0, 4)

# (set, part): (what a line names, its label, how a line is written)
WRITTEN = {
    ("ferplus", "occluded"): (FER, EIGHT, "{label}_{stem}.png 8 {kind}"),
    ("ferplus", "pose_gt_30"): (FER, EIGHT, "{label}/{stem}.jpg"),
    ("ferplus", "pose_gt_45"): (FER, EIGHT, "{label}/{stem}.jpg"),
    ("rafdb", "occluded"): (RAF, SEVEN, "{stem}_aligned {label} {kind}"),
    ("rafdb", "pose_gt_30"): (RAF, SEVEN, "{label}/{stem}_aligned.jpg"),
    ("rafdb", "pose_gt_45"): (RAF, SEVEN, "{label}/{stem}_aligned.jpg"),
    ("affectnet", "occluded"): (HASH, EIGHT, "val/{label}/{stem}/"),
    ("affectnet", "pose_gt_30"): (HASH, EIGHT, "{label}/{stem}.jpg"),
    ("affectnet", "pose_gt_45"): (HASH, EIGHT, "{label}/{stem}/8.jpg"),
}


def place(root, which, part, text):
    path = root / which / LISTS[which][part].file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return root


def test_nine_lists_are_known():
    assert WRITTEN.keys() == {(which, part) for which in LISTS for part in LISTS[which]}
    assert RECEIVABLE.published == 9
    assert len(set(RECEIVABLE.fetch.paths)) == 9
    assert all(path.split("/")[0] in FOLDERS.values() for path in RECEIVABLE.fetch.paths)
    assert RECEIVABLE.fetch.commit.startswith("e43d7a0")


@pytest.mark.parametrize("where", WRITTEN, ids=" ".join)
@given(data=st.data())
def test_what_is_written_is_read(where, data, tmp_path_factory):
    stems, labels, form = WRITTEN[where]
    lines = data.draw(st.lists(st.tuples(stems, labels, KIND), min_size=1, max_size=8))
    lines += data.draw(st.lists(st.sampled_from(lines), max_size=2))  # repeats
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join(form.format(stem=s, label=n, kind=k) for s, n, k in lines)
    text += data.draw(st.sampled_from(["", end, end + end]))
    root = place(tmp_path_factory.mktemp("lists"), *where, text)
    which, part = where
    assert read_entries(root, which) == {part: [(stem, label) for stem, label, _ in lines]}
    assert read_lists(root, which) == {part: [stem for stem, _, _ in lines]}


@pytest.mark.parametrize("where", WRITTEN, ids=" ".join)
@pytest.mark.parametrize("cut", [2, 6, 12])
def test_a_line_cut_off_is_named(where, cut, tmp_path):
    stem = {"ferplus": "fer0000001", "rafdb": "test_0001", "affectnet": "ab" * 28}[where[0]]
    line = WRITTEN[where][2].format(stem=stem, label=3, kind=1)
    root = place(tmp_path, *where, f"{line}\n{line[:-cut]}")
    with pytest.raises(FerBenchError) as caught:
        read_lists(root, where[0])
    said = f"{where[0]}/{LISTS[where[0]][where[1]].file} line 2: {line[:-cut].strip()!r} is not"
    assert said in str(caught.value)
    assert "fer-bench data add challenge_lists" in str(caught.value)


@pytest.mark.parametrize("text", ["8/fer0000001.jpg", "1/test_0001_aligned.jpg", "x", "\xff\xfe"])
def test_a_line_of_something_else(text, tmp_path):
    root = place(tmp_path, "ferplus", "pose_gt_30", f"1/fer0000001.jpg\n\n{text}\n")
    with pytest.raises(FerBenchError, match=r"pose_30_ferplus_list\.txt line 3"):
        read_lists(root, "ferplus")


def test_an_empty_list_and_an_unknown_set(tmp_path):
    place(tmp_path, "rafdb", "occluded", "\n")
    with pytest.raises(FerBenchError, match=r"rafdb_occlusion_list\.txt is empty"):
        read_lists(tmp_path, "rafdb")
    with pytest.raises(FerBenchError, match="did you mean 'rafdb'"):
        read_lists(tmp_path, "raf_db")
    assert read_lists(tmp_path, "ferplus") == {}


real = pytest.mark.skipif(not REAL.is_dir(), reason="the lists have no licence: a local copy only")

# lines, different faces; without contempt (AffectNet's 7): lines, different faces
SIZES = {
    "ferplus": {"occluded": (605, 605), "pose_gt_30": (1170, 1170), "pose_gt_45": (633, 633)},
    "rafdb": {"occluded": (735, 734), "pose_gt_30": (1247, 1247), "pose_gt_45": (558, 558)},
    "affectnet": {"occluded": (683, 683), "pose_gt_30": (1949, 1944), "pose_gt_45": (985, 983)},
}
WITHOUT_CONTEMPT = {"occluded": (592, 592), "pose_gt_30": (1749, 1745), "pose_gt_45": (889, 888)}


@real
@pytest.mark.parametrize("which", SIZES)
def test_sizes_of_the_real_lists(which):
    lists = read_lists(REAL, which)
    assert {part: (len(x), len(set(x))) for part, x in lists.items()} == SIZES[which]
    assert set(lists["pose_gt_45"]) <= set(lists["pose_gt_30"])


@real
def test_sizes_without_contempt():
    kept = {
        part: [entry.stem for entry in entries if entry.label != 7]
        for part, entries in read_entries(REAL, "affectnet").items()
    }
    assert {part: (len(x), len(set(x))) for part, x in kept.items()} == WITHOUT_CONTEMPT


@real
def test_the_real_lists_are_those_of_the_pinned_commit():
    assert RECEIVABLE.faults(REAL) == []
    assert RECEIVABLE.inventory(REAL).present == 9
