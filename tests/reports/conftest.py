from __future__ import annotations

from pathlib import Path

import demo_scores
import pytest


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `scores`, `runs` and `data/aligned` of the invented grid; read only."""
    root = tmp_path_factory.mktemp("demo")
    demo_scores.make_scores(root)
    return root


@pytest.fixture(scope="session")
def paper() -> Path:
    return Path(__file__).parents[2] / "benchmarks" / "paper"
