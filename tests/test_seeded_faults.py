"""The list of seeded faults is of the present code; what finds them is tried by hand, see there."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "seeded_faults"))
import run as seeded_faults

FAULTS = list(seeded_faults.listed())


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_every_fault_can_be_put_in_and_its_tests_are_there(fault):
    fault.applied(seeded_faults.ROOT)
    assert fault.tests
    for name in fault.tests:
        assert (seeded_faults.ROOT / "tests" / name).is_file(), name


def test_there_are_enough_and_none_twice():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 60
