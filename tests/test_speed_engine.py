"""`engine.py` times two checkouts part by part: stand-ins for `dvc` and `fer-bench` take its place.

Slow, because every part starts processes, and the script imports torch.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[1] / "benchmarks/speed"
sys.path.insert(0, str(SPEED))
import checkouts  # noqa: E402
import engine as script  # noqa: E402
import engine_table  # noqa: E402
import first_table  # noqa: E402
import watched  # noqa: E402

MAKEFILE = """
.venv/.installed: constraints.txt
\texit 1  # a copy is newer than the environment, which must not be made again
install:
\tmkdir -p .venv/bin && echo once >> .venv/.installed
demo: .venv/.installed
\tfer-bench demo
test: .venv/.installed
\t@echo 1 failed; exit 1
"""
DVC = """#!/bin/sh
case "$*" in
  "repro benchmarks/synthetic/dvc.yaml:starts") mkdir -p runs/synthetic/starts ;;
  "commit --force benchmarks/synthetic/dvc.yaml:score@scan_cci-0") touch runs/.changed ;;
  repro) if [ -e runs/.changed ]; then rm runs/.changed; echo 2 > results/tables/table01.md
         else echo Data and pipelines are up to date.; fi ;;
  *) exit 2 ;;
esac
"""
FER_BENCH = """#!/bin/sh
train() {{ mkdir -p runs/synthetic/scan_cci/$1/train; python -c "kept = b'x' * ({size} << 20)
import time; time.sleep(0.3)"; }}
test "$PYTHONPATH" = "$PWD" || exit 3  # the copy's own package, not the checkout's
case "$1" in
  demo) sleep {demo}; mkdir runs; echo 1 > results/tables/table02.md; echo "{line}" ;;
  train) train $4 ;;
  sweep) if [ -e runs/.changed ]; then dvc repro; else train 0 & train 1; wait; fi ;;
