"""Every fault of a disk, wherever something is written: old or new, never half, and why."""

from __future__ import annotations

import ast
import errno
import io
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from made_faces import write_table
from matplotlib.figure import Figure
from safetensors.torch import save_file

from fer_bench import cli, files, specs
from fer_bench.cli import log
from fer_bench.contract.new import write_model
from fer_bench.datasets import kept_files
from fer_bench.datasets.base import Dataset, Part
from fer_bench.datasets.own import definition
from fer_bench.datasets.pack import write_manifest
from fer_bench.evaluation import submission
from fer_bench.evaluation.kept import keep
from fer_bench.evaluation.submission import score_submission, write_template
from fer_bench.faces import chunks, export, sheet
from fer_bench.inference.annotate import annotate
from fer_bench.inference.trained import Prediction
from fer_bench.model_card import KEYS
from fer_bench.models import weights
from fer_bench.receiving import add, remove
from fer_bench.records.training import Training
from fer_bench.reports.figures.style import save
from fer_bench.rules import Protocol
from fer_bench.statistics.cache import Cache
from fer_bench.training.checkpoint import Checkpoints

sys.path.insert(0, str(Path(__file__).parent / "receiving"))
import receiving_miniature as miniature

PACKAGE = Path(__file__).parents[1] / "fer_bench"
FAULTS = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.ENAMETOOLONG)
CLASSES = ("neutral", "happiness", "sadness")
TOY = Dataset("toy", (Part("toy"),), CLASSES)
RULES = Protocol(3, "ab" * 32)

NOBODY = 2**22 + 1
"""The number of no process: Linux goes no further than 2**22."""

Place = Path
"""Holds `given`, and `out`, where all that is written goes."""


# Each writer writes below `place / "out"`, as version 0 or 1 of what it writes.
def text(place: Place, version: int) -> None:
    files.write_text(place / "out/deep/a.txt", f"{version}" * 9000)


def json(place: Place, version: int) -> None:
    files.write_json(place / "out/a.json", [version] * 3000)


def folder(place: Place, version: int) -> None:
    """As trainings, specs, explanations and the leaderboard are written."""
    with files.replacing_folder(place / "out/run") as run:
        (run / "weights").mkdir()
        save_file({"w": torch.full((3000,), version)}, run / "weights/last.safetensors")
        files.write_json(run / "train.json", version)


def training(place: Place, version: int) -> None:
    record = Training("toy", "net", version, method="net", classes=CLASSES, protocol="split")
    record.write(place / "out/train.json")


def of_faces(place: Place, version: int) -> None:
    write_table(place / "out/faces", TOY, toy_pack(place, version))


def manifest(place: Place, version: int) -> None:
    (place / "out").mkdir(exist_ok=True)
    write_manifest(place / "out/manifest.parquet", toy_manifest(24 + version))


def pack(place: Place, version: int) -> None:
    """A chunk, and the pack assembled of it."""

    class Job(chunks.ChunkJob):
        def run(self, rows: chunks.Rows) -> chunks.Arrays:
            return {"faces": np.full((len(rows), 8, 8, 3), version, np.uint8)}

    chunk = place / "out/work/0.npz"
    chunks._store(Job(), chunk, [{}] * 24)
    chunks.assemble([chunk], place / "out/toy", 24, lambda _: toy_manifest(24))


def specs_(place: Place, version: int) -> None:
    specs.write_specs(version, place / "out/specs")  # type: ignore[arg-type]


def weights_(place: Place, version: int) -> None:
    file = place / f"given/{version}.pt"
    if not file.exists():
        torch.save({"w": torch.full((3000,), float(version))}, file)
    weights.add_weights("msceleb_resnet18", file, place / "out")


