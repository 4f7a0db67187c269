"""Small checkouts to sweep in: three cells, whose trainings can be slowed down or made to fail."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
from checkout import Checkout

from fer_bench.files import sha256_file

PARAMS = Path(__file__).parent / "params.yaml"
SHARED = [
    f"benchmarks/{name}/dvc.yaml:{stage}"
    for name in ("synthetic", "synthetic_masked")
    for stage in ("audit", "view", "starts")
]
TARGET = "table01"  # needs every score, and is made in a second
CELLS = {
    "synthetic/baseline1/0", "synthetic/scan_cci/0", "synthetic_masked/scan_cci_from_synthetic/0"
}  # fmt: skip
# Steps wait, and one cell's training fails, as the environment says.
HOOK = '''"""Lets tests meddle with a training."""

import os
import time


def meddle(folder):
    time.sleep(float(os.environ.get("FER_BENCH_TEST_PAUSE", "0")))
    if os.environ.get("FER_BENCH_TEST_FAIL", "none") in str(folder):
        raise RuntimeError("made to fail")
'''


def checkout(folder: Path, message: str = "lets tests meddle") -> Checkout:
    """A fresh one, with nothing run; the message is that of its last commit."""
    made = Checkout(folder, "first", PARAMS)
    loop = folder / "fer_bench/training/loop.py"
    text = loop.read_text()
    told = "        checkpoints.tell(at.epoch, recipe.epochs, at.step, len(batches))\n"
    assert told in text
    loop.write_text(text.replace(told, told + "        meddle(checkpoints.folder)\n").replace(
        "from fer_bench.training.checkpoint import Checkpoints\n",
        "from fer_bench.training.checkpoint import Checkpoints\n"
        "from fer_bench.training.hook import meddle\n",
    ))  # fmt: skip
    (folder / "fer_bench/training/hook.py").write_text(HOOK)
    commit(made, message)
    return made


def commit(made: Checkout, message: str) -> None:
    made("git", "add", "-A")
    made("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm",
         message)  # fmt: skip


def copy(made: Checkout, folder: Path) -> Checkout:
    """A checkout in the same state, with its cache."""
    shutil.copytree(made.folder, folder, symlinks=True)
    other = object.__new__(Checkout)
    other.folder = folder
    return other


def sweep(made: Checkout, *arguments: str, to=None, **env: str) -> "subprocess.Popen[str]":
    """Start a sweep; the environment may slow its trainings, and `to` is where it writes."""
    folder = made.folder
    return subprocess.Popen(
        ["fer-bench", "sweep", *arguments],
        cwd=folder, text=True, stderr=subprocess.STDOUT,
        stdout=to.open("w") if to else subprocess.PIPE,
        env=os.environ | {
            "PYTHONPATH": str(folder),
            "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"],
            "FER_BENCH_CHECKPOINT_SECONDS": "0",
        } | env,
    )  # fmt: skip


def swept(made: Checkout, *arguments: str, status: int = 0, **env: str) -> str:
    """What a sweep says until its end."""
    process = sweep(made, *arguments, **env)
    said = process.communicate(timeout=600)[0]
    assert process.returncode == status, said
    return said


def wait_for(condition, seconds: float = 120.0):
    """The first true value of `condition()`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


def trains(made: Checkout, cell: str) -> bool:
    """Whether a cell's training is under way: a kill may come while the newest takes its place."""
    folder = made.folder / "runs/.checkpoints" / cell
    return any((folder / name).is_file() for name in ("newest.pt", "previous.pt"))


def processes(folder: Path) -> list[int]:
    """Those that work in a folder."""
    found = []
    for process in psutil.process_iter(["pid", "cwd"]):
        if (process.info["cwd"] or "").startswith(str(folder)):
            found.append(process.info["pid"])
    return found


def results(made: Checkout) -> dict[str, str]:
    """Hashes of everything that cells make: predictions, weights, histories, scores."""
    found = {}
    for top in ("runs/synthetic", "runs/synthetic_masked", "results/scores/synthetic",
                "results/scores/synthetic_masked"):  # fmt: skip
        for path in sorted((made.folder / top).rglob("*")):
            if path.is_file():
                found[path.relative_to(made.folder).as_posix()] = sha256_file(path)
    return found


def broken_objects(made: Checkout) -> list[str]:
    """Files of the cache that are not what their name says."""
    cache = made.folder / ".dvc/cache/files/md5"
    return [
        str(path)
        for path in cache.rglob("*")
        if path.is_file()
        and hashlib.md5(path.read_bytes()).hexdigest()
        != path.parent.name + path.name.removesuffix(".dir")
    ]