esac
"""


def checkout(folder: Path, demo: float, line: str) -> Path:
    """A git repository with the files that the script looks at, and an environment of stand-ins."""
    score = {"sets": {"synthetic": {"last": {"all": {"nll": 0.5}}}}}
    files = {
        "Makefile": MAKEFILE,
        "constraints.txt": "",
        ".gitignore": "/.venv/\n/runs/\n",
        "results/tables/table01.md": "1\n",
        "results/tables/table02.md": "1\n",
        "results/scores/synthetic/scan_cci/0.json": json.dumps(score),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    programs = folder / ".venv/bin"
    programs.mkdir(parents=True)
    (folder / ".venv/.installed").touch()
    for name, text in {
        "dvc": DVC, "fer-bench": FER_BENCH.format(demo=demo, line=line, size=20),
    }.items():  # fmt: skip
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    return folder


def engine(out: Path, *options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SPEED / "engine.py", "--out", out, "--work", out / "work", *options]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=out)


def results(out: Path) -> tuple[dict, str]:
    (file,) = out.glob("engine_*.json")
    return json.loads(file.read_text()), file.with_suffix(".md").read_text()


@pytest.mark.slow  # see above
def test_every_part_of_two_checkouts(tmp_path):
    before = checkout(tmp_path / "before", demo=0.6, line="nothing to see")
    after = checkout(tmp_path / "after", demo=0.1, line="First table: of two models")
    both = ["--before", before, "--after", after, "--turns", "2"]
    done = engine(tmp_path, *both, "--parts", "demo,noop,reports")
    assert done.returncode == 0, done.stderr
    done = engine(tmp_path, *both, "--parts", "tests,busy,memory")
    assert done.returncode == 0, done.stderr

    content, page = results(tmp_path)
    runs = content["runs"]
    counts = {
        part: [sum((r["part"], r["build"]) == (part, build) for r in runs)
               for build in ("before", "after")]
        for part in ("demo", "tests", "busy", "reports", "noop", "memory")
    }  # fmt: skip
    assert counts == {
        "demo": [1, 2], "tests": [1, 2], "busy": [4, 4], "reports": [2, 2], "noop": [2, 2],
        "memory": [2, 2],
    }  # fmt: skip
    old, *new = [r for r in runs if r["part"] == "demo"]
    assert 0.4 <= old["first_table_s"] <= old["wall_s"] + 0.1
    assert all(0.1 <= r["first_table_s"] <= r["wall_s"] + 0.1 for r in new)
    assert min(r["wall_s"] for r in new) < old["wall_s"]
    assert all(r["cpu_s"] < r["wall_s"] for r in [old, *new])  # they sleep
    assert old["changed"] == []
    assert all(r["failed"] for r in runs if r["part"] == "tests")
    assert {r["said"] for r in runs if r["part"] == "tests"} != {""}
    assert all(r["peak_mib"] > 20 for r in runs if r["part"] == "memory")
    assert content["targets"]["`make demo` after the install, wall"] is (
        old["wall_s"] >= 3 * sum(r["wall_s"] for r in new) / 2
    )
    for row in engine_table.ROWS:
        assert f"| {row.what} |" in page
    assert "git after `make demo`, before: clean" in page
    assert "ended with an error" in page
    assert not (tmp_path / "before/runs").exists()  # the checkouts are only read


def test_what_cannot_be_compared_is_refused(tmp_path, monkeypatch, capsys):
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(SystemExit, match="run `make install` there"):
        checkouts.build_of("before", bare)
    changed = checkout(tmp_path / "changed", 0, "")
    assert len(checkouts.build_of("before", changed).commit) == 7
    (changed / "Makefile").write_text("other")
    with pytest.raises(SystemExit, match="changes that are not committed"):
        checkouts.build_of("before", changed)
    monkeypatch.setattr(sys, "argv", ["engine.py", "--work", str(tmp_path)])
    with pytest.raises(SystemExit, match="--before DIR or --before-commit"):
        script.main()
    monkeypatch.setattr(sys, "argv", ["engine.py", "--parts", "dmeo"])
    with pytest.raises(SystemExit):
        script.main()
    assert "unknown part 'dmeo'" in capsys.readouterr().err


@pytest.mark.slow  # see above
def test_what_is_timed_ends_with_the_script(tmp_path):
    before = checkout(tmp_path / "before", demo=60, line="")
    command = [sys.executable, SPEED / "engine.py", "--out", tmp_path, "--work", tmp_path / "work",
               "--before", before, "--builds", "before", "--parts", "demo"]  # fmt: skip
    with subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL) as script:
        try:
            pid = int(_sooner_or_later(lambda: _running("sleep 60", tmp_path)))
        finally:
            script.terminate()
    assert script.returncode == 143
    _sooner_or_later(lambda: not Path(f"/proc/{pid}/cwd").exists())
    assert not list(tmp_path.glob("engine_*"))


def _running(command: str, folder: Path) -> str:
    """The process with this command line below a folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            if words == command and (process / "cwd").resolve().is_relative_to(folder):
                return process.name
        except OSError:
            continue  # it ended
    return ""


def _sooner_or_later(found):
    """What is found within 30 seconds."""
    for _ in range(600):
        if answer := found():
            return answer
        time.sleep(0.05)
    pytest.fail("waited for nothing")


def test_a_commit_is_cloned_and_installed_once(tmp_path):
    project = checkout(tmp_path / "project", 0, "")
    commit = checkouts.git(project, "rev-parse", "HEAD")
    for _ in range(2):
        build = checkouts.made_build("before", project, commit[:7], tmp_path / "work")
    assert build.checkout == tmp_path / "work/checkout_before"
    assert commit.startswith(build.commit)
    assert (build.checkout / ".venv/.installed").read_text() == "once\n"
    copy = checkouts.fresh(build, tmp_path / "copy")
    assert checkouts.git(copy, "status", "--porcelain") == ""
    assert (copy / ".venv/.installed").is_file()
    with pytest.raises(SystemExit, match="git checkout"):
        checkouts.made_build("before", project, "0123456", tmp_path / "work")


