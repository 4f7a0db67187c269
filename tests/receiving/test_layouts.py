"""What is given, belongs to a set and is not taken: counted by kind in the receipt."""

import pytest
from miniatures import fedro, fer2013, ferplus, oulu_casia
from miniatures.drawing import lay_out

from fer_bench.datasets import get_source
from fer_bench.errors import FerBenchError

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
    said = [note for note in added.receipt["notes"] if "does not write" in note]
    assert sorted(note.split()[:2] for note in said) == [["1", ".jpg"], ["2", ".png"]]
    assert kept(added) == len(PNG) + len(VOTES)
    assert "fer00" not in str(added.receipt)


def test_fer2013_folders_with_added_pictures(tmp_path, house, monkeypatch):
    monkeypatch.setattr(type(get_source("fer2013")), "expected", fer2013.EXPECTED)
    pictures = fer2013.folders()
    given = lay_out(tmp_path / "given", pictures | fer2013.added(pictures))
    added = house.add(given, source="fer2013")
    assert added.receipt["partial"] is False
    assert added.receipt["notes"] == [
        "56 JPEG copies made by somebody: not the exact pixels",
        "16 added .jpg (*.jpg0.jpg and so on), made of others: left out",
    ]
    assert "16 added .jpg (*.jpg0.jpg and so on), made of others: left out" in added.report
    assert kept(added) == 56


def test_a_whole_competition_from_kaggle(tmp_path, house):
    votes = lay_out(tmp_path / "votes", VOTES)
    zipped = ferplus.competition(tmp_path, TABLE)
    added = house.add(zipped, votes, source="ferplus", allow_partial=True)
    assert added.receipt["images"]["present"] == 64
    assert "1 second table of pixels (icml_face_data.csv): left out" in added.receipt["notes"]
    other = house.add(zipped, source="fer2013", allow_partial=True)
    assert other.receipt["images"]["present"] == len(TABLE)


def test_a_refusal_shows_what_was_left_out_too(tmp_path, house):
    [archive] = oulu_casia.write(tmp_path)
    with pytest.raises(FerBenchError, match="1 frames of NI/Strong: left out"):
        house.add(archive, source="oulu_casia")


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
