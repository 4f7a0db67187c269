from types import SimpleNamespace

import pytest
from tiny import PACKS, SHARED, TARGET, checkout, copy


@pytest.fixture(scope="session")
def serial(tmp_path_factory):
    """What a plain `dvc repro` makes.

    `aligned` is its state when there are only faces, `begun` when everything but cells is there,
    `whole` its end.
    """
    folder = tmp_path_factory.mktemp("serial")
    whole = checkout(folder / "whole")
    whole("dvc", "repro", *PACKS)
    aligned = copy(whole, folder / "aligned")
    whole("dvc", "repro", *SHARED)
    begun = copy(whole, folder / "begun")
    whole("dvc", "repro", TARGET)
    return SimpleNamespace(aligned=aligned, begun=begun, whole=whole)
