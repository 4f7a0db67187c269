"""Whatever happened to a file that a stage left: one message that names it, never a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import score
from fer_bench.files import read_json, read_yaml, write_json
from fer_bench.reading import load_weights, read_array, read_table
from fer_bench.records.faces import FaceTable
from fer_bench.records.score import Score
from fer_bench.records.spec import RowSpec
from fer_bench.records.training import Training

NETWORK = torch.nn.Linear(2, 3)


def pack_of(file: Path) -> Pack:
    pd.DataFrame({"sample_id": ["a"], "label": [0], "split": "test"}).to_parquet(
        file.parent / "manifest.parquet"
    )
    return Pack.open(file.parent)


READERS = {
    "faces.npy": (read_array, lambda f: np.save(f, np.zeros((3, 4, 4, 3), np.uint8))),
    "pack/faces.npy": (pack_of, lambda f: np.save(f, np.zeros((1, 4, 4, 3), np.uint8))),
    "t.parquet": (read_table, lambda f: pd.DataFrame({"a": [1] * 99}).to_parquet(f)),
    "last.safetensors": (lambda f: load_weights(NETWORK, f),
                         lambda f: save_file(NETWORK.state_dict(), f)),
    "history.csv": (score._history, lambda f: f.write_text("epoch,loss\n0,1\n1,\n")),
    "a.json": (read_json, lambda f: write_json(f, {"a": [1, 2, 3]})),
    "a.yaml": (read_yaml, lambda f: f.write_text("a: {b: [1, 2]}\n")),
}  # fmt: skip
OTHERS = {
    "set.parquet": (FaceTable.read, lambda f: pd.DataFrame({"face": [1]}).to_parquet(f)),
    "score.json": (Score.read, lambda f: write_json(f, [1])),
    "spec.json": (RowSpec.read, lambda f: write_json(f, {"dataset": 1})),
    "train.json": (Training.read, lambda f: write_json(f, "x")),
    "net.safetensors": (lambda f: load_weights(NETWORK, f),
                        lambda f: save_file({"weight": torch.zeros(9, 9)}, f)),
    "words.csv": (score._history, lambda f: f.write_text("epoch,loss\n0,much\n")),
    "columns.parquet": (lambda f: read_table(f, ("face",)),
                        lambda f: pd.DataFrame({"a": [1]}).to_parquet(f)),
    "wide/faces.npy": (pack_of, lambda f: np.save(f, np.zeros((1, 4, 4, 3), np.float64))),
    "flat/faces.npy": (pack_of, lambda f: np.save(f, np.zeros(4, np.uint8))),
    "objects.npy": (read_array, lambda f: np.save(f, np.array([{}]), allow_pickle=True)),
}  # fmt: skip
DAMAGE = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "noise": lambda content: bytes(range(256)),
    "zeros": lambda content: bytes(len(content)),
    "page": lambda content: b"<!DOCTYPE html><html>not here</html>",
}


def refused(read, file: Path) -> str:
    with pytest.raises(FerBenchError) as caught:
        read(file)
    return str(caught.value)


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_named(tmp_path, name):
    read, write = READERS[name]
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    assert "missing" in (said := refused(read, file)) or "not found" in said
    write(file)
    read(file)  # whole, it can be read
    content = file.read_bytes()
    texts = {"a.yaml": {"empty", "cut", "page"}, "history.csv": {"cut", "page", "zeros"}}
    for kind, damage in DAMAGE.items():
        if kind not in texts.get(name, ()):  # half a text is a text
            file.write_bytes(damage(content))
            assert name in refused(read, file), kind


def test_a_header_of_numpys_without_its_end_is_named(tmp_path):
    np.save(file := tmp_path / "faces.npy", np.zeros(3))
    file.write_bytes(file.read_bytes().replace(b"}", b" "))  # numpy's own TokenError
    assert "faces.npy" in refused(read_array, file)


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_shape_is_named(tmp_path, name):
    read, write = OTHERS[name]
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    write(file)
    assert name.split("/")[0] in refused(read, file)
