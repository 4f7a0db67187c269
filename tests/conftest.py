"""Settings that must stand before torch is imported, and how tests are spread over cores."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# As the command line sets it: threads that spin long are many times slower on a busy machine.
os.environ.setdefault("GOMP_SPINCOUNT", "100000")
# One thread a process: there is a process a core, and threads that wait for each other burn both.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("any_machine", deadline=None)  # a busy one is slow, not wrong
settings.load_profile("any_machine")

TESTS = Path(__file__).parent
TOGETHER = ("sweep", "browser")
"""Folders whose files share a fixture that takes long: they stay in one process."""

FIRST = (
    "sweep", "test_pipeline.py", "test_every_dataset.py", "test_speed_scripts.py", "test_docs.py",
    "models/test_overfitting.py", "datasets/own/test_own_pipeline.py", "training/test_resume.py",
    "contract/test_model_contract.py", "browser",
)  # fmt: skip
"""What takes longest, longest first: begun last, it would keep one core busy alone at the end."""

GIB_EACH = 2.5
"""Memory a process may take: the tests' largest, with the stages that it starts."""


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Models that a test registers from files are forgotten after it."""
    from fer_bench import models
    from fer_bench.models import outside

    models.names()
    monkeypatch.setattr(models, "_registry", dict(models._registry))
    monkeypatch.setattr(outside, "_files", {})
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("model_file_"):
            del sys.modules[name]


def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: a process a core, as far as there is memory for each."""
    from fer_bench.cores import cores

    return max(1, min(cores(), int(_free_gib() // GIB_EACH)))


def _free_gib() -> float:
    """Memory that can be had without swapping; all there is where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        kib = next(line.split()[1] for line in lines if line.startswith("MemAvailable"))
        return int(kib) / 2**20
    except (OSError, StopIteration):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, in every process in the same order: a stable sort."""
    place = {name: i for i, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(_group(item.path.relative_to(TESTS)), len(place)))


@pytest.hookimpl(optionalhook=True)  # without xdist there is nothing to spread
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together what shares fixtures.

    Not by xdist's marks: with pytest 9.2, xdist 3.8 reads them and then forgets them.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group((config.rootpath / nodeid.split("::")[0]).relative_to(TESTS))

    return Groups(config, log)


def _group(path: Path) -> str:
    """A test's file below tests, or its folder where that shares a fixture."""
    return path.parts[0] if path.parts[0] in TOGETHER else path.as_posix()
