"""DVC through its own API, for what no command of it does; checked with DVC 3.67.1.

- Which stages are stale, all at once: `dvc status` does not follow what a stale stage makes stale;
  and to bring what they read from the cache, where what made it is up to date.
- Recording stages that ran side by side: `dvc commit -f` writes the whole lock file anew for each,
  and in place, so that a kill leaves a part of it.
- Offering what a clone made to others (Ray's workers): `dvc repro` makes no run-cache entry of a
  stage with a `cache: false` out that is no metric, so that scores would run again in every clone.
- Reproducing a graph from which an edge was taken: `dvc repro` knows the whole one alone.
"""

from __future__ import annotations

import logging
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError
from fer_bench.files import replacing

SPECS = "specs"
BEFORE_SPECS = "model_file@"
"""How stages begin that the specs read: a new one makes them stale itself."""


class TreeChanged(FerBenchError):  # noqa: N818  named as the message begins
    """The code or the params are no longer those that cells were started with."""


@contextmanager
def opened(root: Path, remote: str | None = None) -> Iterator[Any]:
    """The locked `dvc.repo.Repo` of a checkout, `remote` its default one; errors in our words."""
    from dvc.repo import Repo, lock_repo

    logging.getLogger("dvc").setLevel(logging.WARNING)
    config = {"core": {"remote": remote}} if remote else None
    with _explained(), Repo(str(root), config=config, _wait_for_lock=True) as repo, lock_repo(repo):
        yield repo


@contextmanager
def _explained() -> Iterator[None]:
    from dvc.exceptions import DvcException

    try:
        yield
    except DvcException as error:
        causes = [str(error)]
        while error.__cause__ is not None:
            error = error.__cause__  # type: ignore[assignment]
            causes.append(str(error))
        said = "DVC: " + ": ".join(dict.fromkeys(causes))
        if "outside of git repo" in said:
            said += ": make a folder of the link on that way; only data/raw may be one"
        raise FerBenchError(said) from error


def needed(repo: Any, targets: Sequence[str]) -> Any:
    """The graph of DVC's stages that `dvc repro TARGETS` looks at.

    Args:
        repo: a `dvc.repo.Repo`, locked.
        targets: as `dvc repro` takes them; none: all of dvc.yaml.
    """
    import networkx as nx
    from dvc.repo.reproduce import collect_stages, get_active_graph

    graph = get_active_graph(repo.index.graph)  # edges lead from a stage to what it depends on
    own = {stage: stage for stage in graph}  # a target is collected as an equal, other object
    wanted = {own[stage] for stage in collect_stages(repo, targets or ["dvc.yaml"])}
    for stage in list(wanted):
        wanted |= nx.descendants(graph, stage)
    return graph.subgraph(wanted)


def stale_stages(graph: Any, order: Iterable[Any]) -> set[Any]:
    """The stages that DVC would run or restore from its run-cache, and all after them.

    Args:
        graph: from `needed`.
        order: its stages, each after those it needs.
    """
    found: set[Any] = set()
    for stage in order:
        before = list(graph.successors(stage))
        if (
            not found.isdisjoint(before)
            or stage.changed(allow_missing=True, upstream=before)
            or not stage.outs_cached()
        ):
            found.add(stage)
    return found


def cache_folder(repo: Any) -> str:
    """Where the checkout's cache lies."""
    return str(Path(repo.cache.legacy.path).resolve())


