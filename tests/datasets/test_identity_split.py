"""Who is in a photograph, and where that person goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_bench.datasets.identity_split import NAMELESS, identity_of, pseudonym, split_of


@pytest.mark.parametrize(
    "name",
    ["Ann_Lee_0001.jpg", "ann-lee-12.JPG", "AnnLee 3.jpeg", "ANN.LEE.7.png", "images/Ann_Lee_2.jpg",
     "AnnLee.jpg", "ann_lee_12345k.jpg"],
)  # fmt: skip
def test_one_person_however_the_file_is_named(name):
    assert identity_of(name) == "annlee"


def test_different_people_stay_apart_and_numbers_inside_names_count():
    names = ["Ann_Lee_0001.jpg", "Ann_Leek_0001.jpg", "group-of-people_1234567k.jpg", "a1_b_2.jpg"]
    assert [identity_of(n) for n in names] == ["annlee", "annleek", "groupofpeople", "a1b"]


def test_composed_and_decomposed_accents_are_one_person():
    assert identity_of("Zo\u00eb_1.jpg") == identity_of("Zoe\u0308_2.jpg")


def test_files_named_by_number_only_share_one_identity():
    assert {identity_of(n) for n in ("0001.jpg", "17.png", "_3.jpg")} == {NAMELESS}


@given(st.text("abcXYZ ", min_size=1).filter(str.strip), st.integers(0, 9999))
def test_the_number_never_changes_the_person(name, number):
    assert identity_of(f"{name}_{number:04d}.jpg") == identity_of(f"{name}_1.jpg")


def test_shares_of_people():
    splits = [split_of(f"person {i}", "salt") for i in range(5000)]
    shares = [splits.count(s) / 5000 for s in ("train", "val", "test")]
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.02)


def test_the_split_is_a_fixed_function_of_person_and_salt():
    # Written down, so that a change of the hash cannot go unnoticed: it would mix train and test
    # of models trained before and after.
    drawn = [split_of(name, "facial_expressions/0") for name in ("a", "b", "c", "d", "e", "f")]
    assert drawn == ["test", "train", "train", "test", "train", "test"]
    assert any(split_of(str(i), "x") != split_of(str(i), "y") for i in range(20))


def test_pseudonyms_do_not_print_the_name():
    assert "lee" not in pseudonym("fe", "ann_lee_0001.jpg")
    assert len(pseudonym("fe", "x")) == 15
