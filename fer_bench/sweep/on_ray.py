"""Places on a Ray cluster: each an actor that keeps a worker on its node."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from fer_bench.errors import FerBenchError
from fer_bench.sweep import worker
from fer_bench.sweep.worker import Home, Look, Work, Worker

REFRESH = 5.0  # seconds between two looks for new nodes
LISTENS = 10.0  # seconds for a cluster's address to answer
PATIENCE = 30.0  # seconds for an actor to end its job when the sweep is stopped


@dataclass
class _Place:
    node: str
    actor: Any
    ready: Any  # resolves when Ray has started the actor
    started: Any = None  # the call that began the job
    asked: Any = None  # the look that is under way
    last: Look | None = None


class RayPlaces:
    """As many workers as the nodes of a cluster have room for; nodes may come and go.

    Args:
        home: what they share.
        address: `auto`, `HOST:PORT` or `ray://HOST:PORT`.
        gpus: GPUs a cell; a fraction puts several cells on one. None: 1 where the cluster has GPUs.
        cpus: CPUs a cell.
        most: at most so many places in all.
    """

    def __init__(
        self,
        home: Home,
        address: str,
        gpus: float | None = None,
        cpus: float = 1,
        most: int | None = None,
    ) -> None:
        self._ray, self._home, self._most = _ray(), home, most
        _reach(address)
        try:
            self._ray.init(address=address, log_to_driver=False, logging_level="error")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise _no_cluster(address, error) from error
        if gpus is None:
            gpus = 1 if self._ray.cluster_resources().get("GPU", 0) else 0
        self._share = {"CPU": cpus, "GPU": gpus}
        # What runs on the nodes is this checkout's worker, whatever version is installed there.
        self._ray.cloudpickle.register_pickle_by_value(worker)
        self._shared = self._ray.put(home)
        self._places: dict[str, _Place] = {}
        self._refreshed = -math.inf
        self.nodes()
        if not self._places:
            self.close()
            raise FerBenchError(
                f"no node of the Ray cluster at {address} has {cpus:g} CPUs and {gpus:g} GPUs for "
                "a cell: lower --cpus or --gpus, or add nodes (`ray status` shows them)"
            )

    @property
    def gpus(self) -> float:
        """GPUs a cell."""
        return self._share["GPU"]

    def nodes(self) -> Mapping[str, str]:
        """The places whose actor is there; what runs in the others Ray has not started yet."""
        if time.monotonic() - self._refreshed > REFRESH:
            self._refreshed = time.monotonic()
            self._open()
        return {
            name: place.node
            for name, place in list(self._places.items())
            if place.started is not None or self._is_there(name)
        }

    def start(self, place: str, work: Work) -> None:
        """Begin a job in a free place."""
        at = self._places[place]
        at.started, at.asked, at.last = at.actor.start.remote(work), None, None

    def look(self) -> Mapping[str, Look]:
        """How the jobs go: the newest that each actor has answered; it is never waited for."""
        found = {}
        for name, place in list(self._places.items()):
            if place.started is None:
                continue
            look = self._answer(place)
            if look is None:
                continue
            found[name] = look
            if look.state != "running":
                place.started = None
            if look.state == "lost":
                self._drop(name)
        return found

    def close(self) -> None:
        """End what runs, then the actors."""
        stops = [p.actor.stop.remote() for p in self._places.values() if p.started is not None]
        if stops:
            self._ray.wait(stops, num_returns=len(stops), timeout=PATIENCE)
        for name in list(self._places):
            self._drop(name)
        self._ray.shutdown()

    def _open(self) -> None:
        """One actor for each share of resources of each node that lives; free ones that died go."""
        alive = {n["NodeID"]: n["Resources"] for n in self._ray.nodes() if n["Alive"]}
        for name, place in list(self._places.items()):
            if place.node not in alive and place.started is None:
                self._drop(name)
        for node, resources in sorted(alive.items()):
            for i in range(_room(resources, self._share)):
                name = f"{node[:8]}-{i}"
                if self._most is not None and len(self._places) >= self._most:
                    return
                if name not in self._places:
                    self._places[name] = self._actor(node, name)

    def _actor(self, node: str, name: str) -> _Place:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        kept = self._ray.remote(Worker).options(
            num_cpus=self._share["CPU"],
            num_gpus=self._share["GPU"],
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
            max_restarts=0,
        )
        actor = kept.remote(self._shared, name)
        return _Place(node, actor, actor.__ray_ready__.remote())

    def _is_there(self, name: str) -> bool:
        """Whether Ray has started an actor; one that could not start is dropped."""
        ready = self._places[name].ready
        done, _ = self._ray.wait([ready], timeout=0)
        if not done:
            return False
        try:
            self._ray.get(ready)
        except self._ray.exceptions.RayError:
            self._drop(name)
            return False
        return True

    def _answer(self, place: _Place) -> Look | None:
        """The newest look, and ask for the next."""
        if place.asked is None:
            place.asked = place.actor.look.remote()
        done, _ = self._ray.wait([place.asked], timeout=0)
        if not done:
            return place.last
        try:
            place.last = self._ray.get(place.asked)
        except self._ray.exceptions.RayError as error:
            return Look("lost", words=f"its node or its worker died: {error}")
        place.asked = None
        return place.last

    def _drop(self, name: str) -> None:
        self._ray.kill(self._places.pop(name).actor)


def _room(resources: Mapping[str, float], share: Mapping[str, float]) -> int:
    """How many cells a node has room for."""
    return min(
        int(resources.get(kind, 0) / need + 1e-9) for kind, need in share.items() if need > 0
    )


def _reach(address: str) -> None:
    """Refuse an address where nobody listens, which Ray would go on trying for minutes."""
    at = urlsplit(address if "//" in address else f"//{address}")
    if at.hostname is None or at.port is None:
        return  # `auto`
    try:
        socket.create_connection((at.hostname, at.port), timeout=LISTENS).close()
    except OSError as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> FerBenchError:
    return FerBenchError(
        f"no Ray cluster answers at {address!r} ({error}): start one with `ray start --head`, or "
        "name a running one's address"
    )


def _ray() -> ModuleType:
    try:
        import ray
    except ImportError as error:
        raise FerBenchError(
            "--ray needs Ray: pip install -c constraints.txt -e '.[ray]', on every node"
        ) from error
    return ray
