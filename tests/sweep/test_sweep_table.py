"""What a person sees."""

import io

import pytest
from rich.console import Console

from fer_bench.files import write_json
from fer_bench.sweep import table
from fer_bench.sweep.first import FirstTable, first_jobs
from fer_bench.sweep.pace import Pace
from fer_bench.sweep.schedule import Job, Schedule
from fer_bench.sweep.table import LiveTable, Progress


def told(epoch, step, updated, cell="d/m/0", epochs=10, steps=5):
    return {"cell": cell, "epoch": epoch, "epochs": epochs, "step": step, "steps": steps,
            "updated": updated, "seconds": 0.0}  # fmt: skip


def test_time_left_comes_from_the_pace_since_this_try_began():
    progress = Progress()
    progress.take(told(5, 0, 1000.0))  # resumed at half
    assert progress.eta(1000.0) is None
    progress.take(told(6, 0, 1060.0))  # a minute an epoch, four left
    assert progress.eta(1060.0) == pytest.approx(240)
    assert progress.eta(1070.0) == pytest.approx(230)
    assert progress.epoch() == "7/10"


def test_folds_are_named_and_timed_one_by_one():
    progress = Progress()
    progress.take(told(9, 0, 0.0, cell="d/m/0/fold0"))
    progress.take(told(1, 0, 100.0, cell="d/m/0/fold1"))
    assert progress.eta(100.0) is None
    assert progress.epoch() == "2/10, fold 1"


def test_a_finished_epoch_is_not_counted_twice():
    progress = Progress()
    progress.take(told(3, 0, 0.0, steps=0))  # as told at the end of an epoch
    assert progress.epoch() == "3/10"


@pytest.fixture
def schedule():
    schedule = Schedule([Job(name, (name,)) for name in "abcde"], retries=0)
    nodes = {str(i): "node-with-a-long-name" for i in range(4)}
    schedule.assign(nodes, nodes, 0.0)
    return schedule


def seen(view, console, now=0.0):
    with console.capture() as shown:
        console.print(view.draw(now))
    return shown.get()


def test_the_table_shows_every_state(schedule):
    console = Console(force_terminal=True, width=100, height=40, color_system=None)
    view = LiveTable(schedule, console)
    for name in "abcd":
        view.started(name)
    view.told("a", told(2, 0, 0.0))
    view.told("a", told(3, 0, 60.0))
    schedule.done("b")
    view.done("b", restored=True)
    schedule.done("c")
    view.done("c", restored=False)
    schedule.failed("d", "d.log", 0.0)
    view.failed("d", 0.0)
    lines = [line.split() for line in seen(view, console, 60.0).splitlines()]
    assert lines[0][:2] == ["1", "running,"]
    assert ["a", "running", "4/10", "7", "min", "node-wit"] in lines
    assert ["b", "restored", "node-wit"] in lines
    assert ["c", "done", "node-wit"] in lines
    assert ["d", "failed", "node-wit", "2"] in lines
    assert ["e", "queued"] in lines


def test_a_long_table_fits_the_terminal_and_shows_what_runs():
    schedule = Schedule([Job(f"cell{i}", (str(i),)) for i in range(1000)])
    schedule.assign(["p"], {"p": "n"}, 0.0)
    console = Console(force_terminal=True, width=80, height=20, color_system=None)
    lines = seen(LiveTable(schedule, console), console).splitlines()
    assert len(lines) <= 20
    assert any("running" in line for line in lines[1:])
    assert "... and 984 more" in lines[-1]


def test_without_a_terminal_there_are_plain_lines(schedule, monkeypatch):
    monkeypatch.setattr(table, "EVERY", -1.0)
    out = io.StringIO()
    with LiveTable(schedule, Console(file=out)) as view:
        view.started("a")
        view.started("b")
        view.started("c")
        view.started("d")
        view.told("a", told(2, 0, 0.0))
        view.refresh(0.0)
        schedule.done("a")
        view.done("a", restored=False)
        schedule.failed("b", "logs/b.log", 0.0)
        view.failed("b", 0.0)
    assert "\x1b" not in out.getvalue()
    lines = out.getvalue().splitlines()
    assert lines[0] == "started a on node-wit"
    assert lines[4].startswith("4 running, 1 queued; a epoch 3/10; b; ")
    assert lines[5:] == ["done a", "failed b on node-wit, given up; log: logs/b.log"]


