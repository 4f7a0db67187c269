"""The straightforward way to train, as the released recipe describes it, written anew.

JPEG files decoded and augmented one by one with PIL in worker processes, one module a patch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from reference_scan import LoopBranch, loop_state
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler
from torchvision import transforms

from fer_bench.models import FERModel
from fer_bench.models.backbone_base import CONV_3X
from fer_bench.models.backbones import feature_side
from fer_bench.models.scan_cci import ScanCci
from fer_bench.training.recipe import Recipe


class Photographs(Dataset):
    """Images of a folder, flipped and jittered as the recipe says."""

    def __init__(self, files: list[Path], labels: np.ndarray, recipe: Recipe) -> None:
        self.files, self.labels = files, labels
        self.transform = transforms.Compose(
            [
                transforms.RandomHorizontalFlip(recipe.flip),
                transforms.ColorJitter(*recipe.jitter),
                transforms.ToTensor(),
            ]
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, which: int) -> tuple[Tensor, int]:
        """The image (3, H, W) in [0, 1] and its class."""
        with Image.open(self.files[which]) as image:
            return self.transform(image.convert("RGB")), int(self.labels[which])


def batches(
    photographs: Photographs, size: int, workers: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Random batches on the device, without an end at which workers would wait for each other."""
    sampler = RandomSampler(photographs, replacement=True, num_samples=10**9)
    loader = DataLoader(
        photographs, size, sampler=sampler, num_workers=workers,
        pin_memory=device.type == "cuda", prefetch_factor=1 if workers else None,
    )  # fmt: skip
    for images, labels in loader:
        yield images.to(device, non_blocking=True), labels.to(device, non_blocking=True)


def steady(workers: int) -> int:
    """How many batches in a row show the workers' pace, and not what they had ready."""
    return 4 * max(1, workers)


def write_photographs(pixels: np.ndarray, folder: Path) -> list[Path]:
    """JPEG files of (N, H, W, 3) uint8 images."""
    folder.mkdir(parents=True)
    files = [folder / f"{i:05d}.jpg" for i in range(len(pixels))]
    for image, file in zip(pixels, files, strict=True):
        Image.fromarray(image).save(file, quality=95)
    return files


def in_loop_form(model: FERModel) -> FERModel:
    """SCAN-CCI with one module a patch in its local branch, weights as they are."""
    assert isinstance(model, ScanCci)
    assert model.attention is not None
    branch = model.attention
    assert branch.local is not None
    channels = branch.fc.in_features // (2 if branch.whole is not None else 1)
    config = model.config
    side = feature_side(config.size, CONV_3X, config.source_network)
    loop = LoopBranch(channels, side, branch.g).to(branch.fc.weight.device)
    loop.load_state_dict(loop_state(branch.local.state_dict(), side, branch.g))
    branch.local = nn.ModuleList([loop])
    branch.local_features = loop.forward  # type: ignore[method-assign]
    return model
