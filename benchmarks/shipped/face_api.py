"""The expression network of npm `@vladmandic/face-api`: four densely added blocks, 112 px, 329 kB.

323,687 parameters, stored as one byte each with a scale and a least value per tensor. A block
computes a = ReLU(conv0(x)) at stride 2 (in the first block a full convolution, else depthwise and
pointwise), b = conv1(a), c = conv2(ReLU(a + b)), d = conv3(ReLU(a + b + c)) and gives
ReLU(a + b + c + d); then the mean over 7 x 7 and one dense layer. Seven classes.

Faces: the mean colour is taken away before the division by 255. The package resizes with the
corner of the first pixel as origin, we with its centre: less than a pixel apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from tf_layers import conv_same, separable
from tfjs_weights import depthwise_kernel, kernel, read_tensors
from tool import Net, Tool, expressions

WEIGHTS = "package/model/face_expression_model.bin"
MANIFEST = "package/model/face_expression_model-weights_manifest.json"
MEAN = (122.782, 117.001, 104.298)


def build(files: Mapping[str, bytes]) -> Net:
    """The network from its two files."""
    (group,) = json.loads(files[MANIFEST])
    return network(read_tensors(group["weights"], files[WEIGHTS]))


def network(tensors: Mapping[str, torch.Tensor]) -> Net:
    """The network on tensors of any widths, named as in the package."""
    blocks = [_convolutions(tensors, f"dense{i}") for i in range(4)]
    dense, bias = tensors["fc/weights"], tensors["fc/bias"]

    def forward(x: torch.Tensor) -> torch.Tensor:
        x = (x - x.new_tensor(MEAN).view(3, 1, 1)) / 255
        for block in blocks:
            x = _block(x, block)
        return F.avg_pool2d(x, 7, 2).flatten(1) @ dense + bias

    return forward


Convolution = tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]
"""Depthwise kernel (None of a full convolution), kernel, bias."""


def _convolutions(tensors: Mapping[str, torch.Tensor], block: str) -> list[Convolution]:
    found: list[Convolution] = []
    for i in range(4):
        name = f"{block}/conv{i}"
        if f"{name}/filters" in tensors:
            found.append((None, kernel(tensors[f"{name}/filters"]), tensors[f"{name}/bias"]))
        else:
            depthwise = depthwise_kernel(tensors[f"{name}/depthwise_filter"])
            pointwise = kernel(tensors[f"{name}/pointwise_filter"])
            found.append((depthwise, pointwise, tensors[f"{name}/bias"]))
    return found


def _block(x: torch.Tensor, convolutions: list[Convolution]) -> torch.Tensor:
    total = F.relu(_convolve(x, convolutions[0], stride=2))
    given = total
    for convolution in convolutions[1:]:
        total = total + _convolve(given, convolution, stride=1)
        given = F.relu(total)
    return given


def _convolve(x: torch.Tensor, convolution: Convolution, stride: int) -> torch.Tensor:
    depthwise, weight, bias = convolution
    if depthwise is None:
        return conv_same(x, weight, bias, stride)
    return separable(x, depthwise, weight, bias, stride)


TOOL = Tool(
    name="face_api",
    package="npm @vladmandic/face-api 1.7.15",
    get="npm pack @vladmandic/face-api@1.7.15",
    members={
        WEIGHTS: "9a9840f2cf1f4c7eab95f197512569345c00d2426754d4608b92af30e0300f3d",
        MANIFEST: "5b349c17c7836da506e03422cd6461c74085d8bb2713ad4114647dc5d28174c8",
    },
    size=112,
    classes=expressions("neutral happiness sadness anger fear disgust surprise"),
    build=build,
    card={
        "pretraining": "not stated",
        "extra_data": "not stated",
        "landmarks": "none",
        "paper": "unpublished",
        "code": "https://github.com/vladmandic/face-api",
        "year": 2018,
        "trained_on": "not named by its makers",
    },
)
