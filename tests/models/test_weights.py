"""Weights files of others: read as data, never as code, and checked before they are taken in."""

import hashlib
import json
import os
import pickle
import struct
import tarfile
from collections import OrderedDict
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.faces.dense_net import DenseNet
from fer_bench.files import read_json, sha256_file
from fer_bench.models import face_api_weights, weights
from fer_bench.models.array_pickle import load_arrays
from fer_bench.models.backbones import ResNet
from fer_bench.models.ir50 import Ir50
from fer_bench.models.mobilefacenet import MobileFaceNet
from fer_bench.models.vgg import Vgg16

NAME = "vggface2_resnet18_slim"


@pytest.fixture(autouse=True)
def small_weights(monkeypatch):
    """A small network stands in for the 94 MB of the real one."""
    known = weights.Known("resnet18_slim", "its authors")
    monkeypatch.setitem(weights.KNOWN, NAME, known)


@pytest.fixture
def state():
    state = ResNet("resnet18_slim").state_dict()
    return {k: v for k, v in state.items() if "num_batches" not in k}


def arrays(state):
    return OrderedDict((k, v.numpy()) for k, v in state.items())


def same(path, state):
    stored = load_file(path)
    assert stored.keys() == state.keys()
    assert all(torch.equal(stored[k], state[k]) for k in state)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_of_arrays_becomes_safetensors(tmp_path, state, protocol):
    file = tmp_path / "published.pkl"
    extra = {"fc.weight": np.zeros((10, 128), np.float32), "fc.bias": np.zeros(10, np.float64)}
    file.write_bytes(pickle.dumps({**arrays(state), **extra}, protocol))
    path = weights.add_weights(NAME, file, tmp_path / "weights")
    assert path == tmp_path / "weights" / f"{NAME}.safetensors"
    same(path, state)
    assert read_json(path.with_suffix(".json")) == {
        "name": NAME,
        "sha256": sha256_file(path),
        "source_sha256": sha256_file(file),
    }
    assert weights.resolve("vggface2", "resnet18_slim", tmp_path / "weights") == path
    assert weights.recorded_sha256(path) == sha256_file(path)


def python_2_pickle(array):
    """{'conv': array} as Python 2 and NumPy 1 wrote it: byte strings, numpy.core."""

    def short(text):
        return b"U" + bytes([len(text)]) + text

    data = array.astype("<f4").tobytes()
    shape = b"(" + b"".join(b"M" + struct.pack("<H", n) for n in array.shape) + b"t"
    empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + short(b"b") + b"tR"
    dtype = b"cnumpy\ndtype\n(" + short(b"f4") + b"K\x00K\x01tR"
    order = b"J" + struct.pack("<i", -1)
    dtype += b"(K\x03" + short(b"<") + b"NNN" + order + order + b"K\x00tb"
    string = b"T" + struct.pack("<i", len(data)) + data
    state = b"(K\x01" + shape + dtype + b"\x89" + string + b"tb"
    return b"\x80\x02}" + short(b"conv") + empty + state + b"s."


def test_a_python_2_pickle_is_read(tmp_path):
    expected = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    file = tmp_path / "old.pkl"
    file.write_bytes(python_2_pickle(expected))
    np.testing.assert_array_equal(load_arrays(file)["conv"], expected)


class Runs:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def hostile(canary):
    trap = Runs(os.system, f"touch {canary}")
    return {
        "a call": trap,
        "a call among arrays": {"conv1.weight": np.zeros(2), "x": trap},
        "a call inside an object array": {"conv1.weight": np.array([trap, 1], dtype=object)},
        "eval": Runs(eval, f"open({str(canary)!r}, 'w')"),
        "a numpy function": Runs(np.save, str(canary), np.zeros(2)),
        "getattr": Runs(getattr, OrderedDict, "fromkeys"),
        "a tensor": {"conv1.weight": torch.zeros(2)},
        "a set": {"conv1.weight": {1, 2}},
        "a list": [np.zeros(2)],
        "text": {"conv1.weight": np.array(["a"])},
        "objects": {"conv1.weight": np.array([None], dtype=object)},
        "a number": {"conv1.weight": 3.0},
        "a key that is no text": {3: np.zeros(2)},
    }


