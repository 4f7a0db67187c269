"""docs/protocol.md: one place for the version, and a hash that no silent edit survives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fer_bench.datasets.base import PIXELS
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.metrics import ECE_BINS
from fer_bench.evaluation.score import SELECTIONS
from fer_bench.params import Align
from fer_bench.rules import read_protocol
from fer_bench.training.recipe import Recipe

FILE = Path(__file__).parents[1] / "docs/protocol.md"


def edited(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = FILE.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "protocol.md"
    file.write_text(text)
    return file


def test_the_committed_rules_are_those_of_their_version():
    found = read_protocol(FILE)
    assert found.version >= 1
    assert f"`{found.sha256}`" in FILE.read_text()


def test_line_breaks_and_the_text_around_do_not_count(tmp_path):
    file = edited(
        tmp_path, ("## Faces\n\n", "## Faces\n\n\n"), ("# Protocol\n", "# The protocol\n")
    )
    file.write_text(file.read_text().replace("one face; none\n   is", "one face;\n   none is"))
    assert read_protocol(file) == read_protocol(FILE)


def test_a_changed_rule_needs_a_version_of_its_own(tmp_path):
    change = ("10 % of its train", "20 % of its train")
    with pytest.raises(
        FerBenchError, match=r"version 2 are listed with the hash .*raise"
    ) as caught:
        read_protocol(edited(tmp_path, change))
    raised = (change, ("**Version 2**", "**Version 3**"))
    with pytest.raises(FerBenchError, match=r"version 3 are not listed") as caught:
        read_protocol(edited(tmp_path, *raised))
    sha256 = re.search(r"these have (\w{64})", str(caught.value))[1]
    line = (
        "\n\nWhoever changes",
        f"\n| 3 | `{sha256}` | 3 | a larger validation split |\n\nWhoever changes",
    )
    found = read_protocol(edited(tmp_path, *raised, line))
    assert (found.version, found.sha256, found.since) == (3, sha256, 3)
    assert found != read_protocol(FILE)


@pytest.mark.parametrize("lost", ["<!-- rules -->", "**Version 2**"])
def test_a_file_without_rules_is_said(tmp_path, lost):
    with pytest.raises(FerBenchError, match="holds no rules"):
        read_protocol(edited(tmp_path, (lost, "")))
    with pytest.raises(FerBenchError, match="project's folder"):
        read_protocol(tmp_path / "nowhere.md")


def test_the_rules_say_what_the_code_does():
    text = " ".join(FILE.read_text().split())
    assert f"{ECE_BINS} equally wide bins" in text
    assert all(f"`{name}`" in text for name in (*SELECTIONS, *PIXELS))
    assert f"{Recipe().validation:.0%}".replace("%", " %") + " of its train faces" in text
    assert f"thresholds {', '.join(map(str, Align().thresholds))}" in text
    assert f"`{Recipe().train_on}`" in text
