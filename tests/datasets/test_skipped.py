import pytest

from fer_bench.datasets.skipped import Skipped
from fer_bench.errors import FerBenchError


def skipped(*said):
    return Skipped("list.csv", said=list(said))


def test_nothing_bad_is_nothing_to_say():
    assert skipped().notes(0) == ()


def test_a_few_are_counted_and_shown():
    assert skipped("line 7: x").notes(20) == (
        "1 line of list.csv cannot be understood: left out (line 7: x)",
    )
    many = skipped(*(f"line {n}: x" for n in range(5))).notes(1_000)
    assert many[0].startswith("5 lines of list.csv")
    assert many[0].endswith("(line 0: x; line 1: x; line 2: x ...)")


@pytest.mark.parametrize("total", [1, 19])
def test_more_than_one_in_twenty_is_another_list(total):
    with pytest.raises(FerBenchError, match=rf"list\.csv line 7: x\. That makes 1 of {total} line"):
        skipped("line 7: x").notes(total)
