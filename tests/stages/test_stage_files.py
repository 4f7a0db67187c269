"""The files that DVC reads, and the commands, derive from the stages."""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from fer_bench import datasets, params
from fer_bench.cli import stages
from fer_bench.stages import before_training, cells, pipeline
from fer_bench.stages.base import Stage

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipelines")
    return folder, pipeline.write_pipelines(folder)


def test_committed_files_are_what_the_stages_say(written):
    # An edit by hand, a report or a dataset without its stage is caught.
    folder, paths = written
    for path in paths:
        assert (ROOT / path.relative_to(folder)).read_text() == path.read_text()
    below = {path.parent.name for path in paths[1:]}
    assert below == {*datasets.datasets(), *datasets.sources()}


def test_every_command_in_them_exists_and_takes_what_it_is_given(written):
    _, paths = written
    builders = {build.__name__.replace("_", "-"): build for build in stages.BUILDERS}
    seen = set()
    for path in paths:
        for name, stage in yaml.safe_load(path.read_text())["stages"].items():
            program, command, *given = shlex.split(stage["cmd"])
            assert program == "fer-bench", name
            seen.add(command)
            wanted = [a for a in builders[command].__annotations__ if a != "return"]
            assert len(given) == len(wanted), stage["cmd"]
            assert set(re.findall(r"item\.(\w+)", str(stage))) == set(stage.get("matrix", ()))
    assert seen == set(builders)


def test_a_command_is_its_stage(monkeypatch):
    done = []

    def fake(dataset: cells.Dataset, model: cells.Model, seed: cells.Seed) -> Stage:
        """Pretend."""
        return Stage("x", [], [], lambda: done.append((dataset, model, seed)))

    import typer

    made = typer.Typer()
    made.command()(stages.command_of(fake))
    assert CliRunner().invoke(made, ["synthetic", "scan_cci", "3"]).exit_code == 0
    assert done == [("synthetic", "scan_cci", 3)]
    assert CliRunner().invoke(made, ["synthetic", "scan_cci", "three"]).exit_code == 2


def test_what_a_stage_reads_another_writes_or_git_holds(written):
    # A misspelt path would leave DVC without an edge between two stages.
    _, paths = written
    outs, deps = [], []
    for path in paths:
        for stage in yaml.safe_load(path.read_text())["stages"].values():
            kept = [*stage.get("outs", ()), *stage.get("metrics", ())]
            outs += [next(iter(out)) if isinstance(out, dict) else out for out in kept]
            deps += stage["deps"]
    for dep in deps:
        known = any(_meets(_any_name(dep), _any_name(out)) for out in outs)
        assert (
            known or (ROOT / dep).exists() or dep.endswith("source.json") or dep == "${item.file}"
        )
    assert len(outs) == len(set(outs))


def _any_name(path: str) -> str:
    return re.sub(r"\$\{item\.\w+\}", "*", path)


def _meets(dep: str, out: str) -> bool:
    """Whether one is the other or lies below it; a placeholder fits any name."""
    pairs = zip(dep.split("/"), out.split("/"), strict=False)
    return all(fnmatch(a, b) or fnmatch(b, a) for a, b in pairs)


def test_scoring_takes_the_same_command_for_moved_rows():
    moved = pipeline._of_dataset("synthetic_masked")["score_transfer"]
    row = "${item.model}_from_${item.source}"
    assert moved["cmd"] == f"fer-bench score synthetic_masked {row} ${{item.seed}}"
    assert f"runs/synthetic_masked/{row}/${{item.seed}}" in moved["deps"]


def test_git_holds_results_and_the_cache_holds_runs():
    stage = before_training.audit("synthetic").to_dvc()
    assert stage["outs"] == [
        "runs/lists/synthetic.parquet",
        {"results/audit/synthetic.md": {"cache": False}},
        {"results/faces/synthetic.parquet": {"cache": False}},
    ]  # fmt: skip


