"""Which cells are stale and what they need, as DVC sees it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.records.spec import RowSpec
from fer_bench.stages import paths
from fer_bench.stages.base import TAUGHT
from fer_bench.sweep.dvc_repo import stale_stages
from fer_bench.sweep.schedule import Job
from fer_bench.training.starts import start_from_scratch

TRAINING = ("train", "transfer")
EXAMINE = ("robustness", "explain")


@dataclass(frozen=True)
class Plan:
    """What a sweep has to do.

    Args:
        jobs: what is stale, cells last.
        stages: all of DVC's stages that the targets need, stale or not.
        fresh: those of them that the jobs need and that are up to date.
        of_cells: every stage that belongs to a cell or examines it, stale or not, with the cell's
            name.
    """

    jobs: list[Job]
    stages: list[Any]
    fresh: list[Any]
    of_cells: dict[str, str]


def make_plan(graph: Any, reports: bool = True) -> Plan:
    """The stale jobs among `needed` stages.

    A *cell* is a training stage with its evaluations and its score: the stages of the same
    dvc.yaml that have no nearer training among their ancestors, apart from what examines it
    further. Every other stage (alignment, audits, identity pre-training, what examines a cell,
    reports) is a job of its own.

    Args:
        graph: from `dvc_repo.needed`; its repository locked.
        reports: whether stages that no cell needs are jobs too.
    """
    import networkx as nx

    upstream = {stage: nx.descendants(graph, stage) for stage in graph}
    owner = _owners(upstream)
    of_cells = set(owner).union(*(upstream[stage] for stage in owner))
    in_play = set(graph) if reports else of_cells
    order = [s for s in reversed(list(nx.topological_sort(graph))) if s in in_play]
    stale = stale_stages(graph, order)
    cells = _by_value({s: c for s, c in owner.items() if s in stale and kind(s) not in EXAMINE})
    inside = set().union(*cells.values())
    others = {_short(s): {s} for s in order if s in stale - inside}
    names = {stage: name for name, group in (others | cells).items() for stage in group}
    jobs = []
    for name, group in (others | cells).items():
        stages = [stage for stage in order if stage in group]
        needs = {names[u] for stage in stages for u in upstream[stage] if u in names}
        jobs.append(
            Job(
                name=name,
                targets=tuple(stage.addressing for stage in stages),
                commands=tuple(stage.cmd for stage in stages),
                needs=frozenset(needs - {name}),
                watch=tuple(sorted(w for stage in stages for w in _watch(stage))),
                cell=name in cells,
                files=1 if name in cells else sum(len(stage.outs) for stage in stages),
            )
        )
    needed = {u for name in names for u in upstream[name]}
    return Plan(
        jobs,
        order,
        sorted(needed - stale, key=lambda s: s.addressing),
        {stage.addressing: name for stage, name in owner.items()},
    )


def without_waiting(graph: Any) -> Any:
    """The graph in which rows from scratch do not wait for what other rows start from.

    DVC has one list of dependencies for all rows of a matrix; a row's spec says what it starts
    from. What none of the targets then needs is left out.

    Args:
        graph: from `dvc_repo.needed`, its specs up to date.
    """
    import networkx as nx

    free = nx.DiGraph(graph)
    free.remove_edges_from([e for e in graph.edges if kind(e[1]) == "starts" and _scratch(e[0])])
    targets = {stage for stage in graph if not graph.pred[stage]}
    return free.subgraph(targets.union(*(nx.descendants(free, stage) for stage in targets)))


def begin_from_scratch(graph: Any) -> None:
    """Write what rows from scratch start from, where no stage of the graph will.

    Args:
        graph: from `without_waiting`; the current folder is its checkout.
    """
    made = {out.fs_path for stage in graph if kind(stage) == "starts" for out in stage.outs}
    for training in filter(_trains, graph):
        dataset, row, _ = _cell_name(training).split("/")
        start = Path(paths.start(dataset, row)).absolute()
        read = {dep.fs_path for dep in training.deps}
        if str(start) in read and str(start.parent) not in made and _scratch(training):
            start_from_scratch(start)


def _scratch(training: Any) -> bool:
    dataset, row, _ = _cell_name(training).split("/")
    return RowSpec.read(Path(training.repo.root_dir) / paths.spec(dataset, row)).start is None


def kind(stage: Any) -> str:
    """`train` of `train@scan_cci-0`."""
    return str(stage.name).partition("@")[0]


def _trains(stage: Any) -> bool:
    return kind(stage) in TRAINING or kind(stage).startswith(TAUGHT)


def _owners(upstream: dict[Any, set[Any]]) -> dict[Any, str]:
    """The name of the cell that each stage belongs to, where it belongs to one."""
    trainings = {stage for stage in upstream if _trains(stage)}
    found = {}
    for stage, above in upstream.items():
        among = trainings & (above | {stage})
        nearest = among - set().union(*(upstream[t] for t in among))
        if len(nearest) == 1 and stage.path == next(iter(nearest)).path:
            found[stage] = _cell_name(next(iter(nearest)))
    return found


def _cell_name(training: Any) -> str:
    """`<dataset>/<row>/<seed>` of the stage that writes `runs/<dataset>/<row>/<seed>/train`."""
    return _inside(training).parent.relative_to("runs").as_posix()


def _inside(stage: Any) -> Path:
    return Path(stage.outs[0].fs_path).relative_to(stage.repo.root_dir)


def _watch(stage: Any) -> list[str]:
    """Where the trainings of a stage tell how far they are, below the checkpoints' folder."""
    if _trains(stage):
        return [_cell_name(stage)]
    if kind(stage) == "identity":
        return [f"{_inside(stage).parent.relative_to('runs').as_posix()}/identity_*/*"]
    return []


def _short(stage: Any) -> str:
    """`synthetic:align`; `specs` of the root's dvc.yaml."""
    folder = _folder(stage)
    return str(stage.name) if folder == Path() else f"{folder.name}:{stage.name}"


def _folder(stage: Any) -> Path:
    return Path(stage.path).parent.relative_to(stage.repo.root_dir)


def _by_value(names: dict[Any, str]) -> dict[str, set[Any]]:
    groups = defaultdict(set)
    for stage, name in names.items():
        groups[name].add(stage)
    return dict(sorted(groups.items()))
