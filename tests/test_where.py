"""Pages of docs/ that scripts write are what the code says, and the rules above them hold."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from fer_bench.cli import app
from fer_bench.cli.stages import BUILDERS
from fer_bench.reports.figures import FIGURES
from fer_bench.reports.pages import PAGES

ROOT = Path(__file__).parents[1]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / f"docs/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


where, house, competitors = map(script, ("where", "house", "competitors"))


@pytest.mark.parametrize("page", [where, house, competitors], ids=lambda page: page.PAGE.stem)
def test_the_page_is_what_its_script_writes(page):
    assert page.PAGE.read_text(encoding="utf-8") == page.markdown(), f"python {page.__file__}"


def test_thirty_things_and_more_are_where_the_page_says():
    things = where.things()
    assert len({thing.what for thing in things}) == len(things) >= 30
    for thing in things:
        text = (ROOT / thing.file).read_text(encoding="utf-8")
        assert thing.says in text, thing


def test_every_page_is_in_the_file_of_its_name():
    for name, page in PAGES.items():
        assert where.module(page) == f"fer_bench/reports/pages/{name}.py"


def test_every_command_is_in_the_file_of_its_name():
    stages = {build.__name__.replace("_", "-") for build in BUILDERS}
    for name, function in where.commands(app).items():
        file = f"fer_bench/cli/{name.replace('-', '_')}.py"
        folder = "stages" if name in stages - {"score", "table"} else "cli"
        assert where.module(function).startswith(f"fer_bench/{folder}/"), name
        assert folder == "stages" or where.module(function) == file
    for group in app.registered_groups:
        for function in where.commands(group.typer_instance).values():
            assert where.module(function) == f"fer_bench/cli/{group.name}.py"


def test_what_a_stage_runs_is_in_a_file_of_its_name():
    elsewhere = {"model_file", "specs", "transfer"}  # models/outside.py, specs/, with `train`
    for build in BUILDERS:
        if build.__name__ not in elsewhere and not build.__module__.endswith(".reports"):
            assert Path(ROOT, where.work(build.__name__)).is_file()


def test_every_numbered_figure_is_in_a_file_that_counts_it():
    for name in (name for name in FIGURES if name.startswith("figure")):
        number = name.removeprefix("figure").removeprefix("_").split("_")[0]
        file = Path(where.module(FIGURES[name])).stem
        if number != "subset":  # ours, between the paper's
            assert number in file or _between(number, file), (name, file)


def _between(number: str, file: str) -> bool:
    """Whether a file counts from a number to another, `s3_to_s8`."""
    first, _, last = file.rpartition("_to_")
    low = first.rpartition("_")[2]
    return number[0] == last[0] and low <= number <= last


def test_the_picture_leads_from_the_raw_file_to_every_report():
    arrows = list(house.arrows())
    reached = {"data add"}
    for _ in arrows:
        reached |= {other for one, other in arrows if one in reached}
    assert set(house.SHOWN) <= reached
    assert set(house.stages()) <= reached
    read = {one for one, _ in arrows}
    ends = [file for file in house.SHOWN if file not in read]
    assert all(file.startswith("results/") for file in ends), ends