@pytest.mark.parametrize("what", hostile(""))
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_everything_but_arrays_is_refused(what, protocol, tmp_path):
    canary = tmp_path / "ran"
    file = tmp_path / "bad.pkl"
    file.write_bytes(pickle.dumps(hostile(canary)[what], protocol))
    with pytest.raises(FerBenchError, match=r"bad\.pkl"):
        load_arrays(file)
    assert not canary.exists()


def test_the_traps_of_the_test_above_do_go_off_when_read_without_care(tmp_path):
    canary = tmp_path / "ran"
    pickle.loads(pickle.dumps(hostile(canary)["a call among arrays"]))
    assert canary.exists()


@pytest.mark.parametrize("content", [b"", b"\x80\x04", b"c_codecs\nencode\n(Vx\nVzlib\ntR."])
def test_broken_pickles_and_other_codecs_are_refused(content, tmp_path):
    file = tmp_path / "bad.pkl"
    file.write_bytes(content)
    with pytest.raises(FerBenchError, match="refused"):
        load_arrays(file)


def test_a_pth_is_read_with_weights_only(tmp_path, state):
    file = tmp_path / "published.pth"
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}}, file)
    same(weights.add_weights(NAME, file, tmp_path), state)
    canary = tmp_path / "ran"
    torch.save({**state, "x": Runs(os.system, f"touch {canary}")}, file)
    with pytest.raises(FerBenchError, match=r"published\.pth is refused"):
        weights.add_weights(NAME, file, tmp_path)
    assert not canary.exists()


def test_safetensors_are_read(tmp_path, state):
    save_file(state, tmp_path / "published.safetensors")
    same(weights.add_weights(NAME, tmp_path / "published.safetensors", tmp_path / "w"), state)


def test_weights_of_another_network_are_refused_and_nothing_is_written(tmp_path, state):
    file = tmp_path / "published.pth"
    for change, said in [
        ({"conv1.weight": torch.zeros(64, 3, 7, 7)}, "another shape"),
        ({"layer5.weight": torch.zeros(1)}, "unexpected"),
        ({"bn1.weight": torch.full((16,), torch.nan)}, "not finite"),
    ]:
        torch.save({**state, **change}, file)
        with pytest.raises(FerBenchError, match=said):
            weights.add_weights(NAME, file, tmp_path / "weights")
    del state["layer4.0.conv1.weight"]
    torch.save(state, file)
    with pytest.raises(FerBenchError, match=r"missing: layer4\.0\.conv1\.weight"):
        weights.add_weights(NAME, file, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_caffe_layer_names_cover_the_whole_resnet50():
    with torch.device("meta"):
        wanted = {k for k in ResNet("resnet50").state_dict() if "num_batches" not in k}
    norm = ("weight", "bias", "running_mean", "running_var")
    caffe = ["conv1_7x7_s2.weight", *(f"conv1_7x7_s2_bn.{p}" for p in norm)]
    for stage, blocks in zip((2, 3, 4, 5), (3, 4, 6, 3), strict=True):
        for block in range(1, blocks + 1):
            parts = ["1x1_reduce", "3x3", "1x1_increase"] + ["1x1_proj"] * (block == 1)
            for part in parts:
                layer = f"conv{stage}_{block}_{part}"
                caffe += [f"{layer}.weight", *(f"{layer}_bn.{p}" for p in norm)]
    assert {weights._from_caffe(name) for name in caffe} == wanted
    assert len(caffe) == len(wanted)
    assert weights._from_caffe("conv3_1_1x1_proj_bn.bias") == "layer2.0.downsample.1.bias"
    assert weights._from_caffe("conv5_3_3x3.weight") == "layer4.2.conv2.weight"


def test_the_rgb_conversion_is_stored_in_the_published_bgr_order():
    rgb = torch.rand(64, 3, 7, 7)
    tidy = weights._tidy({"conv1_7x7_s2.weight": rgb, "classifier.weight": torch.ones(2)})
    assert list(tidy) == ["conv1.weight"]
    assert torch.equal(tidy["conv1.weight"], rgb[:, [2, 1, 0]])


def test_missing_weights_say_where_they_come_from(tmp_path):
    with pytest.raises(FerBenchError) as caught:
        weights.resolve("vggface2", "resnet50", tmp_path)
    message = str(caught.value)
    assert str(tmp_path / "vggface2_resnet50.safetensors") in message
    assert "resnet50_ft_weight.pkl" in message
    assert "fer-bench weights add vggface2_resnet50 FILE" in message
    with pytest.raises(FerBenchError, match=r"torchvision.*`fer-bench weights add imagenet_resnet"):
        weights.resolve("imagenet", "resnet18", tmp_path)
    with pytest.raises(FerBenchError, match="no imagenet weights for the backbone resnet18_slim"):
        weights.resolve("imagenet", "resnet18_slim", tmp_path)


def test_what_add_refuses(tmp_path):
    with pytest.raises(FerBenchError, match="did you mean"):
        weights.add_weights("vggface2_resnet5", None, tmp_path)
    with pytest.raises(FerBenchError, match="not downloaded"):
        weights.add_weights("vggface2_resnet50", None, tmp_path)
    with pytest.raises(FerBenchError, match="not a file"):
        weights.add_weights(NAME, tmp_path / "absent.pkl", tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><title>Sign in</title>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer"),
        (b"PK\x03\x04 and then nothing", "damaged, or holds more than tensors"),
        (b"\x10\0\0\0\0\0\0\0{broken header}", "is damaged"),
        (b"PLAIN TEXT", "is refused"),
    ],
)
def test_a_file_is_judged_by_its_content(tmp_path, content, said):
    for name in ("weights.pth", "weights.pkl", "weights.safetensors", "weights.pth.tar"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FerBenchError, match=said) as caught:
            weights.add_weights(NAME, tmp_path / name, tmp_path / "kept")
        assert name in str(caught.value)
        assert "weights_only" not in str(caught.value)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "net"])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_checkpoint_with_heads_of_any_name_is_read(tmp_path, state, key, legacy, caplog):
    """As SCN's file: DataParallel names, two layers behind the backbone, `.pth.tar`."""
    heads = {"feature.weight": torch.zeros(4, 128), "fc.weight": torch.zeros(9, 4)}
    inside = {f"module.{k}": v for k, v in (state | heads).items()}
    file = tmp_path / "ijba_res18_naive.pth.tar"
    torch.save({"epoch": 3, key: inside}, file, _use_new_zipfile_serialization=not legacy)
    same(weights.add_weights(NAME, file, tmp_path / "w"), state)
    assert "no part of the backbone: feature" in caplog.text