def submitted(place: Place, version: int) -> None:
    packs = toy_pack(place, 0)
    file, card = place / f"given/{version}.csv", place / "given/card.yaml"
    if not file.exists():
        write_table(packs / "faces", TOY, packs)
        rows = submission._test_rows(TOY, packs)
        frame = pd.DataFrame(np.full((len(rows), 3), 0.3) + 0.1 * np.eye(3)[version],
                             columns=[f"probability_{c}" for c in CLASSES])  # fmt: skip
        frame.insert(0, "sample_id", rows["sample_id"].to_numpy())
        file.write_text(f"{submission.first_line(RULES, 'toy')}\n{frame.to_csv(index=False)}")
        card.write_text("".join(f"{key}: {2025 if key == 'year' else 'none'}\n" for key in KEYS))
    score_submission(
        file, card, "toy", "closed", 0, protocol=RULES, out=place / "out/0.json",
        kept=place / "out/0.parquet", table=packs / "faces/toy.parquet", packs_root=packs,
    )  # fmt: skip


def template(place: Place, version: int) -> None:
    write_template(place / "out/a.csv", place / "out/a.yaml", "toy", RULES, toy_pack(place))


def exported(place: Place, version: int) -> None:
    export.write_faces("toy", toy_pack(place), place / "out/faces")


def figure(place: Place, version: int) -> None:
    drawn = Figure()
    drawn.text(0.5, 0.5, str(version))
    save(drawn, place / "out/figure")


def annotated(place: Place, version: int) -> None:
    image = np.full((40, 40, 3), version, np.uint8)
    said = Prediction(None, None, (0, 0, 9, 9), image, {"anger": 0.4, "fear": 0.6})
    annotate(said, place / "out/me.png", image)


def sheet_(place: Place, version: int) -> None:
    sheet.contact_sheet(toy_pack(place, version) / "toy", place / "out/sheet.png", 25)


def kept(place: Place, version: int) -> None:
    runs = place / f"given/{version}"
    if not runs.exists():
        (runs / "toy/net/0/train").mkdir(parents=True)
        for name in ("predictions.parquet", "train.json"):
            (runs / "toy/net/0/train" / name).write_bytes(b"%d" % version * 3000)
    keep(runs, "toy", place / "out")


def checkpoint(place: Place, version: int) -> None:
    Checkpoints("toy/net/0", "key").save({"w": torch.full((3000,), float(version))})


def cache(place: Place, version: int) -> None:
    Cache(place / "out", "pairs", "toy").add([(["a", str(version)], [1] * 3000)])


def new_model(place: Place, version: int) -> None:
    write_model("my_net", place / "out")


def logged(place: Place, version: int) -> None:
    with log.logged("toy/net/0/train"):
        pass


def listing(place: Place, version: int) -> None:
    kept = kept_files.Kept(1, 1, "", f"{version}" * 3000)
    kept_files.write_listing(place / "out/toy", kept)


def defined(place: Place, version: int) -> None:
    said = definition.Definition(title=str(version), labels={"a": "anger"})
    definition.write(place / "out/toy/source.yaml", "toy", said)


def added(place: Place, version: int) -> None:
    """A set, with its receipt and its list of hashes."""
    raw, receipts = place / "out/raw", place / "out/receipts"
    source = place / "given/set"
    if not source.exists():
        miniature.folder(source)
    add("facial_expressions", [source], root=raw, receipts_root=receipts, progress=False,
        allow_partial=True)  # fmt: skip


def removed(place: Place, version: int) -> None:
    remove("facial_expressions", root=place / "out/raw", receipts_root=place / "out/receipts")


REPLACE = (text, json, folder, training, of_faces, manifest, pack, specs_, weights_, submitted,
           figure, annotated, sheet_, kept, checkpoint, cache, listing, defined)  # fmt: skip
ONCE = (template, exported, new_model, logged, added, removed)
"""What writes only where nothing is, or something volatile."""

PAIRS = (weights_, submitted)
"""What writes two files that say the same: both are of one version."""

MAY_FAIL = (cache, logged)
"""What nothing depends on: nobody is told, or warned of it, and the command goes on."""


def toy_manifest(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": [f"s{i:02d}" for i in range(n)],
            "label": np.resize([0, 1, 3], n),
            "split": np.where(np.arange(n) % 3 == 0, "train", "test"),
            "fold": pd.array([None] * n, dtype="Int64"),
            "detection": 1.0,
            **dict.fromkeys(("subject", "source_sha256", "box", "landmarks", "faces_found")),
        }
    )


