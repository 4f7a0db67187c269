"""The augmentation on the device against the PIL recipe: as distributions, face by face."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import wasserstein_distance
from torchvision import transforms

from fer_bench.training.augment import apply, draw

JITTER = (0.4, 0.3, 0.25, 0.05)
DRAWS = 600


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.integers(40, 200, (6, 6, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((24, 24), Image.Resampling.BICUBIC))


def statistics(images: np.ndarray) -> dict[str, np.ndarray]:
    """What the jitter and the flip move, one number an image of (N, 24, 24, 3) in [0, 1]."""
    grey = images @ np.array([0.299, 0.587, 0.114])
    red_blue = images[..., 0] - images[..., 2]
    return {
        "brightness": grey.mean((1, 2)),
        "contrast": grey.std((1, 2)),
        "saturation": (images.max(3) - images.min(3)).mean((1, 2)),
        "hue": red_blue.mean((1, 2)),
        "flip": grey[:, :, :12].mean((1, 2)) - grey[:, :, 12:].mean((1, 2)),
    }


@pytest.fixture(scope="module")
def pil(picture) -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    recipe = transforms.Compose(
        [transforms.RandomHorizontalFlip(0.5), transforms.ColorJitter(*JITTER)]
    )
    image = Image.fromarray(picture)
    return statistics(np.stack([np.asarray(recipe(image)) / 255 for _ in range(DRAWS)]))


@pytest.fixture(scope="module")
def ours(picture) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    batch = torch.from_numpy(picture / np.float32(255)).permute(2, 0, 1).expand(6, 3, 24, 24)
    made = [apply(batch, draw(rng, len(batch), 0.5, JITTER)) for _ in range(DRAWS // len(batch))]
    return statistics(torch.cat(made).permute(0, 2, 3, 1).double().numpy())


def apart(left: np.ndarray, right: np.ndarray) -> float:
    """How far one distribution must be carried to become the other, in standard deviations.

    A rank test would notice that PIL rounds to 8 bits, and a hue to 1/255 turn, at every step.
    """
    return float(wasserstein_distance(left, right) / left.std())


@pytest.mark.parametrize("what", ["brightness", "contrast", "saturation", "hue", "flip"])
def test_distribution_is_that_of_the_pil_recipe(pil, ours, what):
    assert apart(pil[what], ours[what]) < 0.15


def test_another_strength_would_be_noticed(pil, picture):
    rng = np.random.default_rng(2)
    batch = torch.from_numpy(picture / np.float32(255)).permute(2, 0, 1).expand(6, 3, 24, 24)
    weak = [apply(batch, draw(rng, 6, 0.5, (0.3, 0.2, 0.15, 0.03))) for _ in range(DRAWS // 6)]
    found = statistics(torch.cat(weak).permute(0, 2, 3, 1).double().numpy())
    assert all(apart(pil[k], found[k]) > 0.15 for k in ("brightness", "contrast", "hue"))


def test_faces_of_one_batch_are_drawn_apart(ours):
    for what in ("brightness", "saturation"):
        per_batch = ours[what].reshape(-1, 6)
        within, between = per_batch.var(1, ddof=1).mean(), per_batch.mean(1).var(ddof=1)
        assert within > 2 * between  # equal draws in a batch would make the first zero
