"""The sweep itself: what is stale, side by side here or on a cluster."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from fer_bench import params
from fer_bench.errors import FerBenchError
from fer_bench.params import Params
from fer_bench.sweep.drive import drive
from fer_bench.sweep.dvc_repo import SPECS, Recorder, needed, offer, opened
from fer_bench.sweep.first import FirstTable, first_jobs
from fer_bench.sweep.forked import stop_server
from fer_bench.sweep.guard import clean_commit
from fer_bench.sweep.here import reproduce_here
from fer_bench.sweep.home import FOLDER, checkpoints, remote_home, shared_home
from fer_bench.sweep.local import LocalPlaces, Places, how_many
from fer_bench.sweep.plan import Plan, kind, make_plan, without_waiting
from fer_bench.sweep.schedule import JobState, Schedule
from fer_bench.sweep.table import LiveTable

RAW = ("align", "mask", "audit")  # kinds of stages that read data/raw
INTERRUPTED = 130


@dataclass(frozen=True)
class SweepOptions:
    """How to sweep; see `fer-bench sweep --help`."""

    jobs: int | None = None
    ray: str | None = None
    gpus: float | None = None
    cpus: float | None = None
    retries: int = 2
    remote: str | None = None
    folder: str | None = None
    first: tuple[str, ...] = ()


class SweepStopped(Exception):  # noqa: N818  no error
    """Someone pressed Ctrl-C or asked the process to end."""


def sweep(root: Path, targets: Sequence[str], options: SweepOptions, console: Console) -> int:
    """Run what is stale in TARGETS; returns the exit status.

    Args:
        root: the main checkout, which is the current folder.
        targets: as `dvc repro` takes them; none: all of dvc.yaml.
        options: where and how.
        console: what the person sees.

    Raises:
        FerBenchError: a target is unknown, there is no place to run in, another sweep runs here,
            the tree changed meanwhile; with Ray, the tree is dirty or a cell would have run again
            in the main checkout.
    """
    root = root.resolve()
    if options.remote and not options.ray:
        raise FerBenchError("--remote is for machines that share no folder: it needs --ray")
    loaded = params.load(root / "params.yaml")
    schedule = Schedule(retries=options.retries)
    with _alone(root), _stoppable():
        try:
            if options.ray:
                plan = _on_ray(root, targets, options, loaded, schedule, console)
                _restore(root, targets, schedule, plan, options.remote, console)
            else:
                try:
                    _here(root, targets, options, loaded, schedule, console)
                finally:
                    stop_server()
        except SweepStopped:
            _say_how_to_resume(schedule, console)
            return INTERRUPTED
    return _report(schedule, console)


def _here(
    root: Path,
    targets: Sequence[str],
    options: SweepOptions,
    loaded: Params,
    schedule: Schedule,
    console: Console,
) -> None:
    """Every stale stage, reports included, side by side in this checkout."""
    gpus = options.gpus or 0
    if gpus != int(gpus):
        raise FerBenchError(
            f"--gpus {gpus:g}: a fraction needs --ray; on this machine, cells share GPUs when "
            "--jobs is more than there are"
        )
    _check_device(loaded, gpus)
    jobs, why = how_many(options.jobs, loaded.compute.threads)
    with opened(root) as repo:
        graphs = {"specs": needed(repo, [SPECS]), "all": needed(repo, targets)}
    for goal, graph in graphs.items():  # what is stale shows in what the specs write
        specs_only = goal == "specs"
        records = Recorder(graph)
        with records.locked():
            plan = make_plan(graph if specs_only else without_waiting(graph))
        first = [] if specs_only else first_jobs(plan.jobs, options.first)
        schedule.take(plan.jobs, first)
        if not specs_only:
            _say_stale(schedule, f"; {why}", console)
            _say_missing(plan, targets, console)
        if not plan.jobs:
            continue
        logs = root / FOLDER / "logs"
        places = LocalPlaces(records, jobs, logs, checkpoints(root), int(gpus))
        shown = FirstTable(first, schedule)
        with LiveTable(schedule, console, jobs, quiet=specs_only, first=shown) as view:
            drive(schedule, places, view, logs)
        if schedule.of(JobState.FAILED):
            break


def _say_stale(schedule: Schedule, more: str, console: Console) -> None:
    jobs = [entry.job for entry in schedule.entries.values()]
    cells, others = sum(job.cell for job in jobs), sum(not job.cell for job in jobs)
    if not jobs:
        _say(console, "everything is up to date")
        return
    _say(console, f"{_count(cells, 'stale cell')} and {_count(others, 'other stage')}{more}")


def _say_missing(plan: Plan, targets: Sequence[str], console: Console) -> None:
    """What is up to date and need not run lies in DVC's cache, but perhaps not here."""
    missing = sum(not out.exists for stage in plan.stages for out in stage.outs)
    if missing and not plan.jobs:
        ask = " ".join(["dvc checkout --with-deps", *targets]) if targets else "dvc checkout"
        _say(console, f"not here but in DVC's cache: {_count(missing, 'output')}; fetch: {ask}")