def test_the_first_table_is_shown_once_when_its_last_cell_is_scored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for row, accuracy in (("plain", 0.5), ("other", 0.75)):
        file = tmp_path / f"results/scores/d/{row}/0.json"
        write_json(file, {"sets": {"d": {"last": {"all": {"accuracy": accuracy}}}}})
    schedule = Schedule([Job(f"d/{row}/0", (row,)) for row in ("other", "plain", "third")])
    schedule.assign("012", dict.fromkeys("012", "n"), 0.0)
    out = io.StringIO()
    names = first_jobs((e.job for e in schedule.entries.values()), ["plain", "other"])
    with LiveTable(schedule, Console(file=out), first=FirstTable(names, schedule)) as view:
        for name in schedule.entries:
            view.started(name)
        for name in ("d/plain/0", "d/other/0", "d/third/0"):
            assert ("First table" in out.getvalue()) == (name == "d/third/0")
            schedule.done(name)
            view.done(name, restored=False)
    said = out.getvalue()
    assert said.count("First table: 2 rows") == 1
    assert "| d         | plain | 1       | 50.0           | 50.0   |" in said


def test_quietly_only_failures_are_said(schedule):
    out = io.StringIO()
    with LiveTable(schedule, Console(file=out), quiet=True) as view:
        view.started("a")
        schedule.failed("a", "a.log", 0.0)
        view.failed("a", 0.0)
    assert out.getvalue().splitlines() == ["failed a on node-wit, given up; log: a.log"]


def test_time_left_over_all_jobs_comes_from_those_that_ended():
    cells = [Job(f"d/{i}/0", (str(i),)) for i in range(4)]
    schedule = Schedule([*cells, Job("table01", ("t",), cell=False)])
    now = [0.0]
    pace = Pace(schedule, 2, clock=lambda: now[0])
    assert pace.left() is None
    schedule.assign("01", {"0": "n", "1": "n"}, 0.0)
    for name in ("d/0/0", "d/1/0"):
        pace.started(name)
    now[0] = 10.0
    schedule.done("d/0/0")
    pace.done("d/0/0", restored=False)
    # Two whole cells of 10 s and one that should end now, on two places; the table counts nothing.
    assert pace.left() == pytest.approx(10.0)
    schedule.done("d/1/0")
    pace.done("d/1/0", restored=True)
    assert pace.left() == pytest.approx(10.0)


def test_time_left_knows_that_another_row_costs_more():
    rows = ("quick/0", "slow/0", "slow/1", "new/0", "new/1")
    schedule = Schedule([Job(f"d/{row}", (row,)) for row in rows])
    now = [0.0]
    pace = Pace(schedule, 1, clock=lambda: now[0])
    schedule.assign("p", {"p": "n"}, 0.0)
    pace.started("d/quick/0")
    now[0] = 10.0
    schedule.done("d/quick/0")
    pace.done("d/quick/0", restored=False)
    assert pace.left() == pytest.approx(40.0)
    schedule.assign("p", {"p": "n"}, 0.0)
    pace.started("d/slow/0")
    now[0] = 40.0
    # It has run for 30 s and says that it needs 60 more: 90 for the next of its row, and for the
    # two of a row of which nothing is known the mean of 10 and 90.
    assert pace.left({"d/slow/0": 60.0}) == pytest.approx(60 + 90 + 50 + 50)


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (45.4, "45 s"), (200, "3 min"), (11100, "3 h 05 min")]
)
def test_durations(seconds, said):
    assert table._duration(seconds) == said
