"""Weights are found in packages as registries serve them, known by hash, and read as meant."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from made_tflite import Held, tflite
from tflite_weights import CONV, DENSE, DEPTHWISE, DEQUANTIZE, read_layers

from fer_bench.errors import FerBenchError
from fer_bench.models.package_files import read_members
from fer_bench.models.tfjs_weights import read_tensors

GET = "npm pack some@1.0"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(params=["some.tgz", "some.whl"])
def package(request, tmp_path: Path) -> Path:
    file = tmp_path / request.param
    if file.suffix == ".whl":
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr("model/w.bin", b"weights")
    else:
        with tarfile.open(file, "w:gz") as packed:
            entry = tarfile.TarInfo("model/w.bin")
            entry.size = 7
            packed.addfile(entry, io.BytesIO(b"weights"))
    return file


def test_files_of_a_package_are_read(package):
    found = read_members(package, {"model/w.bin": sha256(b"weights")}, GET)
    assert found == {"model/w.bin": b"weights"}


def test_other_weights_under_the_same_name_are_refused(package):
    with pytest.raises(FerBenchError) as refused:
        read_members(package, {"model/w.bin": sha256(b"others")}, GET)
    for said in (package.name, "model/w.bin", sha256(b"weights")[:12], sha256(b"others")[:12], GET):
        assert said in str(refused.value)


def test_a_package_without_the_file_is_refused(package):
    with pytest.raises(FerBenchError, match=r"holds no model/v.bin.*npm pack some@1.0"):
        read_members(package, {"model/v.bin": ""}, GET)


def test_what_is_no_package_is_refused(tmp_path):
    with pytest.raises(FerBenchError, match=r"not there: `npm pack"):
        read_members(tmp_path / "no.tgz", {"a": ""}, GET)
    (tmp_path / "page.tgz").write_text("<html>")
    with pytest.raises(FerBenchError, match="neither a wheel nor a packed npm package"):
        read_members(tmp_path / "page.tgz", {"a": ""}, GET)


def test_tfjs_tensors_follow_each_other_and_bytes_mean_numbers():
    entries = [
        {"name": "a", "shape": [2, 2], "dtype": "float32",
         "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0}},
        {"name": "b", "shape": [2], "dtype": "float32"},
    ]  # fmt: skip
    content = bytes([0, 1, 2, 255]) + np.array([3, -4], "<f4").tobytes()
    found = read_tensors(entries, content)
    assert found["a"].tolist() == [[-1, -0.5], [0, 126.5]]
    assert found["b"].tolist() == [3, -4]
    with pytest.raises(FerBenchError, match="end within b"):
        read_tensors(entries, content[:-1])
    with pytest.raises(FerBenchError, match="4 bytes of the weights belong to no tensor"):
        read_tensors(entries, content + bytes(4))


def test_tflite_layers_come_in_the_order_in_which_they_run():
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(2, 3, 3, 1)).astype("float32")  # out, H, W, in
    each = rng.normal(size=(1, 3, 3, 2)).astype("float32")
    dense = rng.normal(size=(3, 8)).astype("float32")
    bias = [np.arange(n, dtype="float32") for n in (2, 2, 3)]
    tensors = [Held(v) for v in (dense, kernel, each, *bias, np.zeros(1, "float32"))]
    operators = [(CONV, [6, 1, 3], [6]), (DEPTHWISE, [6, 2, 4], [6]), (DENSE, [6, 0, 5], [6])]
    first, second, third = read_layers(tflite(tensors, operators))
    assert (first.kind, second.kind, third.kind) == (CONV, DEPTHWISE, DENSE)
    np.testing.assert_array_equal(first.weight, kernel.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(second.weight[:, 0], each[0].transpose(2, 0, 1))
    np.testing.assert_array_equal(third.weight, dense)
    assert third.bias.tolist() == [0, 1, 2]


def test_tflite_bytes_have_a_scale_a_channel_or_one_for_all():
    kernel = np.array([-128, 127], "int8").reshape(2, 1, 1, 1)
    signed = np.array([1, 255], "uint8").reshape(2, 1, 1, 1)  # called unsigned, read as 1 and -1
    stored = np.array([10, 12], "uint8").reshape(1, 1, 1, 2)
    tensors = [
        Held(kernel, (0.5, 2.0)), Held(signed, (0.25,)), Held(stored, (3.0,), (11,)),
        Held(np.zeros((1, 1, 1, 2), "float32")), Held(np.zeros(2, "float32")),
    ]  # fmt: skip
    operators = [
        (CONV, [4, 0, 4], [4]), (CONV, [4, 1, 4], [4]), (DEQUANTIZE, [2], [3]),
        (DEPTHWISE, [4, 3, 4], [4]),
    ]  # fmt: skip
    by_channel, unsigned, dequantised = read_layers(tflite(tensors, operators))
    assert by_channel.weight.flatten().tolist() == [-64, 254]
    assert unsigned.weight.flatten().tolist() == [0.25, -0.25]
    assert dequantised.weight.flatten().tolist() == [-3, 3]


def test_another_file_is_no_tflite():
    with pytest.raises(FerBenchError, match="does not say TFL3"):
        read_layers(b"\x89HDF\r\n\x1a\n0000")
