"""Of every source: each given file is kept, read, left out with a reason, or counted as unused."""

import importlib
import re

import pytest
from miniatures.drawing import lay_out, unpack

from fer_bench.datasets import get_receivable
from fer_bench.datasets.tree import Tree
from fer_bench.receiving.unused import unused

STRAY = {"stray/holiday.png": b"a", "stray/report.pdf": b"b", "stray/deeper/odd.Jane_Roe": b"c"}
SOURCES = (
    "rafdb", "ferplus", "fer2013", "affectnet", "sfew", "fedro", "ckplus", "ckplus48",
    "oulu_casia", "jaffe", "caer_s", "expw", "challenge_lists",
)  # fmt: skip


class Watched(Tree):
    """A tree that remembers which files were left out."""

    def leave_out(self, file, kind):
        super().leave_out(file, kind)
        self.__dict__.setdefault("files_left_out", []).append(str(file))


@pytest.mark.parametrize("source", SOURCES)
def test_no_file_is_dropped_in_silence_and_none_counted_twice(source, tmp_path):
    given = importlib.import_module(f"miniatures.{source}").write(tmp_path / "given")
    roots = [path for path in given if path.is_dir()]
    roots += unpack([path for path in given if path.is_file()], tmp_path / "unpacked")
    tree = Watched([*roots, lay_out(tmp_path / "more", STRAY)], tmp_path / "made")
    collected = get_receivable(source).collect(tree)
    counts, lines = unused(tree, collected)
    kept, left = set(map(str, collected.values())), vars(tree).get("files_left_out", [])
    assert not kept & set(left)
    assert not kept & tree._used
    files = {file for _, file in tree._files}
    assert sum(counts.values()) == len(files - kept - tree._used) + len(set(left))
    assert sum(counts.values()) >= len(STRAY)
    said = "\n".join(lines)
    assert sum(int(line.split()[2]) for line in lines) == sum(counts.values())
    assert re.search("other files in .*more/stray/deeper/", said)
    assert "Jane" not in said + str(counts)