def _on_ray(
    root: Path,
    targets: Sequence[str],
    options: SweepOptions,
    loaded: Params,
    schedule: Schedule,
    console: Console,
) -> Plan:
    """Every stale cell in clones on the nodes of a cluster."""
    commit, plan = _plan(root, targets, options, console)
    schedule.take(plan.jobs)
    _say_stale(schedule, "", console)
    if plan.jobs:
        places = _places(root, commit, options, loaded)
        with LiveTable(schedule, console) as view:
            drive(schedule, places, view, root / FOLDER / "logs")
    return plan


def _plan(
    root: Path, targets: Sequence[str], options: SweepOptions, console: Console
) -> tuple[str, Plan]:
    """The commit and what is stale in it; what that builds on is offered to the workers."""
    remote = options.remote
    with opened(root) as repo:
        made = [Path(out.fs_path).relative_to(root).as_posix() for out in repo.index.outs]
    commit = clean_commit(root, made)
    _reproduce(root, [SPECS], None, {}, console)  # what is stale shows in what it writes
    with opened(root, remote) as repo:
        plan = make_plan(without_waiting(needed(repo, targets)), reports=False)
        raw = _reading_raw(plan) if remote else []
    if raw:
        _reproduce(root, raw, remote, plan.of_cells, console)
    with opened(root, remote) as repo:
        if raw:
            plan = make_plan(without_waiting(needed(repo, targets)), reports=False)
        fresh = {stage.addressing for stage in plan.fresh}
        offer(repo, [s for s in repo.index.stages if s.addressing in fresh], remote)
    return commit, plan


def _reading_raw(plan: Plan) -> list[str]:
    """Stale stages that need the received sources, which only this machine has."""
    targets = {target for job in plan.jobs if not job.cell for target in job.targets}
    stages = [s for s in plan.stages if s.addressing in targets]
    return sorted(s.addressing for s in stages if kind(s).partition("_")[0] in RAW)


def _places(root: Path, commit: str, options: SweepOptions, loaded: Params) -> Places:
    assert options.ray is not None
    with opened(root, options.remote) as repo:
        if options.remote:
            home = remote_home(repo, root, commit, options.folder, options.remote)
        else:
            home = shared_home(repo, root, commit, options.folder)
    from fer_bench.sweep.on_ray import RayPlaces

    cpus = options.cpus or loaded.compute.threads
    places = RayPlaces(home, options.ray, options.gpus, cpus, options.jobs)
    try:
        _check_device(loaded, places.gpus)
    except FerBenchError:
        places.close()
        raise
    return places


def _check_device(loaded: Params, gpus: float) -> None:
    if gpus and loaded.compute.device == "cpu":
        raise FerBenchError(
            f"compute.device is cpu in params.yaml, but each cell would hold {gpus:g} GPUs: set it "
            "to auto or cuda and commit, or sweep with --gpus 0"
        )


def _restore(
    root: Path,
    targets: Sequence[str],
    schedule: Schedule,
    plan: Plan,
    remote: str | None,
    console: Console,
) -> None:
    """`dvc repro` here: cells come from the cache, reports are made; no cell may run again."""
    done = schedule.of(JobState.DONE)
    if len(done) == len(schedule.entries):
        wanted = list(targets)
    elif not (wanted := sorted(t for entry in done for t in entry.job.targets)):
        return
    undone = {entry.job.name for entry in schedule.of(JobState.FAILED, JobState.SKIPPED)}
    guarded = {stage: cell for stage, cell in plan.of_cells.items() if cell not in undone}
    guarded |= {target: entry.job.name for entry in done for target in entry.job.targets}
    _say(console, "restoring here")
    _reproduce(root, wanted, remote, guarded, console)


def _reproduce(
    root: Path, targets: list[str], remote: str | None, guarded: dict[str, str], console: Console
) -> None:
    reproduce_here(root, targets, remote, guarded, lambda stage: _say(console, f"  ran {stage}"))


def _report(schedule: Schedule, console: Console) -> int:
    """Say what failed; the exit status."""
    wrong = schedule.of(JobState.FAILED, JobState.SKIPPED)
    done = sum(e.job.cell for e in schedule.of(JobState.DONE))
    if schedule.entries:
        _say(console, f"{_count(done, 'cell')} done")
    for entry in wrong:
        why = f"log: {entry.why}" if entry.state is JobState.FAILED else entry.why
        _say(console, f"{entry.state.value}: {entry.job.name}; {why}")
    return 1 if wrong else 0


def _say_how_to_resume(schedule: Schedule, console: Console) -> None:
    done = sum(e.job.cell for e in schedule.of(JobState.DONE))
    left = sum(e.job.cell for e in schedule.entries.values()) - done
    _say(
        console,
        f"stopped: {_count(done, 'cell')} done, {left} to do. The same command goes on: what is "
        "done stays, what was running continues from its checkpoint.",
    )


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One sweep a checkout."""
    path = root / FOLDER / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise FerBenchError(
            f"another sweep runs in {root}; wait for it, or sweep from another clone"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C and a request to end become `SweepStopped`."""

    def stop(*_: object) -> None:
        raise SweepStopped

    before = {which: signal.signal(which, stop) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