def toy_pack(place: Place, version: int = 0) -> Path:
    """The folder of a pack, made once."""
    packs, n = place / f"given/{version}", 24 + version
    if not packs.exists():
        (packs / "toy").mkdir(parents=True)
        toy_manifest(n).to_parquet(packs / "toy/manifest.parquet", index=False)
        np.save(packs / "toy/faces.npy", np.arange(n * 48).astype("uint8").reshape(n, 4, 4, 3))
    return packs


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for module in (submission, export):
        monkeypatch.setattr(module, "get_dataset", {"toy": TOY}.__getitem__)
    monkeypatch.setattr(specs, "resolve", lambda v: {"a": [v] * 3000, "deep/b": [v]})
    monkeypatch.setattr(weights, "_network", lambda _: torch.nn.Identity())
    monkeypatch.setattr(weights, "_without_heads", lambda state, _: (state, []))
    monkeypatch.setattr(weights, "ResNet", torch.nn.Identity)
    monkeypatch.setattr(torch.nn.Identity, "load_pretrained", lambda *_: None, raising=False)
    monkeypatch.setattr(log, "LOG", tmp_path / "out/.log")
    monkeypatch.setenv("FER_BENCH_CHECKPOINTS", str(tmp_path / "out"))
    (tmp_path / "given").mkdir()
    return tmp_path


class KilledError(BaseException):
    """What stands for the end of the process: from there on it does nothing to the disk."""


class Disk:
    """Counts what changes a disk below a folder, and lets one of these changes fail.

    Attributes:
        done: how many there were.
    """

    def __init__(self, below: Path, fail_at: int = 0, number: int | None = None) -> None:
        self.below, self.fail_at, self.number, self.done = str(below), fail_at, number, 0

    def __call__(self, path: Any, undo: bool = False) -> None:
        elsewhere = isinstance(path, int) or not str(path).startswith(self.below)
        if elsewhere and not undo:  # rmtree names files below an open folder
            return
        self.done += not undo
        if self.number is None and self.fail_at and self.done >= self.fail_at:
            raise KilledError
        if not undo and self.done == self.fail_at:
            assert self.number is not None
            raise OSError(self.number, os.strerror(self.number), str(path))


