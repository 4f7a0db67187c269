"""The script lies outside the package; others are called `measure` too: imported by its path."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks/mask_geometry/measure.py"


@pytest.fixture(scope="session")
def script() -> ModuleType:
    found = importlib.util.spec_from_file_location("measure_mask_geometry", SCRIPT)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