def test_a_table_of_runs():
    def run(build, wall, case=""):
        return {"part": "busy", "build": build, "turn": 0, "case": case, "wall_s": wall,
                "cpu_s": 1.0}  # fmt: skip

    runs = [
        *(run("before", wall, "quiet") for wall in (9.0, 10.0, 11.0)),
        run("before", 60.0, "busy"),
        run("after", 10.0, "quiet"),
        *(run("after", wall, "busy") for wall in (30.0, 33.0, 31.0)),
    ]
    found = engine_table.targets(runs)
    wall, cpu = (f"one cell beside four busy loops, {what} over alone" for what in ("wall", "CPU"))
    assert found == {wall: True, cpu: True}
    runs[-1]["wall_s"] = 50.0
    assert engine_table.targets(runs)[wall] is False
    (line,) = [line for line in engine_table.table(runs) if wall in line]
    assert line == (
        f"| {wall} | 6 times | 3.3 times (3 to 5, 3 runs) | 1.82 | ≤ 3.2 times | **missed** |"
    )
    noop = [{"part": "noop", "build": b, "wall_s": s} for b, s in (("before", 5), ("after", 2.6))]
    assert engine_table.targets(noop) == {"`dvc repro` with nothing to do": False}  # not half
    noop[0]["wall_s"] = 5.3
    assert engine_table.targets(noop) == {"`dvc repro` with nothing to do": True}
    assert engine_table.targets(noop[1:]) == {}
    demo = {"part": "demo", "build": "after", "first_table_s": 80.0, "changed": []}
    assert engine_table.targets([demo]) == {"the first table": True}
    tests = {"part": "tests", "build": "after", "said": "== 7 passed in 3 s ==", "wall_s": 3.0}
    lines = engine_table.table([demo, tests | {"cpu_s": 1.0}])
    assert "* `make test`, after: 7 passed in 3 s" in lines


def test_the_first_table_is_a_line_or_a_file(tmp_path):
    log, file = tmp_path / "log", tmp_path / first_table.FILE
    file.parent.mkdir(parents=True)
    file.write_text("of the commit")
    os.utime(file, (1, 1))
    log.write_bytes(b"cells 1/2\rcells 2/2 First table")
    seen = first_table.FirstTable(tmp_path, log)
    seen.look(1.0)
    assert seen.seconds is None  # in the middle of a line
    file.unlink()
    seen.look(2.0)
    assert seen.seconds is None
    file.write_text("new")
    seen.look(3.0)
    assert seen.seconds == 3.0
    with open(log, "ab") as stream:
        stream.write(b"\r\x1b[2KFirst ")
        stream.flush()
        seen.look(4.0)
        assert seen.seconds == 3.0
        stream.write(b"table: two rows\n")
    seen.look(5.0)
    assert seen.seconds == 5.0


def test_watching_counts_what_children_used(tmp_path):
    burn = "import time\nwhile time.process_time() < 0.4: pass"
    command = ["sh", "-c", f"{sys.executable} -c '{burn}'; echo done; exit 4"]
    found = watched.watch(command, tmp_path, memory=False, may_fail=True)
    assert found.failed
    assert found.said == "done"
    assert 0.4 <= found.cpu < 1.5
    assert found.peak is None
    with pytest.raises(RuntimeError, match="done"):
        watched.watch(command, tmp_path)


def test_what_is_watched_ends_when_watching_is_interrupted(tmp_path):
    def stop(seconds):
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watched.watch(["sh", "-c", "sleep 60 & echo $! > pid; wait"], tmp_path, look=stop)
    pid = int((tmp_path / "pid").read_text())
    _sooner_or_later(lambda: not Path(f"/proc/{pid}/cwd").exists())
