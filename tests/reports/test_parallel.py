"""Parts of a report on several cores."""

from __future__ import annotations

import os
from functools import partial

import pytest

from fer_bench.errors import FerBenchError
from fer_bench.reports import parallel as module
from fer_bench.reports.parallel import in_parallel


def _fail() -> None:
    raise FerBenchError("scores/a.json is no score file")


def _nested(n: int) -> list[int]:
    return in_parallel([partial(abs, -n), os.getpid])


def test_results_come_in_order_from_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)
    shared = {"scores": list(range(5))}  # found by the parts without being sent
    found = in_parallel([lambda n=n: (shared["scores"][n], os.getpid()) for n in range(5)])
    assert [n for n, _ in found] == [0, 1, 2, 3, 4]
    assert os.getpid() not in {process for _, process in found}


def test_one_core_needs_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 1)
    assert in_parallel([os.getpid, os.getpid]) == [os.getpid()] * 2
    assert in_parallel([]) == []


def test_an_error_reaches_the_caller_and_the_next_call_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)
    with pytest.raises(FerBenchError, match="no score file"):
        in_parallel([_fail, os.getpid])
    assert in_parallel([partial(abs, -1), partial(abs, -2)]) == [1, 2]


def test_a_part_may_have_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)
    (one, parent), (two, _) = in_parallel([partial(_nested, 1), partial(_nested, 2)])
    assert (one, two) == (1, 2)
    assert parent != os.getpid()
