"""mini_XCEPTION and big_XCEPTION (Arriaga, Valdenegro-Toro and Plöger, 2017), batch norms folded.

Two 3 x 3 convolutions without padding, ReLU after each. Then modules: of x, the larger of each
3 x 3 window at stride 2 of [separable convolution, ReLU, separable convolution], plus a 1 x 1
convolution of x at stride 2. In big_XCEPTION the separable branch of the second module begins with
a ReLU. Last, a 3 x 3 convolution to one map a class, whose means are the logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from tool import Net, expressions, grey

from fer_bench.faces.tf_layers import conv_same, max_pool_same, separable

CLASSES = expressions("anger disgust fear happiness sadness surprise neutral")
CARD = {
    "pretraining": "none",
    "extra_data": "FER2013 (28,709 faces)",
    "landmarks": "none",
    "paper": "Arriaga, Valdenegro-Toro and Plöger, Real-time convolutional neural networks "
    "for emotion and gender classification, 2017",
    "year": 2017,
    "trained_on": "FER2013, its own labels",
}
MAY_HAVE_SEEN = {"ferplus": "yes", "fer2013": "yes"}
"""What is stated of these networks as their authors trained them, whoever ships them."""


@dataclass(frozen=True)
class Conv:
    """A convolution; kernels as torch has them."""

    weight: torch.Tensor
    bias: torch.Tensor


@dataclass(frozen=True)
class Separable:
    """A depthwise kernel, a pointwise one and the bias after both."""

    depthwise: torch.Tensor
    pointwise: torch.Tensor
    bias: torch.Tensor


@dataclass(frozen=True)
class Module:
    """What lies between two scales."""

    shortcut: Conv
    first: Separable
    second: Separable


@dataclass(frozen=True)
class Xception:
    """All weights, and in what the two networks differ.

    Attributes:
        stem: the two convolutions at the beginning.
        modules: in their order.
        last: the convolution to one map a class.
        stride: of the first convolution: 1 in mini_XCEPTION, 2 in big_XCEPTION.
        relu_between: whether later modules' separable branches begin with a ReLU (big_XCEPTION).
    """

    stem: tuple[Conv, Conv]
    modules: Sequence[Module]
    last: Conv
    stride: int
    relu_between: bool


def network(weights: Xception, luma: tuple[float, float, float]) -> Net:
    """The network on grey faces between -1 and 1; `luma` is how its package makes grey."""

    def forward(x: torch.Tensor) -> torch.Tensor:
        x = grey(x, luma) / 127.5 - 1
        strides = (weights.stride, 1)
        for conv, stride in zip(weights.stem, strides, strict=True):
            x = F.relu(F.conv2d(x, conv.weight, conv.bias, stride))
        for i, module in enumerate(weights.modules):
            x = _module(x, module, relu=weights.relu_between and i > 0)
        return conv_same(x, weights.last.weight, weights.last.bias).mean((2, 3))

    return forward


def _module(x: torch.Tensor, module: Module, relu: bool) -> torch.Tensor:
    beside = conv_same(x, module.shortcut.weight, module.shortcut.bias, stride=2)
    first, second = module.first, module.second
    x = F.relu(x) if relu else x
    x = F.relu(separable(x, first.depthwise, first.pointwise, first.bias))
    x = separable(x, second.depthwise, second.pointwise, second.bias)
    return max_pool_same(x) + beside
