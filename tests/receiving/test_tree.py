"""Finding files wherever they lie."""

import pytest
from receiving_miniature import folder

from fer_bench.datasets.tree import Tree

FILES = {"a/b/one.txt": b"1", "a/.hidden/one.txt": b"2", "__MACOSX/one.txt": b"3", "two.TXT": b"4"}


def found(tree, pattern):
    return [file.read_bytes() for _, file in tree.matching(pattern)]


def test_the_end_of_a_path_decides_and_system_files_are_left_out(tmp_path):
    tree = Tree([folder(tmp_path / "mine", FILES)])
    assert len(tree) == 2
    assert found(tree, r"one\.txt") == [b"1"]
    assert found(tree, r"b/one\.txt") == [b"1"]
    assert found(tree, r"ne\.txt") == []
    assert found(tree, r"two\.txt") == [b"4"]


def test_the_name_of_the_folder_counts_and_is_never_a_system_file(tmp_path):
    tree = Tree([folder(tmp_path / ".mine", FILES) / "."])
    assert found(tree, r"\.mine/two\.txt") == [b"4"]
    assert tree.outline() == "a/b/ (1), ./ (1)"


def test_a_file_is_listed_in_the_name_of_its_folder(tmp_path):
    file = folder(tmp_path / "mine", FILES) / "a/b/one.txt"
    tree = Tree([file])
    assert found(tree, r"b/one\.txt") == [b"1"]
    assert found(tree, r"a/b/one\.txt") == []


def test_a_file_is_counted_once_as_left_out_or_unused(tmp_path):
    given = folder(tmp_path / "mine", FILES)
    tree = Tree([given])
    tree.leave_out(given / "two.TXT", "second lists")
    tree.leave_out(given / "two.TXT", "second lists, said again")
    assert tree.left_out == {"second lists": 1}
    assert tree.unused([]) == ["mine/a/b/one.txt"]
    assert tree.unused([given / "a/b/one.txt"]) == []


def test_the_folder_for_made_files_exists_once_it_is_asked_for(tmp_path):
    given = folder(tmp_path / "mine", FILES)
    tree = Tree([given], tmp_path / "made")
    assert not (tmp_path / "made").exists()
    assert tree.scratch.is_dir()
    with pytest.raises(ValueError, match="given no folder to make files in"):
        _ = Tree([given]).scratch
