from types import SimpleNamespace

import pytest
from tiny import PACKS, SHARED, TARGET, checkout, copy


@pytest.fixture(scope="session")
def serial(tmp_path_factory):
    """What a plain `dvc repro` makes of cells, a process a stage and one after the other.

    `aligned` is its state when there are only faces, `begun` when everything but cells is there,
    `whole` its end. What comes before cells is swept (tests/test_pipeline.py compares it).
    """
    folder = tmp_path_factory.mktemp("serial")
    whole = checkout(folder / "whole")
    whole("fer-bench", "sweep", *PACKS)
    aligned = copy(whole, folder / "aligned")
    whole("fer-bench", "sweep", *SHARED)
    begun = copy(whole, folder / "begun")
    whole("dvc", "repro", TARGET)
    return SimpleNamespace(aligned=aligned, begun=begun, whole=whole)
