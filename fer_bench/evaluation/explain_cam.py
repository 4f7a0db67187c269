"""Grad-CAM maps of a model, and how the channels of a layer answer to something before the face.

Grad-CAM (Selvaraju et al., ICCV 2017) is the library pytorch-grad-cam's. A map is of the logit of
the class that the model predicts, cut off below 0, enlarged bilinearly to the face's size and
divided by its largest value. The library's own maps have their minimum taken off, too: an even map
becomes zeros, and shares of attention grow wherever no part of the face is without any
(`findings/grad_cam_subtracts_each_maps_minimum.sh`). A face where nothing speaks for the predicted
class has a map of zeros.

The layer is the output of Conv_3x (`backbone.layer2`) for every model, so that models compare. The
paper says "attention weighted activation maps from Conv_3x", but its first column is a baseline
without attention. SCAN's own weighted map is the layer `attention.whole`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError, nearest
from fer_bench.models.backbone_base import CONV_3X
from fer_bench.models.base import FERModel

if TYPE_CHECKING:
    from pytorch_grad_cam import GradCAM

CONV_3X_OUTPUT = f"backbone.{CONV_3X}"
BATCH = 32

PATCH = (0.18, 0.3, 0.5, 0.62)
"""The covered area of Figure 2 as shares of the face's side: x0, y0, x1, y1. It lies over the eye
and the cheek at image left; off the middle, so that an answer at another place stands out."""

PATCH_GREY = 0.5
SHOWN = 8


class Logits(nn.Module):
    """A model that gives its logits alone, as libraries expect it."""

    def __init__(self, model: FERModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """(B, K) logits of (B, 3, H, W)."""
        logits: Tensor = self.model(images).logits
        return logits


@dataclass(frozen=True)
class Maps:
    """What Grad-CAM says of N faces.

    Attributes:
        cams: (N, H, W) float32 in [0, 1].
        probabilities: (N, K) float32, softmax of the logits.
    """

    cams: np.ndarray
    probabilities: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """(N,) index of the likeliest class."""
        return np.asarray(self.probabilities.argmax(axis=1))


def layer_of(model: FERModel, name: str, image: Tensor) -> nn.Module:
    """The module called `name`, if its output is a map.

    Args:
        model: in evaluation mode.
        name: dotted, as in `model.named_modules()`.
        image: (1, 3, H, W), to try it on.

    Raises:
        FerBenchError: there is no such module, or what it gives is no map (B, C, h, w).
    """
    known: dict[str, nn.Module] = dict(model.named_modules())
    known.pop("")
    if name not in known:
        raise FerBenchError(f"the model has no layer {name!r}: {nearest(name, known)}")
    found = _outputs(model, known[name], image)
    if len(found) != 1 or not _is_map(found[0], len(image)):
        raise FerBenchError(
            f"layer {name!r} gives no single map (B, C, h, w) of a face, so it has no Grad-CAM; "
            f"{CONV_3X_OUTPUT!r} does"
        )
    return known[name]


def _outputs(model: FERModel, layer: nn.Module, images: Tensor) -> list[Any]:
    found: list[Any] = []
    handle = layer.register_forward_hook(lambda module, given, output: found.append(output))
    try:
        with torch.no_grad():
            model(images)
    finally:
        handle.remove()
    return found


def _is_map(output: Any, faces: int) -> bool:
    if not isinstance(output, Tensor) or len(output) != faces:
        return False
    return output.ndim == 4 or (output.ndim == 5 and output.shape[1] == 1)


def as_map(output: Tensor) -> Tensor:
    """(B, C, h, w); attention units give one patch, the whole map, as (B, 1, C, h, w)."""
    return output.squeeze(1) if output.ndim == 5 else output


def grad_cam(model: FERModel, layer: nn.Module, images: Callable[[int, int], Tensor], n: int
             ) -> Maps:  # fmt: skip
    """Grad-CAM of the predicted class for `n` faces.

    Args:
        model: on its device, in evaluation mode.
        layer: see `layer_of`.
        images: gives faces start to stop as (B, 3, H, W) in [0, 1].
        n: how many faces there are, at least 1.
    """
    from pytorch_grad_cam import GradCAM  # slow to import: it brings OpenCV and matplotlib

    cams, probabilities = [], []
    with GradCAM(Logits(model), [layer], reshape_transform=as_map) as explainer:
        for start in range(0, n, BATCH):
            faces = images(start, min(n, start + BATCH))
            explainer(faces, None)
            cams.append(_raw_map(explainer, faces.shape[-2:]))
            chances = torch.softmax(explainer.outputs.detach().float(), 1)
            probabilities.append(chances.cpu().numpy())
    model.zero_grad(set_to_none=True)
    return Maps(np.concatenate(cams), np.concatenate(probabilities))


def _raw_map(explainer: GradCAM, size: Sequence[int]) -> np.ndarray:
    """(B, H, W) float32, the maps of what an explainer was called with last."""
    seen = explainer.activations_and_grads
    parts = seen.activations[0].cpu().numpy(), seen.gradients[0].cpu().numpy()
    cam = torch.from_numpy(explainer.get_cam_image(None, None, None, *parts)).float().relu()
    large = F.interpolate(cam[:, None], tuple(size), mode="bilinear", align_corners=False)[:, 0]
    largest = large.amax((1, 2), keepdim=True).clamp_min(torch.finfo(large.dtype).tiny)
    return np.asarray(large / largest)


@dataclass(frozen=True)
class ChannelResponse:
    """How a layer's C channels answer to a grey patch over part of the face (Figure 2).

    Attributes:
        median: (C, h, w) float32, the median over faces of |covered - clean| at each position,
            divided by the channel's mean clean response.
        silent: how many channels respond to no clean face at all; their `median` is 0.
        example: (H, W, 3) uint8, a covered face.
    """

    median: np.ndarray
    silent: int
    example: np.ndarray

    def inside(self) -> np.ndarray:
        """(C,) mean over the covered part; positions at its edge count by their share."""
        return self._mean(self._covered())

    def outside(self) -> np.ndarray:
        """(C,) mean over the rest."""
        return self._mean(1 - self._covered())

    def _mean(self, weights: np.ndarray) -> np.ndarray:
        return np.asarray((self.median * weights).sum(axis=(1, 2)) / weights.sum())

    def shown(self) -> np.ndarray:
        """Eight channels, evenly from the weakest answer inside the patch to the strongest."""
        order = np.argsort(self.inside(), kind="stable")
        at = np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(int)
        return np.asarray(order[at])

    def _covered(self) -> np.ndarray:
        """(h, w) share of each position that the patch covers."""
        height, width = self.median.shape[1:]
        x0, y0, x1, y1 = PATCH
        return np.outer(_overlap(height, y0, y1), _overlap(width, x0, x1))


def _overlap(positions: int, start: float, stop: float) -> np.ndarray:
    """Share of each of `positions` equal pieces of [0, 1] that lies in [start, stop]."""
    edges = np.arange(positions + 1) / positions
    inside = np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start)
    return np.asarray(np.clip(inside, 0, None) * positions)


def channel_response(
    model: FERModel, layer: nn.Module, images: Callable[[int, int], Tensor], n: int
) -> ChannelResponse:
    """Cover the same part of `n` faces and compare the layer's output; arguments as `grad_cam`.

    The paper prints the "relative difference in response". Responses after a ReLU are often
    exactly 0, so the difference is taken relative to the channel's mean, not to the position.
    """
    clean, changed, example = [], [], None
    for start in range(0, n, BATCH):
        faces = images(start, min(n, start + BATCH))
        covered = cover(faces)
        example = covered[0] if example is None else example
        before, after = (as_map(_outputs(model, layer, x)[0]) for x in (faces, covered))
        clean.append(before.abs().mean((2, 3)).cpu().numpy())
        changed.append((after - before).abs().cpu().numpy())
    assert example is not None
    mean = np.concatenate(clean).mean(axis=0)
    median = np.median(np.concatenate(changed), axis=0)
    speaks = mean > 0
    median = np.where(speaks[:, None, None], median / np.where(speaks, mean, 1)[:, None, None], 0)
    picture = (example.permute(1, 2, 0) * 255).round().byte().cpu().numpy()
    return ChannelResponse(median.astype(np.float32), int((~speaks).sum()), picture)


def cover(images: Tensor) -> Tensor:
    """(B, 3, H, W) with `PATCH` painted grey."""
    height, width = images.shape[-2:]
    x0, y0, x1, y1 = PATCH
    covered = images.clone()
    rows, columns = (
        slice(round(y0 * height), round(y1 * height)),
        slice(round(x0 * width), round(x1 * width)),
    )
    covered[..., rows, columns] = PATCH_GREY
    return covered
