"""What is given, belongs to a set and is not taken: counted by kind in the receipt."""

import os

import pytest
from miniatures import (
    affectnet,
    caer_s,
    ckplus48,
    expw,
    fedro,
    fer2013,
    ferplus,
    jaffe,
    oulu_casia,
    sfew,
)
from miniatures.drawing import lay_out, save
from PIL import Image

from fer_bench.datasets import get_source
from fer_bench.errors import FerBenchError
from fer_bench.receiving import remove

TABLE = ferplus.rows()
PNG, VOTES = ferplus.png_files(TABLE), ferplus.vote_files(TABLE)


def kept(added):
    return added.receipt["kept"]["files"]


def test_ferplus_pictures_that_the_script_does_not_write(tmp_path, house):
    first = next(iter(PNG))
    extra = {
        first.replace(".png", ".png1.png"): PNG[first],
        first.replace(".png", "_flipped.jpg"): PNG[first],
        "FERPlus-master/data/FER2013Test/face.png": PNG[first],
    }
    given = lay_out(tmp_path / "given", PNG | VOTES | extra)
    added = house.add(given, source="ferplus", allow_partial=True)
    ((kind, n),) = added.receipt["left_out"].items()
    assert "does not write" in kind
    assert n == 3
    assert any(
        line.startswith("Left out: 3 pictures in the folders of PNG") for line in added.report
    )
    assert kept(added) == len(PNG) + len(VOTES)
    assert "fer00" not in str(added.receipt)


def test_fer2013_folders_with_added_pictures(tmp_path, house, monkeypatch):
    monkeypatch.setattr(type(get_source("fer2013")), "expected", fer2013.EXPECTED)
    pictures = fer2013.folders()
    given = lay_out(tmp_path / "given", pictures | fer2013.added(pictures))
    added = house.add(given, source="fer2013")
    assert added.receipt["partial"] is False
    assert added.receipt["notes"] == ["56 pictures are JPEG copies: not the exact pixels"]
    said = "added pictures (*.jpg0.jpg and so on), made of others"
    assert added.receipt["left_out"] == {said: 16}
    assert f"Left out: 16 {said}" in added.report
    assert kept(added) == 56


def test_a_whole_competition_from_kaggle(tmp_path, house):
    votes = lay_out(tmp_path / "votes", VOTES)
    zipped = ferplus.competition(tmp_path, TABLE)
    added = house.add(zipped, votes, source="ferplus", allow_partial=True)
    assert added.receipt["images"]["present"] == 64
    assert added.receipt["left_out"]["second table of pixels (icml_face_data.csv)"] == 1
    other = house.add(zipped, source="fer2013", allow_partial=True)
    assert other.receipt["images"]["present"] == len(TABLE)


def test_the_other_lights_of_oulu_casia(tmp_path, house):
    [archive] = oulu_casia.write(tmp_path)
    left = house.add(archive, source="oulu_casia", allow_partial=True).receipt["left_out"]
    assert left["frames of NI/Strong"] == left["frames of VL/Weak"] == 1


def test_no_class_of_fedro_is_lost_in_a_part(tmp_path, house):
    given = lay_out(tmp_path / "given", fedro.spelt())
    added = house.add(given, source="fedro", allow_partial=True)
    assert set(added.receipt["counts"]["test"].values()) == {2}
    assert len(added.receipt["counts"]["test"]) == 7


def test_ferplus_with_the_votes_of_one_table_has_counts_of_its_own(tmp_path, house):
    files = PNG | {k: v for k, v in VOTES.items() if "label" not in k}
    given = lay_out(tmp_path / "given", files)
    with pytest.raises(FerBenchError, match=r"expected: 31,409 images"):
        house.add(given, source="ferplus")
    receipt = house.add(given, source="ferplus", allow_partial=True).receipt
    assert receipt["images"]["published"] == 31_409