def test_numbers_that_no_weight_is_are_refused(tmp_path, state):
    for change, said in (
        ({"conv1.weight": torch.zeros(16, 3, 7, 7, dtype=torch.int8)}, "no floating-point"),
        ({"conv1.weight": torch.zeros(16, 3, 7, 7, dtype=torch.complex64)}, "no floating-point"),
        ({"bn1.running_var": torch.full((16,), -1.0)}, "variances are negative"),
    ):
        torch.save({**state, **change}, tmp_path / "w.pth")
        with pytest.raises(FerBenchError, match=said):
            weights.add_weights(NAME, tmp_path / "w.pth", tmp_path / "kept")


def test_status_lists_what_is_there(tmp_path, state):
    save_file(state, tmp_path / "published.safetensors")
    path = weights.add_weights(NAME, tmp_path / "published.safetensors", tmp_path)
    rows = {row["weights"]: row for row in weights.status(tmp_path)}
    assert rows[NAME]["sha256"] == sha256_file(path)[:12]
    assert rows["vggface2_resnet50"]["sha256"] == "missing"
    path.with_suffix(".json").unlink()
    with pytest.raises(FerBenchError, match="weights add"):
        weights.recorded_sha256(path)


def test_weights_of_ms_celeb_need_a_file_and_vgg_is_kept_no_deeper_than_it_is_used(tmp_path):
    with pytest.raises(FerBenchError, match="withdrawn"):
        weights.resolve("msceleb", "resnet18", tmp_path)
    with pytest.raises(FerBenchError, match="not downloaded for you"):
        weights.add_weights("msceleb_resnet18", None, tmp_path)
    published = {f"module.{k}": v for k, v in torchvision.models.resnet18().state_dict().items()}
    torch.save({"state_dict": published}, tmp_path / "faces.pth.tar.pth")
    path = weights.add_weights("msceleb_resnet18", tmp_path / "faces.pth.tar.pth", tmp_path)
    ResNet("resnet18").load_pretrained(load_file(path))

    vgg = torchvision.models.vgg16_bn(num_classes=2)
    vgg.classifier = torch.nn.Linear(1, 1)  # the real one has 120 million weights
    torch.save(vgg.state_dict(), tmp_path / "vgg.pth")
    path = weights.add_weights("imagenet_vgg16_bn", tmp_path / "vgg.pth", tmp_path)
    state = load_file(path)
    assert set(state) == {n for n in Vgg16().state_dict() if not n.endswith("batches_tracked")}
    own = Vgg16()
    own.load_pretrained(state)
    assert torch.equal(own.state_dict()["features.28.weight"], state["features.28.weight"])


