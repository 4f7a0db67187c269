"""Which cells are stale and what they need, as DVC sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.sweep.schedule import Job

TRAINING = ("train", "transfer")


@dataclass(frozen=True)
class Plan:
    """What a sweep has to do.

    Args:
        jobs: what is stale, cells last.
        fresh: DVC's stages that the jobs need and that are up to date.
        of_cells: every stage that belongs to a cell, stale or not, with the cell's name.
    """

    jobs: list[Job]
    fresh: list[Any]
    of_cells: dict[str, str]


def make_plan(repo: Any, target: str | None) -> Plan:
    """The stale jobs that `dvc repro TARGET` would run.

    A *cell* is a training stage with the stages of the same dvc.yaml that have no nearer training
    among their ancestors: its evaluations, its score, what examines it. Stages with no training
    among their ancestors (alignment, audits, identity pre-training) are shared by cells and form a
    job for each set of cells that need them. Reports are neither; they follow at the end.

    Args:
        repo: a `dvc.repo.Repo`, locked.
        target: as `dvc repro` takes it; None: all of dvc.yaml.
    """
    import networkx as nx
    from dvc.repo.reproduce import collect_stages, get_active_graph

    graph = get_active_graph(repo.index.graph)  # edges lead from a stage to what it depends on
    wanted = set(collect_stages(repo, [target or "dvc.yaml"]))
    for stage in list(wanted):
        wanted |= nx.descendants(graph, stage)
    graph = graph.subgraph(wanted)
    upstream = {stage: nx.descendants(graph, stage) for stage in graph}
    owner = _owners(upstream)
    in_play = set(owner).union(*(upstream[stage] for stage in owner)) if owner else set()
    stale = _stale(graph.subgraph(in_play))
    cells = _by_value({s: c for s, c in owner.items() if s in stale})
    shared = _shared(stale - set(owner), cells, upstream)
    names = {stage: name for name, group in (shared | cells).items() for stage in group}
    jobs = [
        Job(
            name=name,
            targets=tuple(sorted(stage.addressing for stage in group)),
            needs=frozenset(
                names[u] for stage in group for u in upstream[stage] if u in names
            ) - {name},
            watch=tuple(sorted(w for stage in group for w in _watch(stage))),
            cell=name in cells,
        )
        for name, group in (shared | cells).items()
    ]  # fmt: skip
    needed = {u for name in names for u in upstream[name]}
    of_cells = {stage.addressing: name for stage, name in owner.items()}
    return Plan(jobs, sorted(needed - stale, key=lambda s: s.addressing), of_cells)


def kind(stage: Any) -> str:
    """`train` of `train@scan_cci-0`."""
    return str(stage.name).partition("@")[0]


def _owners(upstream: dict[Any, set[Any]]) -> dict[Any, str]:
    """The name of the cell that each stage belongs to, where it belongs to one."""
    trainings = {stage for stage in upstream if kind(stage) in TRAINING}
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
    if kind(stage) in TRAINING:
        return [_cell_name(stage)]
    if kind(stage) == "identity":
        return [f"{_inside(stage).parent.relative_to('runs').as_posix()}/identity_*/*"]
    return []


def _stale(graph: Any) -> set[Any]:
    """The stages that DVC would run or restore from its run-cache, and all after them."""
    import networkx as nx

    found: set[Any] = set()
    for stage in reversed(list(nx.topological_sort(graph))):
        before = list(graph.successors(stage))
        if (
            not found.isdisjoint(before)
            or stage.changed(allow_missing=True, upstream=before)
            or not stage.outs_cached()
        ):
            found.add(stage)
    return found


def _shared(
    stages: Iterable[Any], cells: dict[str, set[Any]], upstream: dict[Any, set[Any]]
) -> dict[str, set[Any]]:
    """Stale stages that no cell owns, in one group for each set of cells that need them.

    A stage is needed by all that those after it are needed by, so that groups never need each
    other in a circle.
    """
    above = {name: set().union(*(upstream[s] for s in group)) for name, group in cells.items()}
    users = {s: frozenset(name for name in cells if s in above[name]) for s in stages}
    groups = defaultdict(set)
    for stage, names in users.items():
        if names:
            groups[names].add(stage)
    named = {}
    for group in groups.values():
        first, *more = sorted(_short(stage) for stage in group)
        named[f"shared: {first}" + (f" and {len(more)} more" if more else "")] = group
    return dict(sorted(named.items()))


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
