"""Networks of timm (PyTorch Image Models) as backbones, named `timm_<name>`.

Wightman, "PyTorch image models", 2019. timm is imported when such a network is built, no earlier.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from fer_bench.errors import FerBenchError, nearest
from fer_bench.models.backbone_base import (
    CONV_3X,
    CONV_4X,
    TIMM,
    Backbone,
    StagedBackbone,
    load_equal,
)

STRIDES = {CONV_3X: 8, CONV_4X: 16}


def load_timm() -> ModuleType:
    """The library; raises FerBenchError where it is not installed."""
    try:
        import timm
    except ImportError as error:
        raise FerBenchError(
            f"a {TIMM}<name> backbone needs timm, which cannot be imported ({error}): run "
            "`pip install -c constraints.txt timm`"
        ) from error
    module: ModuleType = timm
    return module


def check_timm(backbone: str) -> str:
    """Timm's own name of the backbone `timm_<name>`.

    Raises:
        FerBenchError: timm has no such network; names the nearest.
    """
    timm = load_timm()
    name = backbone.removeprefix(TIMM)
    if not timm.is_model(name):
        near = get_close_matches(name, timm.list_models(), n=3, cutoff=0.5)
        said = nearest(name, near) if near else "timm.list_models() in Python lists them all"
        raise FerBenchError(f"timm has no network {name!r}: {said}")
    return name


def pooled_network(name: str, size: int) -> nn.Module:
    """Timm's network without classifier, for faces of `size` pixels: (B, 3, H, W) to (B, C)."""
    timm = load_timm()
    options: dict[str, Any] = {"num_classes": 0}
    try:  # transformers are built for one size of image, the others for any and without this option
        network: nn.Module = timm.create_model(name, img_size=size, **options)
    except TypeError:
        network = timm.create_model(name, **options)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise FerBenchError(f"{TIMM}{name} cannot be built for {size} px: {error}") from error
    return network


class TimmPooled(Backbone):
    """A whole network of timm up to its pooled features, called `pooled`, (B, C)."""

    def __init__(self, backbone: str, size: int) -> None:
        super().__init__()
        self.name = check_timm(backbone)
        self.network = pooled_network(self.name, size)
        self.width = pooled_width(self.name, size)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """`pooled` (B, C) of a normalised image (B, 3, H, W)."""
        return {"pooled": self.network(x)}

    def published(self) -> set[str]:
        """The names under which its weights are published."""
        return set(self.network.state_dict())

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load the weights of the whole network, with or without its classifier."""
        load_equal(self.network, state, ("",), f"timm {self.name}")


def pooled_width(name: str, size: int) -> int:
    """How many numbers the pooled features have: what comes out, which timm does not always say.

    Raises:
        FerBenchError: the network cannot take faces of `size` pixels.
    """
    with torch.device("meta"):
        network = pooled_network(name, size).eval()
        try:
            return int(network(torch.zeros(1, 3, size, size)).shape[1])
        except (AssertionError, RuntimeError, ValueError) as error:
            raise FerBenchError(f"{TIMM}{name} does not take {size} px: {error}") from error


class TimmFeatures(StagedBackbone):
    """A network of timm up to the map of stride 8 or 16, called Conv_3x and Conv_4x here.

    Args:
        backbone: `timm_<name>`.
        until: `layer2` (Conv_3x, stride 8) or `layer3` (Conv_4x, stride 16).
        size: side of the faces; a multiple of the largest stride, so that the maps have the sides
            that the heads are built for.

    Raises:
        FerBenchError: there is no such network, it has no such maps, or the size does not fit.
    """

    def __init__(self, backbone: str, until: str, size: int) -> None:
        super().__init__()
        timm, name = load_timm(), check_timm(backbone)
        self.name = name
        self.stages = [stage for stage, stride in STRIDES.items() if stride <= STRIDES[until]]
        if size % STRIDES[until]:
            raise FerBenchError(
                f"{backbone}: size must be a multiple of {STRIDES[until]}, got {size}"
            )
        options: dict[str, Any] = {"features_only": True, "feature_cls": "getter"}
        try:
            with torch.device("meta"):
                reductions = timm.create_model(name, **options).feature_info.reduction()
            indices = [reductions.index(STRIDES[stage]) for stage in self.stages]
            self.network = timm.create_model(name, out_indices=indices, **options)
        except (AttributeError, RuntimeError, ValueError) as error:
            raise FerBenchError(
                f"{backbone} has no feature maps of strides "
                f"{' and '.join(str(STRIDES[stage]) for stage in self.stages)} ({error}): take a "
                "convolutional network, e.g. timm_convnext_tiny"
            ) from error
        self._channels = dict(zip(self.stages, self.network.feature_info.channels(), strict=True))

    def channels(self, stage: str) -> int:
        """Channels of a stage's feature map."""
        return int(self._channels[stage])

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Feature maps by stage of a normalised image (B, 3, H, W)."""
        return dict(zip(self.stages, self.network(x), strict=True))

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load these layers from the weights of the whole network."""
        load_equal(self.network.model, state, ("",), f"timm {self.name}")