def test_an_ir50_is_taken_under_either_of_its_published_names(tmp_path):
    torch.manual_seed(0)
    net = Ir50()
    ours = {n: v for n, v in net.state_dict().items() if not n.endswith("batches_tracked")}
    whole = {"input_layer.0.weight": ours["input_layer.0.weight"]}
    places = {"body1": 0, "body2": 3, "body3": 7}
    for name, value in ours.items():
        stage, _, rest = name.partition(".")
        unit, _, layer = rest.partition(".")
        known = stage in places
        whole[f"body.{places[stage] + int(unit)}.{layer}" if known else name] = value
    whole["body.21.res_layer.0.weight"] = torch.ones(256)  # the fourth stage's, which is left out
    whole["output_layer.3.weight"] = torch.ones(2, 2)
    for published in (whole, {"state_dict": {f"module.{n}": v for n, v in ours.items()}}):
        torch.save(published, tmp_path / "ir50.pth")
        path = weights.add_weights("ms1m_ir50", tmp_path / "ir50.pth", tmp_path)
        found = load_file(path)
        assert found.keys() == ours.keys()
        assert all(torch.equal(found[n], v) for n, v in ours.items())
    assert weights.resolve("ms1m", "ir50", tmp_path) == path
    with pytest.raises(FerBenchError, match=r"POSTER_V2.*weights add ms1m_ir50 FILE"):
        weights.resolve("ms1m", "ir50", tmp_path / "empty")
    del whole["body.3.res_layer.1.weight"]
    torch.save(whole, tmp_path / "ir50.pth")
    with pytest.raises(FerBenchError, match=r"1 missing: body2\.0\.res_layer\.1\.weight"):
        weights.add_weights("ms1m_ir50", tmp_path / "ir50.pth", tmp_path)


def test_the_landmark_network_is_taken_without_its_output(tmp_path):
    torch.manual_seed(0)
    ours = MobileFaceNet().state_dict()
    whole = {f"module.{n}": v for n, v in ours.items()}
    whole["module.output_layer.linear.weight"] = torch.ones(136, 512)
    torch.save({"state_dict": whole}, tmp_path / "best.pth.tar")
    path = weights.add_weights("landmark_mobilefacenet", tmp_path / "best.pth.tar", tmp_path)
    found = load_file(path)
    assert found.keys() == {n for n in ours if not n.endswith("batches_tracked")}
    assert all(torch.equal(v, ours[n]) for n, v in found.items())
    assert weights.resolve("landmark", "mobilefacenet", tmp_path) == path
    model = models.build("poster_pp_small", backbone="mobilefacenet", size=64)
    models.load_pretrained(model, found)
    assert torch.equal(model.backbone.conv_6_sep.conv.weight, ours["conv_6_sep.conv.weight"])
    del whole["module.conv_3.model.3.project.bn.bias"]
    torch.save(whole, tmp_path / "best.pth.tar")
    with pytest.raises(FerBenchError, match=r"1 missing: conv_3\.model\.3\.project\.bn\.bias"):
        weights.add_weights("landmark_mobilefacenet", tmp_path / "best.pth.tar", tmp_path)


class FakeWeights:
    url = "https://example.org/resnet18.pth"

    def __init__(self, state):
        self.state = state

    def get_state_dict(self, check_hash):
        if self.state is None:
            raise URLError("no network")
        return self.state


