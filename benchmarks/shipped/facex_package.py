"""The network of PyPI `facex`: MobileNetV2, 200 px grey (three times), 2.6 MB.

MobileNetV2 (Sandler et al., 2018) as its Table 2 has it, but all 6 x 6 x 1,280 numbers go to the
dense layer, and at stride 2 one row and column are added below and to the right only. Most weights
are bytes with one scale a layer. What it was trained on is not stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from tflite_weights import CONV, DENSE, DEPTHWISE, Layer, read_layers
from tool import Net, Tool, expressions, grey

from fer_bench.errors import FerBenchError

WEIGHTS = "facex/assets/model_optimized.tflite"
STAGES = ((1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1))
"""Blocks of each stage and the stride of its first."""


def build(files: Mapping[str, bytes]) -> Net:
    """The network from its file."""
    return network(read_layers(files[WEIGHTS]))


def network(layers: Sequence[Layer]) -> Net:
    """The network from its layers in the order in which they run, of any widths.

    Raises:
        FerBenchError: they are of other kinds.
    """
    kinds = [layer.kind for layer in layers]
    blocks = sum(count for count, _ in STAGES)
    inverted = [CONV, DEPTHWISE, CONV] * (blocks - 1)
    if kinds != [CONV, DEPTHWISE, CONV, *inverted, CONV, DENSE]:
        raise FerBenchError("the layers of this file are not in MobileNetV2's order")
    first, *middle, last, dense = layers

    def forward(x: torch.Tensor) -> torch.Tensor:
        x = grey(x).expand(-1, 3, -1, -1) / 255
        x = F.relu6(_convolve(x, first, 2))
        for block, stride in _blocks(middle):
            x = _block(x, block, stride)
        x = F.relu6(_convolve(x, last, 1))
        return F.linear(x.permute(0, 2, 3, 1).flatten(1), dense.weight, dense.bias)

    return forward


def _blocks(layers: Sequence[Layer]) -> Iterator[tuple[Sequence[Layer], int]]:
    """The layers of each block (the first does not widen its input) and its stride."""
    start, size = 0, 2
    for count, first_stride in STAGES:
        for i in range(count):
            yield layers[start : start + size], first_stride if i == 0 else 1
            start, size = start + size, 3


def _block(x: torch.Tensor, layers: Sequence[Layer], stride: int) -> torch.Tensor:
    *widen, spatial, project = layers
    given = x
    for layer in widen:
        x = F.relu6(_convolve(x, layer, 1))
    x = F.relu6(_convolve(x, spatial, stride))
    x = _convolve(x, project, 1)
    return x + given if stride == 1 and x.shape == given.shape else x


def _convolve(x: torch.Tensor, layer: Layer, stride: int) -> torch.Tensor:
    weight = layer.weight
    groups = len(weight) if layer.kind == DEPTHWISE else 1
    if stride == 2:
        x = F.pad(x, (0, 1, 0, 1))
    padding = weight.shape[-1] // 2 if stride == 1 else 0
    return F.conv2d(x, weight, layer.bias, stride, padding, groups=groups)


TOOL = Tool(
    name="facex_package",
    package="PyPI facex 1.1.0",
    get="pip download --no-deps facex==1.1.0",
    members={WEIGHTS: "181e9dc6b5b19b7a4a3ee661d8de9969249b72c317b2080d79ac12d2b7027da5"},
    size=200,
    classes=expressions("anger disgust fear happiness neutral sadness surprise"),
    build=build,
    card={
        "pretraining": "not stated",
        "extra_data": "not stated",
        "landmarks": "none",
        "paper": "unpublished",
        "code": "https://github.com/hfahrudin/facex",
        "year": 2024,
        "trained_on": "not stated",
    },
)
