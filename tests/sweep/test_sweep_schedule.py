"""What runs where, in pretended places: no process, no clock."""

import pytest
from rich.console import Console

from fer_bench.errors import FerBenchError
from fer_bench.sweep.drive import STRANDED, drive
from fer_bench.sweep.schedule import BACK_OFF, Job, JobState, Schedule
from fer_bench.sweep.table import LiveTable
from fer_bench.sweep.worker import Look

CELLS = [Job("a", ("a:train",)), Job("b", ("b:train",)), Job("b2", ("b2:transfer",),
                                                             needs=frozenset({"b"}))]  # fmt: skip


class Pretended:
    """Places whose jobs end as a script says: `(job, try)` gives what looks show, one a turn."""

    def __init__(self, nodes: dict[str, str], script: dict[tuple[str, int], list[str]]) -> None:
        self.there, self.script = dict(nodes), script
        self.tries: dict[str, int] = {}
        self.started: list[tuple[str, str]] = []
        self.running: dict[str, list[str]] = {}
        self.closed = False

    def nodes(self):
        return dict(self.there)

    def start(self, place, work):
        assert place not in self.running, "a place runs one job at a time"
        name = work.targets[0].partition(":")[0]
        self.tries[name] = self.tries.get(name, 0) + 1
        self.started.append((name, place))
        self.running[place] = list(self.script.get((name, self.tries[name]), ["running", "done"]))

    def look(self):
        found = {}
        for place in list(self.running):
            state = self.running[place].pop(0)
            if state != "running":
                del self.running[place]
            if state == "lost":
                del self.there[place]
            found[place] = Look(state, words=f"{state} for a reason")
        return found

    def close(self):
        self.closed = True


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def run(tmp_path):
    def go(jobs, nodes, script=None, retries=2):
        schedule, places, clock = Schedule(jobs, retries), Pretended(nodes, script or {}), Clock()
        with LiveTable(schedule, Console(quiet=True)) as view:
            drive(schedule, places, view, tmp_path, clock, clock.sleep)
        assert places.closed
        return schedule, places, clock

    return go


def states(schedule):
    return {name: entry.state.value for name, entry in schedule.entries.items()}


def test_every_job_runs_once_and_after_what_it_needs(run):
    schedule, places, _ = run(CELLS, {"p": "n"})
    assert set(states(schedule).values()) == {"done"}
    names = [name for name, _ in places.started]
    assert sorted(names) == ["a", "b", "b2"]
    assert names.index("b") < names.index("b2")


def test_what_others_need_starts_first():
    started = Schedule(CELLS).assign(["p"], {"p": "n"}, 0.0)
    assert [(job.name, place) for job, place in started] == [("b", "p")]


def test_a_place_runs_one_job_at_a_time_and_places_share_the_work(run):
    jobs = [Job(str(i), (str(i),)) for i in range(20)]
    _, places, _ = run(jobs, {"p": "n", "q": "m", "r": "m"})
    assert {place for _, place in places.started} == {"p", "q", "r"}


def test_a_failed_job_goes_to_another_node_after_a_while():
    schedule = Schedule([Job("a", ("a",))])
    nodes = {"p": "n", "p2": "n", "q": "m"}
    schedule.assign(nodes, nodes, 0.0)
    assert schedule.failed("a", "why", 10.0) is JobState.QUEUED
    assert schedule.assign(nodes, nodes, 10.0 + BACK_OFF - 0.1) == []
    assert [p for _, p in schedule.assign(nodes, nodes, 10.0 + BACK_OFF)] == ["q"]


def test_a_failed_job_waits_for_a_busy_node_but_not_for_one_that_is_gone():
    schedule = Schedule([Job("a", ("a",))])
    nodes = {"p": "n", "q": "m"}
    schedule.assign(["p"], nodes, 0.0)
    schedule.failed("a", "why", 0.0)
    assert schedule.assign(["p"], nodes, 100.0) == []
    assert [p for _, p in schedule.assign(["p"], {"p": "n"}, 100.0)] == ["p"]


def test_waiting_doubles_and_ends():
    schedule = Schedule([Job("a", ("a",))], retries=9)
    waits = []
    for _ in range(9):
        schedule.assign(["p"], {"p": "n"}, 1e9)
        schedule.failed("a", "why", 0.0)
        waits.append(schedule.entries["a"].not_before)
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 300


def test_a_failure_stops_only_what_needs_it(run):
    script = {("b", i): ["failed"] for i in (1, 2, 3)}
    schedule, places, clock = run(CELLS, {"p": "n", "q": "m"}, script)
    assert states(schedule) == {"a": "done", "b": "failed", "b2": "skipped"}
    assert [name for name, _ in places.started].count("b") == 3
    assert "b, which failed" in schedule.entries["b2"].why
    assert clock.now >= 15


def test_a_failed_jobs_last_words_are_kept(run):
    schedule, *_ = run(CELLS, {"p": "n"}, {("a", 1): ["failed"]}, retries=0)
    with open(schedule.entries["a"].why) as log:
        assert log.read() == "failed for a reason\n"


def test_a_lost_node_costs_its_job_one_try(run):
    schedule, places, _ = run(CELLS, {"p": "n", "q": "m"}, {("b", 1): ["running", "lost"]})
    assert set(states(schedule).values()) == {"done"}
    first, second = (place for name, place in places.started if name == "b")
    assert {first, second} == {"p", "q"}


def test_no_place_for_long_is_an_error_that_keeps_what_is_done(run):
    with pytest.raises(FerBenchError, match=f"no node has been there for {STRANDED:.0f} s"):
        run(CELLS, {"p": "n"}, {("b", 1): ["lost"]})


def test_places_are_closed_whatever_happens(tmp_path):
    schedule, places = Schedule(CELLS), Pretended({"p": "n"}, {})
    with LiveTable(schedule, Console(quiet=True)) as view:

        def interrupted(_):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            drive(schedule, places, view, tmp_path, Clock(), interrupted)
    assert places.closed
    assert [e.job.name for e in schedule.of(JobState.RUNNING)] == ["b"]


def test_what_should_be_first_starts_first_with_what_it_needs():
    jobs = [Job("early", ("e",)), Job("need", ("n",)), Job("third", ("t",)),
            Job("wanted", ("w",), needs=frozenset({"need"}))]  # fmt: skip
    schedule = Schedule(jobs, first=["wanted"])
    (one, _), (two, _) = schedule.assign(["0", "1"], {"0": "n", "1": "n"}, 0.0)
    assert (one.name, two.name) == ("need", "early")
    schedule.done("need")
    assert schedule.assign(["0"], {"0": "n", "1": "n"}, 0.0)[0][0].name == "wanted"


def test_the_longest_way_to_the_end_is_begun_first():
    """Reports: figures are many files, and pages wait for tables; cells come before both."""
    jobs = [
        Job("table01", ("1",), cell=False, files=3),
        Job("table02", ("2",), cell=False, files=3),
        Job("leaderboard", ("l",), cell=False, files=3),
        Job("figures", ("f",), cell=False, files=34),
        Job("tables", ("t",), cell=False, files=29, needs=frozenset({"table02"})),
        Job("prepared", ("p",), cell=False),
        Job("d/cell/0", ("c",), needs=frozenset({"prepared"})),
    ]
    schedule, begun = Schedule(jobs), []
    while not schedule.over():
        ((job, _),) = schedule.assign(["0"], {"0": "here"}, 0.0)
        begun.append(job.name)
        schedule.done(job.name)
    first = ["prepared", "figures", "table02", "tables", "table01", "leaderboard", "d/cell/0"]
    assert begun == first
