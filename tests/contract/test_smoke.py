"""`fer-bench models smoke` before anything is trained; `test_own_model.py` goes the whole way."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fer_bench.contract.smoke import smoke
from fer_bench.errors import FerBenchError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(own_registry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's folder is the current one; what a file registers is forgotten."""
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("project")
def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FerBenchError, match="is not empty: name another folder"):
        smoke(tmp_path / "my_net.py", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.usefixtures("project")
def test_without_a_model_file_nothing_is_written(tmp_path):
    with pytest.raises(FerBenchError, match=r"no model file .*my_net\.py"):
        smoke(tmp_path / "my_net.py", tmp_path / "smoke")
    assert not (tmp_path / "smoke").exists()


def test_elsewhere_it_says_that_it_wants_the_projects_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FerBenchError, match=r"docs/protocol\.md is not here: .* project's folder"):
        smoke(tmp_path / "my_net.py", tmp_path / "smoke")
    assert not (tmp_path / "smoke").exists()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("package", [False, True], ids=["file", "package"])
def test_a_model_that_cannot_be_imported_is_named_and_one_is_back_where_one_was(tmp_path, package):
    given = tmp_path / ("my_broken" if package else "my_broken.py")
    written = given / "__init__.py" if package else given
    written.parent.mkdir(exist_ok=True)
    written.write_text("import a_library_that_nobody_has\n")
    with pytest.raises(FerBenchError, match=r"my_broken.*a_library_that_nobody_has"):
        smoke(given, tmp_path / "smoke")
    assert Path.cwd() == ROOT
    assert (tmp_path / "smoke" / given.name).exists()  # with what the stages read beside it
    assert (tmp_path / "smoke/docs/protocol.md").is_file()
    assert not any(name.startswith("model_file_my_broken") for name in sys.modules)
