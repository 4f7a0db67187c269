from types import SimpleNamespace

import pytest
from tiny import SHARED, TARGET, checkout, copy


@pytest.fixture(scope="session")
def serial(tmp_path_factory):
    """What a plain `dvc repro` makes, a process a stage and one after the other.

    `begun` is its state when everything but cells is there, `whole` its end.
    """
    folder = tmp_path_factory.mktemp("serial")
    whole = checkout(folder / "whole")
    whole("dvc", "repro", *SHARED)
    begun = copy(whole, folder / "begun")
    whole("dvc", "repro", TARGET)
    return SimpleNamespace(begun=begun, whole=whole)