SETS = {
    "ferplus": PNG | VOTES,
    "fer2013": fer2013.folders(),
    "ckplus48": ckplus48.files(),
    "jaffe": jaffe.files(".png"),
    "sfew": sfew.plain("train") | sfew.plain("test"),
    "fedro": fedro.spelt(),
    "caer_s": caer_s.files() | caer_s.lists(),
    "expw": expw.files(),
    "affectnet": affectnet.plus_files(),
}
"""The forms that are no archives of their owners."""


def picture_of(files):
    return next(path for path in files if path.endswith((".png", ".jpg")))


@pytest.mark.parametrize("name", SETS)
def test_a_link_out_of_the_folder_is_refused(name, tmp_path, house):
    files = SETS[name]
    given = lay_out(tmp_path / "given", files)
    (tmp_path / "elsewhere.png").write_bytes(files[picture_of(files)])
    (given / picture_of(files)).unlink()
    os.symlink(tmp_path / "elsewhere.png", given / picture_of(files))
    with pytest.raises(FerBenchError, match="a link that leads out of the folder"):
        house.add(given, source=name, allow_partial=True)
    assert house.files() == []


@pytest.mark.parametrize("name", SETS)
def test_a_picture_that_decodes_to_gigabytes_is_left_out(name, tmp_path, house, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300_000)
    files = SETS[name]
    bomb = save(Image.new("L", (600, 600)), "PNG")
    given = lay_out(tmp_path / "given", files | {picture_of(files): bomb})
    receipt = house.add(given, source=name, allow_partial=True).receipt
    assert (receipt["unreadable"], receipt["partial"]) == (1, True)


LINES = {
    "caer_s": ("train.txt", "\n{path},0,1,2,30,40\n"),
    "expw": ("ExpW/data/label/label.lst", "\n{path} 0 1 2 30 40 9.5 0\n"),
}
"""A list, and what its lines look like."""


@pytest.mark.parametrize("path", ["../../secret.jpg", "/etc/secret.jpg", "..\\secret.jpg"])
@pytest.mark.parametrize("name", LINES)
def test_lines_that_lead_elsewhere_are_left_out_and_counted(name, path, tmp_path, house):
    (list_, line), files = LINES[name], SETS[name]
    (tmp_path / "secret.jpg").write_bytes(save(Image.new("L", (99, 99))))
    plain = house.add(lay_out(tmp_path / "plain", files), source=name, allow_partial=True)
    kept = {file.name for file in plain.folder.rglob("*")}
    remove(name, root=house.raw, receipts_root=house.receipts)
    changed = files | {list_: files[list_] + line.format(path=path).encode()}
    added = house.add(lay_out(tmp_path / "given", changed), source=name, allow_partial=True)
    assert {file.name for file in added.folder.rglob("*")} == kept
    assert added.receipt["counts"] == plain.receipt["counts"]
    new = set(added.receipt["notes"]) - set(plain.receipt["notes"])
    assert any("line" in note for note in new), new


@pytest.mark.parametrize("name", ["../../fer0000001.png", "/etc/fer0000001.png", "fer1.png"])
@pytest.mark.parametrize("table", VOTES)
def test_names_in_lists_that_lead_elsewhere_are_refused(table, name, tmp_path, house):
    named = (row.name.encode() for row in TABLE if row.name)
    inside = next(name for name in named if name + b".png" in VOTES[table])
    changed = VOTES[table].replace(inside + b".png", name.encode(), 1)
    assert changed != VOTES[table]
    given = lay_out(tmp_path / "given", PNG | VOTES | {table: changed})
    with pytest.raises(FerBenchError, match=r"is not a name like fer0000000\.png"):
        house.add(given, source="ferplus", allow_partial=True)
    assert house.files() == []


def test_a_table_of_one_endless_line_is_refused_soon(tmp_path, house):
    table = {"icml_face_data.csv": b"emotion, Usage, pixels\n0,Training," + b"1 " * 500_000}
    for name, votes in (("ferplus", VOTES), ("fer2013", {})):
        given = lay_out(tmp_path / name, table | votes)
        with pytest.raises(FerBenchError, match="line 2"):
            house.add(given, source=name)
    assert house.files() == []