def test_starts_wait_for_the_people_that_params_name_and_for_no_others(written):
    folder, _ = written

    def needs(dataset: str) -> set[str]:
        stages = yaml.safe_load((folder / f"benchmarks/{dataset}/dvc.yaml").read_text())["stages"]
        return {dep for dep in stages["starts"]["deps"] if dep.endswith("/identity")}

    assert needs("ferplus") == {"runs/ferplus/identity", "runs/facial_expressions/identity"}
    assert needs("ferplus_masked") == needs("ferplus")
    assert needs("synthetic") == {"runs/synthetic/identity"}
    assert needs("facial_expressions_masked") == {"runs/facial_expressions/identity"}


def test_reports_wait_for_no_audit_of_a_set_that_nobody_enabled():
    """Every set's audit writes into results/faces: who depends on it waits for all of them."""
    document = yaml.safe_load(Path("dvc.yaml").read_text())
    for name, stage in document["stages"].items():
        assert "results/faces" not in stage.get("deps", []), name


def test_a_student_waits_for_its_teacher_of_the_same_seed(tmp_path, monkeypatch):
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    content["enabled"]["synthetic"]["students"] = {"micro_expnet": "baseline1"}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.chdir(tmp_path)
    stages = pipeline._of_dataset("synthetic")
    taught = stages["taught_micro_expnet"]
    assert taught["cmd"] == "fer-bench train synthetic micro_expnet ${item.seed}"
    assert taught["matrix"] == {"seed": "${enabled.synthetic.seeds}"}
    assert "runs/synthetic/baseline1/${item.seed}/train" in taught["deps"]
    assert taught["outs"] == ["runs/synthetic/micro_expnet/${item.seed}/train"]
    assert stages["train"]["outs"] == ["runs/synthetic/${item.model}/${item.seed}/train"]
    assert "runs/synthetic/micro_expnet/${item.seed}" in stages["score_micro_expnet"]["deps"]
    on = "fer-bench evaluate synthetic micro_expnet ${item.seed} ${item.set}"
    assert stages["evaluate_micro_expnet"]["cmd"] == on
    assert not [name for name in pipeline._of_dataset("ferplus") if name.startswith("taught")]


def test_a_student_is_examined_as_its_teacher_is(tmp_path, monkeypatch):
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    lists = content["enabled"]["synthetic"]
    lists |= {"students": {"micro_expnet": "baseline1"}, "robustness": ["micro_expnet"]}
    lists["explain"] = ["micro_expnet", "scan_cci"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.chdir(tmp_path)
    assert params.load().enabled["synthetic"].robustness == ["micro_expnet"]
    stages = pipeline._of_dataset("synthetic")
    (weights,) = stages["taught_micro_expnet"]["outs"]
    for name in ("robustness", "explain"):
        assert stages[name]["matrix"]["model"] == f"${{enabled.synthetic.{name}}}"
        needs = [str(dep).replace("${item.model}", "micro_expnet") for dep in stages[name]["deps"]]
        assert any(weights.startswith(dep) or dep.startswith(weights) for dep in needs), needs


def test_training_a_student_takes_the_teachers_folder(tmp_path, monkeypatch):
    from fer_bench.training import train

    monkeypatch.chdir(tmp_path)
    taken = []
    monkeypatch.setattr(train, "train_cell", lambda *given: taken.append(given))
    monkeypatch.setattr(cells, "_known", Path)
    recipes = iter([{"teacher": "big"}, {}])
    row = {"start": "identity", "init_from": None}
    spec = type("Spec", (), {"read": lambda _: type("Row", (), row | {"recipe": next(recipes)})})
    monkeypatch.setattr(cells, "RowSpec", spec)
    for _ in range(2):
        cells.train("synthetic", "small", 3).run()
    assert [given[-1] for given in taken] == [Path("runs/synthetic/big/3/train"), None]