def test_imagenet_comes_through_torchvision(tmp_path, monkeypatch):
    published = torchvision.models.resnet18().state_dict()
    fake = {"IMAGENET1K_V1": FakeWeights(published)}
    monkeypatch.setattr(torchvision.models, "get_model_weights", lambda name: fake)
    path = weights.add_weights("imagenet_resnet18", None, tmp_path)
    expected = {
        k: v for k, v in published.items() if not k.startswith("fc.") and "num_batches" not in k
    }
    same(path, expected)
    fake["IMAGENET1K_V1"] = FakeWeights(None)
    with pytest.raises(FerBenchError, match=r"example\.org/resnet18\.pth .*no network"):
        weights.add_weights("imagenet_resnet18", None, tmp_path)


@pytest.fixture
def packed_landmarks(tmp_path, monkeypatch):
    """A package of the landmark network's layout, small, and what `DenseNet` should get of it."""
    rng, widths, entries, content, expected = np.random.default_rng(0), (2, 3, 4, 5), [], b"", {}

    def add(name, ours, value, turn):
        nonlocal content
        held = rng.integers(0, 256, value).astype("uint8")
        quantised = {"dtype": "uint8", "scale": 0.5, "min": -3.0}
        entries.append({"name": name, "shape": list(value), "dtype": "float32",
                        "quantization": quantised})  # fmt: skip
        content += held.tobytes()
        expected[ours] = torch.from_numpy(held * np.float32(0.5) - 3).permute(turn)

    for i, (inside, width) in enumerate(zip((3, *widths), widths, strict=False)):
        for j in range(4):
            name, ours, given = f"dense{i}/conv{j}", f"blocks.{i}.{j}", width if j else inside
            if i == j == 0:
                add(f"{name}/filters", f"{ours}.weight", (3, 3, given, width), (3, 2, 0, 1))
            else:
                kernels = f"{name}/depthwise_filter", f"{ours}.depthwise"
                add(*kernels, (3, 3, given, 1), (2, 3, 0, 1))
                kernels = f"{name}/pointwise_filter", f"{ours}.weight"
                add(*kernels, (1, 1, given, width), (3, 2, 0, 1))
            add(f"{name}/bias", f"{ours}.bias", (width,), (0,))
    add("fc/weights", "fc.weight", (widths[-1], 136), (1, 0))
    add("fc/bias", "fc.bias", (136,), (0,))
    manifest = json.dumps([{"weights": entries}]).encode()
    files = {face_api_weights.BIN: content, face_api_weights.MANIFEST: manifest}
    for name, held in files.items():
        (tmp_path / name.rpartition("/")[2]).write_bytes(held)
    with tarfile.open(tmp_path / "face-api.tgz", "w:gz") as package:
        for name in files:
            package.add(tmp_path / name.rpartition("/")[2], name)
    sums = {name: hashlib.sha256(held).hexdigest() for name, held in files.items()}
    monkeypatch.setattr(face_api_weights, "LANDMARK_FILES", sums)
    return tmp_path, expected


@pytest.mark.parametrize("given", ["face-api.tgz", "face_landmark_68_model.bin"])
def test_landmarks_are_taken_in_from_their_package_or_its_file(packed_landmarks, given):
    folder, expected = packed_landmarks
    path = weights.add_weights("face_landmark_68", folder / given, folder / "kept")
    same(path, expected)
    assert read_json(path.with_suffix(".json"))["source_sha256"] == sha256_file(folder / given)
    network = DenseNet.of(load_file(path))
    assert network(torch.zeros(1, 3, 112, 112)).shape == (1, 136)


def test_other_landmark_files_are_refused(packed_landmarks):
    folder, _ = packed_landmarks
    with pytest.raises(FerBenchError, match=r"npm pack .*face-api@1\.7\.15"):
        weights.add_weights("face_landmark_68", None, folder)
    file = folder / "face_landmark_68_model.bin"
    (folder / "face_landmark_68_model-weights_manifest.json").unlink()
    with pytest.raises(FerBenchError, match=r"manifest\.json is not there, which belongs to face_"):
        weights.add_weights("face_landmark_68", file, folder / "kept")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(FerBenchError, match=r"model\.bin is not the file"):
        weights.add_weights("face_landmark_68", file, folder / "kept")
    assert not (folder / "kept").exists()
