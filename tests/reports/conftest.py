from __future__ import annotations

from pathlib import Path

import demo_photographs
import demo_scores
import pytest

from fer_bench.datasets.base import PackSpec
from fer_bench.reports import relations


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `scores`, `runs` and `data/aligned` of the invented grid; read only."""
    root = tmp_path_factory.mktemp("demo")
    demo_scores.make_scores(root)
    return root


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of the protocols that photographs bring; read only."""
    root = tmp_path_factory.mktemp("photographs")
    demo_photographs.make_photographs(root)
    return root


@pytest.fixture
def photograph_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of the invented photographs' datasets share images."""
    packs = {name: PackSpec(name, name) for name in demo_photographs.PACKS}
    monkeypatch.setattr(relations, "datasets", lambda: demo_photographs.DATASETS)
    monkeypatch.setattr(relations, "packs", lambda: packs)


@pytest.fixture(scope="session")
def paper() -> Path:
    return Path(__file__).parents[2] / "benchmarks" / "paper"
