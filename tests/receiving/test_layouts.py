"""What is given, belongs to a set and is not taken: counted by kind in the receipt."""

from miniatures import ferplus
from miniatures.drawing import lay_out

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
