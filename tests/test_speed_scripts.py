"""The speed scripts run anywhere, time what they say, and leave out with a reason what cannot run.

Slow, because each starts torch in a process of its own and times real training steps.
"""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

SPEED = Path(__file__).parents[1] / "benchmarks/speed"
sys.path.insert(0, str(SPEED))
import timed  # noqa: E402

SMALL = ["--device", "cpu", "--threads", "1", "--batch", "4", "--rounds", "2"]
HEAVY = ("dvc", "pydantic", "lightning_fabric", "typer")
REFUSE = """
import importlib.abc, runpy, sys
HEAVY = set(sys.argv.pop(1).split())
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HEAVY:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuse())
"""
WITHOUT = f"""{REFUSE}
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def measured(name: str, out: Path, *options: str, faces: bool = False) -> tuple[dict, str]:
    """Run a script where only torch and its like can be imported; its JSON and its page.

    With `faces` facenet-pytorch can be imported, too.
    """
    without = " ".join((*HEAVY, *(() if faces else ("facenet_pytorch",))))
    command = [sys.executable, "-c", WITHOUT, without, SPEED / f"{name}.py", *options, "--out", out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=out)
    assert done.returncode == 0, done.stderr[-3000:]
    (file,) = out.glob(f"{name}_*.json")
    return json.loads(file.read_text()), file.with_suffix(".md").read_text()


def rows_of(content: dict) -> tuple[dict, dict]:
    """The rows that were timed and those that were left out, by version."""
    rows = {row["version"]: row for row in content["rows"]}
    left_out = {name: row for name, row in rows.items() if "skipped" in row}
    return {name: row for name, row in rows.items() if name not in left_out}, left_out


def table_of(page: str) -> tuple[list[str], dict[str, list[str]]]:
    """Head and body of the page's table, the body by version."""
    lines = [line for line in page.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert all(len(row) == len(head) for row in body)
    return head, {row[0]: row[1:] for row in body}


def check(content: dict, page: str, rounds: int = 2, items: str = "images") -> None:
    """The JSON has every round, and the page shows what the JSON holds."""
    timed, left_out = rows_of(content)
    head, shown = table_of(page)
    assert list(shown) == [row["version"] for row in content["rows"]]
    assert head[3] == f"{items}/s"
    for name, row in timed.items():
        ms, rate = row["ms"], row[f"{items.replace(' ', '_')}_per_second"]
        assert ms["n"] == rate["n"] == row["ratio"]["n"] == rounds
        assert 0 < ms["p10"] <= ms["median"] <= ms["p90"]
        median, spread, per_second, ratio, to, *_ = shown[name]
        assert float(median) == ms["median"]
        assert [float(value) for value in spread.split(" to ")] == [ms["p10"], ms["p90"]]
        assert float(per_second) == rate["median"]
        assert to == ("itself" if row["reference"] == name else row["reference"])
        assert float(ratio.split(" ")[0]) == pytest.approx(row["ratio"]["median"], rel=5e-3)
        if "peak_mib" in row:
            assert shown[name][head.index("peak MiB") - 1] == str(row["peak_mib"])
    for name, row in left_out.items():
        assert shown[name][:6] == ["–"] * 5 + [row["skipped"]]
    for what, found in content["found"].items():
        assert f"* {what}: {found}" in page


def check_head(content: dict, page: str) -> None:
    """The page says what was measured, with what and on what."""
    for name, version in content["software"].items():
        assert version is None or f"{name} {version}" in page
    assert page.startswith("# Speed of ")
    assert content["device"]["label"] in page


@pytest.fixture(scope="module")
def visit(tmp_path_factory) -> tuple[dict, str]:
    """All parts of a visit at their smallest, in one process that has no facenet-pytorch."""
    out = tmp_path_factory.mktemp("visit")
    return measured("gpu_visit", out, "--device", "cpu", "--tiny")


def part_of(visit: tuple[dict, str], name: str, title: str) -> tuple[dict, str]:
    """What a part's script would have written, below its head."""
    content, page = visit
    (section,) = [text for text in page.split("\n## ") if text.startswith(f"{title}\n")]
    return content["parts"][name], section


@pytest.mark.slow  # torch starts in a process of its own
def test_scan(tmp_path):
    options = ["--channels", "64", "--side", "6", "--m", "4"]
    content, page = measured("scan", tmp_path, *SMALL, *options)
    check(content, page)
    check_head(content, page)
    timed, left_out = rows_of(content)
    assert list(timed) == [
        "one module a patch, float32",
        "one module a patch, channels last, float32",
        "the suite, float32",
        "always side by side, float32",
    ]
    assert len(left_out) == 5
    for row in timed.values():
        assert row["times_floor"] > 0.5
    assert content["peaks"]["bytes"] > 1e8


@pytest.mark.slow  # the visit's process
def test_step(visit):
    content, page = part_of(visit, "step", "Speed of the training step")
    check(content, page, rounds=1)
    timed, left_out = rows_of(content)
    assert next(iter(timed)) == "straightforward, float32"
    assert {"the suite, float32", "+ fused update", "+ bf16"} <= set(timed)
    assert left_out["+ compiled"]["skipped"] == "left out (--no-compile)"
    assert left_out["the suite, TF32"]["skipped"] == "timed on a CUDA device only"
    suite, layout = [float(value) for key, value in content["found"].items() if "patch" in key]
    assert 0 < layout < 1e-3
    assert 0 < suite < 10 * layout  # as far from the reference as that is from itself
    assert "batches of 4" in page
    training, with_testing = [v for v in content["found"].values() if isinstance(v, float)]
    pace = max(row["images_per_second"]["median"] for row in timed.values())
    assert 0.1 < training / (60 * 12271 / pace / 60) < 10
    assert with_testing > training
    assert "was **not shown**" in page


@pytest.mark.slow  # the visit's process
def test_loader(visit):
    content, page = part_of(visit, "loader", "Speed of loading")
    check(content, page, rounds=1)
    assert len(rows_of(content)[0]) == 6
    assert len(content["found"]) == 2


@pytest.mark.slow  # the visit's process
def test_evaluate(visit):
    content, page = part_of(visit, "evaluate", "Speed of prediction")
    check(content, page, rounds=1)
    assert set(rows_of(content)[0]) == {
        "straightforward, float32", "the suite, float32", "the suite, bf16",
    }  # fmt: skip


@pytest.mark.slow  # the visit's process
def test_resume(visit):
    content, page = part_of(visit, "resume", "Bits of a resumed training")
    assert content["rows"] == []
    assert content["found"] == {
        "32-true, stopped and gone on with": "equal to the bit",
        "Fabric": "a stand-in for lightning_fabric, which is not installed",
    }
    assert "| version |" not in page


@pytest.mark.slow  # the visit's process
def test_align_without_the_detectors_weights(visit):
    content, page = part_of(visit, "align", "Speed of alignment")
    check(content, page)
    timed, left_out = rows_of(content)
    assert not timed
    assert tuple(left_out) == align_rows("synthetic")
    assert {row["skipped"] for row in left_out.values()} == {"needs facenet_pytorch"}


@pytest.mark.slow  # the visit's process
def test_a_visit_measures_every_part(visit):
    content, page = visit
    parts = content["parts"]
    assert set(parts) == {"step", "resume", "scan", "evaluate", "align", "loader"}
    assert not {name: part for name, part in parts.items() if "left_out" in part}
    assert all(part["seconds"] > 0 for part in parts.values())
    assert content["targets"]["a resumed training ends with the same bits"].startswith("met")
    assert len(content["targets"]) == 4
    for what, said in content["targets"].items():
        assert f"* {what}: {said}" in page
    assert page.count("\n## ") == len(parts)


@pytest.mark.slow  # torch starts in a process of its own
def test_a_visit_ends_in_time_and_keeps_what_it_has(tmp_path):
    started = time.monotonic()
    content, page = measured(
        "gpu_visit", tmp_path, "--device", "cpu", "--parts", "scan", "step", "--minutes", "0.4"
    )
    assert time.monotonic() - started < 60
    for name in ("step", "scan"):
        assert re.match("not begun|cut off", content["parts"][name]["left_out"])
        assert f"`{name}` is left out: " in page


STUBBORN = """
import multiprocessing, sys, time
from pathlib import Path
def measure(given, device):
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    child.start()
    Path("pid").write_text(str(child.pid))
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
def arguments(given):
    return __import__("argparse").Namespace(device="cpu", threads=1)
"""


@pytest.mark.slow  # torch starts in a process of its own
def test_a_part_that_cannot_be_cut_off_does_not_outlast_the_visit(tmp_path):
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    code = "\n".join(
        (
            f"import sys, time; sys.path.insert(0, {str(SPEED)!r}); sys.path.insert(0, '.')",
            "import gpu_visit",
            "gpu_visit.PARTS = (gpu_visit.Part('stubborn', 0, 60, '', ''),)",
            "gpu_visit.BEGUN, gpu_visit.SPARE = time.monotonic(), 1",
            "gpu_visit.main()",
        )
    )
    options = ["--device", "cpu", "--minutes", "0.15", "--out", tmp_path]
    command = list(map(str, [sys.executable, "-c", code, *options]))
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 3, done.stderr
    (file,) = tmp_path.glob("gpu_visit_*.json")
    assert "cut off" in json.loads(file.read_text())["parts"]["stubborn"]["left_out"]
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()


def test_a_visit_says_which_package_is_missing(tmp_path):
    command = [sys.executable, "-c", WITHOUT, "torch", SPEED / "gpu_visit.py"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "error: a visit needs the package torch, which is not installed here; carry its wheel "
        "along\n"
    )


@pytest.mark.slow  # torch starts in a process of its own
def test_what_trains_and_predicts_imports_no_pipeline():
    modules = ("training.train", "training.identity", "models", "evaluation.evaluate")
    code = "\n".join(
        (
            REFUSE, f"sys.path.insert(0, {str(SPEED)!r})", "import gpu_visit",
            *(f"import fer_bench.{module}" for module in modules),
            "from fer_bench import models",
            "print(len(models.names()))",
        )
    )  # fmt: skip
    refused = " ".join((*HEAVY, "facenet_pytorch", "ray"))
    command = [sys.executable, "-c", code, refused]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 20


def test_what_takes_too_long_is_stopped():
    with pytest.raises(timed.OutOfTime), timed.at_most(5), timed.at_most(0.05):
        time.sleep(5)

    def nested():
        with timed.at_most(0.1):
            with timed.at_most(5):
                pass
            time.sleep(5)  # the outer one still counts

    with pytest.raises(timed.OutOfTime):
        nested()
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_version_is_not_left_out_when_the_time_of_the_whole_is_over():
    version = timed.Version("slow", 1, lambda: time.sleep(5), "slow")
    for seconds in (None, 60):
        with pytest.raises(timed.OutOfTime), timed.at_most(0.1):
            timed.time_versions([version], 1, 1, torch.device("cpu"), seconds)
    assert version.call is not None


def test_no_round_is_begun_that_would_not_end_in_time():
    versions = [
        timed.Version(name, 1, lambda s=s: time.sleep(s), "quick")
        for name, s in (("quick", 0.02), ("slow", 30))
    ]
    timed.time_versions(versions, rounds=500, calls=1, device=torch.device("cpu"), seconds=3)
    quick, slow = versions
    assert 1 < len(quick.seconds) < 500
    assert re.fullmatch("was not ready after [12] s", slow.skipped)
    assert "skipped" in timed.rows(versions)[1]


@pytest.mark.slow  # every training is a process
def test_training(tmp_path):
    project = SPEED.parents[1]
    content, page = measured(
        "training", tmp_path, "--before", project, "--after", project, "--rounds", "1",
        "--epochs", "1", "--sizes", "32,8,8", "--no-compile",
    )  # fmt: skip
    check(content, page, rounds=1)
    timed, left_out = rows_of(content)
    assert list(timed) == [
        f"{version}, {part}" for version in ("before", "after", "after, bf16")
        for part in ("steps alone", "with predictions")
    ]  # fmt: skip
    assert len(left_out) == 2
    for row in timed.values():
        assert row["peak_mib"] > 100
        assert row["reference"].startswith("before, ")


def align_rows(source: str) -> tuple[str, ...]:
    return (
        f"{source}: facenet-pytorch, files, 1 thread",
        f"{source}: align stage, files",
        f"{source}: facenet-pytorch, images in memory",
        f"{source}: the suite's detector, images in memory",
    )


ALIGN = ["--device", "cpu", "--images", "64", "--threads", "1", "--rounds", "1"]


@pytest.mark.slow  # looks for faces, image by image
def test_align(tmp_path):
    content, page = measured("align", tmp_path, *ALIGN, faces=True)
    check(content, page, rounds=1)
    check_head(content, page)
    timed, left_out = rows_of(content)
    assert tuple(timed) == align_rows("synthetic")
    assert tuple(left_out) == align_rows("facial_expressions")  # no photographs below this folder
    assert {row["skipped"] for row in left_out.values()} == {
        "no folder data/raw/facial_expressions/images: run `fer-bench data add facial_expressions`"
    }
    found = content["found"]
    assert found["synthetic: faces the reference finds"] >= 60
    for part in ("boxes within a pixel", "landmarks the stage recorded there, within a pixel"):
        assert float(found[f"synthetic: {part}"].split(" ")[0]) > 95
    assert content["software"]["facenet-pytorch"]


@pytest.mark.slow  # every step of the reports is a process
def test_reports(tmp_path):
    files = tmp_path / "files"
    for cache in ("cache_fresh", "cache_kept"):
        (files / cache).mkdir(parents=True)
        (files / cache / "of_an_earlier_run").touch()
    content, page = measured(
        "reports", tmp_path, "--trial", "--rounds", "1", "--steps", "page", "--cores", "1",
        "--folder", files,
    )  # fmt: skip
    check(content, page, rounds=1, items="score files")
    check_head(content, page)
    timed, left_out = rows_of(content)
    assert not left_out
    assert {name: row["reference"] for name, row in timed.items()} == {
        "page, nothing kept": "page, nothing kept",
        "page, all kept": "page, nothing kept",
        "scoring one cell, first in a process": "scoring one cell, first in a process",
        "scoring one cell, again": "scoring one cell, first in a process",
    }
    assert content["device"]["cores"] == 1  # what the processes had, not what the machine has
    assert content["settings"]["score files"] == len(list(files.glob("scores/*/*/*.json"))) == 4
    assert timed["page, all kept"].get("peak_mib", 100) > 50
    assert (files / "cache_kept/of_an_earlier_run").exists()
    assert not (files / "cache_fresh/of_an_earlier_run").exists()
    assert list((files / "cache_kept").glob("*.json"))
    assert (files / "out/leaderboard/index.html").is_file()


def test_a_clocked_version_gives_the_seconds_of_its_parts():
    calls = []

    def call():
        calls.append(0)
        return {"both": 3.0 * len(calls), "part": 1.0 * len(calls)}

    both = timed.Version("both", 6, call, "both", clocked=True, peak=12.4)
    part = timed.Version("part", 6, None, "both")
    timed.time_versions([both, part], rounds=2, calls=1, device=torch.device("cpu"))
    assert both.seconds == [6.0, 9.0]  # the first call is not counted
    assert part.seconds == [2.0, 3.0]
    whole, half = timed.rows([both, part], "score files")
    assert whole["peak_mib"] == 12
    assert half["ratio"]["median"] == 3
    assert half["score_files_per_second"]["median"] == 2.5


def test_what_is_lacking_is_named():
    assert (
        timed.lacking("torch", "no_such_package", "nor_this") == "needs no_such_package, nor_this"
    )
    assert timed.lacking("torch") == ""


def test_a_device_that_is_not_there_ends_in_one_line():
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    command = [sys.executable, SPEED / "scan.py", "--device", "cuda"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 1
    assert "torch sees no CUDA device" in done.stderr
    assert "Traceback" not in done.stderr