@contextmanager
def watched(disk: Disk) -> Iterator[Disk]:
    """Let every change that Python makes go by `disk`."""

    def before(real: Callable[..., Any], undo: bool = False) -> Callable[..., Any]:
        def wrapped(path: Any, *more: Any, **options: Any) -> Any:
            disk(path, undo)
            return real(path, *more, **options)

        return wrapped

    def opened(path: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
        if set(mode) & set("wxa+"):
            disk(path)
        return real_open(path, mode, *more, **options)

    def os_open(path: Any, flags: int, *more: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            disk(path)
        return real_os_open(path, flags, *more, **options)

    real_open, real_os_open = io.open, os.open
    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "rename", "mkdir", "chmod"):
            patch.setattr(os, name, before(getattr(os, name)))
        for name in ("unlink", "remove", "rmdir"):
            patch.setattr(os, name, before(getattr(os, name), undo=True))
        patch.setattr(os, "open", os_open)
        patch.setattr(io, "open", opened)
        patch.setattr("builtins.open", opened)
        yield disk


def found(place: Place) -> dict[str, bytes]:
    """Every file that was written, hidden ones too, but for those of the log."""
    return {
        p.relative_to(place).as_posix(): p.read_bytes()
        for p in (place / "out").rglob("*")
        if p.is_file()
    }


def temporary(place: Place) -> list[str]:
    """What is left half-written."""
    shown = (".log", ".gitignore", ".toy.sha256", ".facial_expressions.sha256")
    return [p.name for p in (place / "out").rglob(".*") if p.name not in shown]


def begin(writer: Callable[..., None], place: Place) -> dict[str, bytes]:
    """What lay there before: version 0, or nothing."""
    shutil.rmtree(place / "out", ignore_errors=True)
    if writer in REPLACE:
        writer(place, 0)
    elif writer is removed:
        added(place, 0)
    return found(place)


def run(
    writer: Callable[..., None], place: Place, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str]:
    """Status and message of a command that does nothing but write version 1."""
    monkeypatch.setattr(cli, "app", lambda _: writer(place, 1))
    capsys.readouterr()
    status = cli.run([])
    return status, capsys.readouterr().err


def check(
    writer: Callable[..., None], place: Place, old: dict[str, bytes], new: dict[str, bytes],
    status: int, said: str, reason: str,
) -> None:  # fmt: skip
    """After a fault each file is the old or the new one, and one line says why."""
    after = found(place)
    if writer is logged:  # holds the time
        assert not after or set(after) == set(new)
    else:
        for name in {*old, *new, *after}:
            allowed = (old.get(name), new.get(name))
            if writer is checkpoint:  # the one before it has another name
                allowed = (None, *old.values(), *new.values())
            assert after.get(name) in allowed, name
        assert writer is not checkpoint or set(after.values()) & {*old.values(), *new.values()}
    assert temporary(place) == []
    if writer in MAY_FAIL:
        assert status == 0
    elif status or after == old:
        lines = said.strip().splitlines()
        assert status == 1
        assert len(lines) == 1, said
        assert reason in lines[0]
        assert str(place / "out") in lines[0]
        assert "again" in lines[0]


@pytest.mark.parametrize("writer", [*REPLACE, *ONCE], ids=lambda f: f.__name__)
def test_each_change_of_the_disk_may_fail_or_be_the_last(place, capsys, monkeypatch, writer):
    begin(writer, place)
    with watched(Disk(place / "out")) as disk:
        writer(place, 1)
    new, changes = found(place), disk.done
    assert changes >= 2
    for k in range(1, changes + 1):
        number = FAULTS[k % len(FAULTS)]
        old = begin(writer, place)
        with watched(Disk(place / "out", k, number)):
            status, said = run(writer, place, capsys, monkeypatch)
        check(writer, place, old, new, status, said, os.strerror(number))
    for k in range(1, changes + 1):
        begin(writer, place)
        with pytest.raises(KilledError), watched(Disk(place / "out", k)):
            writer(place, 1)
        for left in sorted((place / "out").rglob(f".*-{os.getpid()}.*"), reverse=True):
            left.rename(left.with_name(left.name.replace(f"-{os.getpid()}.", f"-{NOBODY}.")))
        if writer in ONCE and any("/." not in name for name in found(place)):
            begin(writer, place)
        writer(place, 1)
        if writer is not logged:
            assert {n: c for n, c in found(place).items() if "previous" not in n} == {
                n: c for n, c in new.items() if "previous" not in n
            }
        assert temporary(place) == []


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("writer", [*REPLACE, *ONCE], ids=lambda f: f.__name__)
def test_a_disk_may_be_full_in_the_midst_of_a_file(place, capsys, monkeypatch, writer):
    # A limit of the system: it holds for what other languages write, too.
    begin(writer, place)
    writer(place, 1)
    new = found(place)
    largest = max([100, *map(len, new.values())])
    for limit in (0, largest // 2, largest - 1):
        old = begin(writer, place)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            status, said = run(writer, place, capsys, monkeypatch)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        if limit == 0 or status:
            check(writer, place, old, new, status, said, "File too large")
        if status and writer in PAIRS:
            assert found(place) == old


@pytest.mark.parametrize("name", ["x" * 300, "x" * 250])
def test_a_name_that_is_too_long_is_said(place, capsys, monkeypatch, name):
    for writer in (files.write_json, lambda path, _: files.replacing_folder(path).__enter__()):
        out = place / "out" / name
        said = run(lambda *_: writer(out, 1), place, capsys, monkeypatch)[1]  # noqa: B023
        assert said == (
            f"fer-bench: cannot write at {out} (File name too long): the name is too long; use a "
            "shorter one, then run the same command again\n"
        )
    assert list(place.glob("out/*")) == []


def test_a_folder_or_a_file_in_the_way_is_said(place, capsys, monkeypatch):
    (place / "out/a.json").mkdir(parents=True)
    (place / "out/b").write_text("")
    for path, reason in (("a.json", "Is a directory"), ("b/c.json", "exists")):
        said = run(lambda *_: files.write_json(place / "out" / path, 1), place, capsys, monkeypatch)  # noqa: B023
        assert said[0] == 1
        assert said[1].count("\n") == 1
        assert reason in said[1] or "Not a directory" in said[1]
        assert "move" in said[1]


WRITES = {
    "write_text", "write_bytes", "to_csv", "to_parquet", "savefig", "mkdtemp", "mkstemp",
    "copyfile", "copytree", "move", "save", "savez", "symlink_to", "save_file", "replace", "open",
}  # fmt: skip
"""Names of functions that write."""

ELSEWHERE = {
    "contract/behaviour.py state": "a folder of its own, which goes",
    "datasets/own/collecting.py _write": "the workshop of `data add`",
    "datasets/own/embedded.py _faces": "the workshop",
    "datasets/own/source.py collect": "the workshop",
    "evaluation/corruptions/resolution.py jpeg": "memory",
    "evaluation/explain.py write_arrays": "a folder of `replacing_folder`",
    "evaluation/peak_memory.py __init__": "the kernel's counter",
    "receiving/adding.py _workshop": "the workshop itself",
    "receiving/adding.py add": "moves it into place: `added` above",
    "receiving/keeping.py keep": "the workshop",
    "receiving/removing.py remove": "`removed` above",
    "receiving/unpack.py _write": "the workshop",
    "records/predictions.py write_predictions": "a folder of `replacing_folder`",
    "reports/leaderboard/dvc_metrics.py history_text": "memory",
    "sweep/dvc_repo.py offer": "DVC's",
    "sweep/dvc_repo.py record": "DVC's",
    "sweep/forked.py __init__": "a log",
    "sweep/forked.py _redirect": "a log",
    "sweep/worker.py _as_file": "a clone for a node",
    "sweep/worker.py _prepare": "a clone for a node",
    "sweep/worker.py _spawn": "a log",
    "training/checkpoint.py _write": "`checkpoint` above",
    "training/checkpoint.py load": "puts a damaged one aside",
    "training/identity.py train_identity": "a folder of `replacing_folder`",
    "training/loop.py _train_epoch": "`checkpoint` above",
    "training/loop.py fit": "`checkpoint` above",
    "training/train.py _save_weights": "a folder of `replacing_folder`",
    "training/train.py train_cell": "a folder of `replacing_folder`",
}
"""What writes without `fer_bench.files`, and where to."""


def writes(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "open":
        modes = [a.value for a in call.args if isinstance(a, ast.Constant)]
        return any(isinstance(m, str) and len(m) < 4 and set(m) & set("wxa+") for m in modes)
    if name in ("write_text", "save"):  # of a path or picture; by their plain names, ours
        return isinstance(call.func, ast.Attribute)
    if name in ("replace", "move"):  # of files, not of texts, records or landmarks
        return getattr(getattr(call.func, "value", None), "id", "") in ("os", "shutil")
    return name in WRITES


def outside(node: ast.AST, function: str = "") -> Iterator[str]:
    """The functions below a node that write outside a block of `replacing`."""
    if isinstance(node, ast.FunctionDef):
        function = node.name
    if isinstance(node, ast.With) and any(
        getattr(getattr(item.context_expr, "func", None), "id", "").startswith("replacing")
        for item in node.items
    ):
        return
    if isinstance(node, ast.Call) and writes(node):
        yield function
    for child in ast.iter_child_nodes(node):
        yield from outside(child, function)


def test_what_writes_in_another_way_is_named_here():
    seen = {
        f"{path.relative_to(PACKAGE).as_posix()} {function}"
        for path in PACKAGE.rglob("*.py")
        if path != PACKAGE / "files.py"
        for function in outside(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert seen == set(ELSEWHERE)