class Recorder:
    """Brings stages up to date in the checkout without running them, and records those that ran.

    DVC's lock is held while it works, not while cells run, so that `dvc status` works beside them.

    Args:
        stages: DVC's stages, from `needed`.
    """

    def __init__(self, stages: Iterable[Any]) -> None:
        self._stages = {stage.addressing: stage for stage in stages}

    def left(self, targets: Sequence[str]) -> list[str]:
        """Those of `targets` that must run: neither up to date nor restored from DVC's cache.

        Args:
            targets: in the order in which they depend on each other; what they need is up to date.
        """
        from dvc.stage.cache import RunCacheNotFoundError

        for i, target in enumerate(targets):
            stage = self._stages[target]
            with self.locked() as repo:
                self._fetch(stage)
                if not stage.changed():
                    continue
                try:
                    repo.stage_cache.restore(stage)
                except (RunCacheNotFoundError, FileNotFoundError):
                    return list(targets[i:])  # what it lacks, its stage says
            self.record([target])
        return []

    def _fetch(self, stage: Any) -> None:
        """Bring what it reads from the cache: what is up to date may lie there alone."""
        for dep in (dep for dep in stage.deps if not dep.exists):
            for maker in self._stages.values():
                for out in maker.outs:
                    kept = out.hash_info and not out.changed_cache()
                    if kept and dep.fs.isin_or_eq(dep.fs_path, out.fs_path):
                        out.checkout()

    def missing(self, targets: Sequence[str]) -> list[str]:
        """What `targets` should have made and did not."""
        outs = (out for target in targets for out in self._stages[target].outs)
        return [out.def_path for out in outs if not out.exists]

    def record(self, targets: Sequence[str]) -> None:
        """Write what `targets` read and made into dvc.lock and the cache, as `dvc repro` does.

        Raises:
            TreeChanged: the specs or the code are no longer those that the plan was made of.
            FerBenchError: DVC cannot record them.
        """
        files = defaultdict(list)
        with self.locked():
            if not all(target == SPECS or target.startswith(BEFORE_SPECS) for target in targets):
                self._check_unchanged()
            for target in targets:
                stage = self._stages[target]
                in_git = any(not (out.use_cache or out.is_metric) for out in stage.outs)
                stage.save(run_cache=not in_git)
                stage.commit()
                stage.cmd_changed = False  # as when it is read from the lock file again
                files[stage.path].append(stage)
            for path, stages in files.items():
                _write_lock(Path(path).with_suffix(".lock"), stages)

    def _check_unchanged(self) -> None:
        specs = self._stages.get(SPECS)
        if specs is not None and specs.changed():
            changed = ", ".join(map(str, specs.changed_entries()[0])) or "runs/specs"
            raise TreeChanged(
                f"{changed} changed while cells were running, so that nobody can say which code "
                "they ran: what was under way is not recorded. Sweep again: what was recorded "
                "before stays"
            )

    @contextmanager
    def locked(self) -> Iterator[Any]:
        """The repository, DVC's lock held."""
        from dvc.repo import lock_repo

        repo = next(iter(self._stages.values())).repo
        with _explained(), lock_repo(repo):
            yield repo


def _write_lock(lock: Path, stages: list[Any]) -> None:
    """DVC empties a lock file before it writes it: a kill just then would lose every record."""
    from dvc.dvcfile import Lockfile

    with replacing(lock) as new:
        if lock.exists():
            shutil.copyfile(lock, new)
        Lockfile(stages[0].repo, str(new)).dump_stages(stages)


def offer(repo: Any, stages: Iterable[Any], remote: str | None = None) -> None:
    """Put what up-to-date stages made within reach of every clone that shares the cache or remote.

    `StageCache.save` also commits outs to the cache that git keeps.
    """
    from dvc.stage.cache import _can_hash, _get_cache_hash, _get_stage_hash
    from dvc.stage.serialize import to_single_stage_lockfile

    entries = []
    for stage in stages:
        if _can_hash(stage):
            repo.stage_cache.save(stage)
            value = _get_cache_hash(to_single_stage_lockfile(stage))
            entries.append((_get_stage_hash(stage), value))
    if remote:
        for objects in repo.stage_cache.get_used_objs(entries).values():
            if repo.cloud.push(objects, remote=remote).failed:
                raise FerBenchError(f"some files could not be pushed to the DVC remote {remote!r}")
        repo.stage_cache.push(remote)


def fetch_runs(repo: Any, remote: str) -> None:
    """Which runs a remote knows; asked once, before any stage."""
    repo.stage_cache.pull(remote)


def reproduce(repo: Any, graph: Any, remote: str | None = None) -> None:
    """What `dvc repro` does with the stages of a graph, in their order.

    Args:
        repo: a `dvc.repo.Repo`, locked.
        graph: from `needed`, or part of it.
        remote: restore what this cache lacks from there, of the runs that `fetch_runs` got.
    """
    import networkx as nx
    from dvc.repo.reproduce import _reproduce

    with repo.scm_context():
        order = list(reversed(list(nx.topological_sort(graph))))
        _reproduce(order, graph=graph, pull=bool(remote))
