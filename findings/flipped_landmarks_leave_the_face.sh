#!/usr/bin/env bash
# Surprise: the keypoints of torchvision and albumentations do not stay on their faces. Flips take coordinates of
#   pixel centres (the first pixel is 0), resizing takes those of pixel edges (its centre is 0.5), and
#   torchvision's rotation that of edges too. Whichever your landmarks are in, some transform moves them off.
# Hurts: landmarks of small faces. At 48 px (FER2013) enlarged to 224 px, they lie 1.8 px left of each face
#   and 1.8 px right of its mirror image: 5 % of the distance between the eyes apart, which is the unit of
#   landmark errors. Crops, patches and attention placed by them then differ by side.
# Do: keep pixel centres, as OpenCV does; add 0.5 to the landmarks before a resizing and take it away after
#   it, with torchvision also around a rotation; or flip first, for then both sides are off alike.
# Seen with torchvision 0.29.1, torch 2.14.1, albumentations 2.0.8, Python 3.11, 2026-11-30. torchvision's page
#   of KeyPoints does not say which it takes; that of albumentations counts from the corner of the image, which
#   its flips do not (AlbumentationsX, its heir: issue 529).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torchvision==0.29.1 torch==2.14.1 albumentations==2.0.8 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6 2>/dev/null
NO_ALBUMENTATIONS_UPDATE=1 venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import albumentations as A
import numpy as np
import torch
from torchvision import tv_tensors
from torchvision.transforms import v2

SMALL, LARGE = 48, 224
# Eyes, nose, mouth corners of a face of 48 px, where the centre of the first pixel is (0, 0).
FACE = np.array([[16.4, 22.2], [31.5, 22.1], [24.0, 30.7], [17.8, 39.6], [30.3, 39.5]])
grid = np.arange(SMALL)
# One channel for each landmark, with a round spot around it.
SPOTS = np.stack([np.exp(-((grid - x) ** 2 + (grid[:, None] - y) ** 2) / 4.5) for x, y in FACE], -1)


def seen(image):
    """(5, 2) centres of the spots, which say where the landmarks are in (height, width, 5) `image`."""
    mass = image.sum((0, 1))
    across, down = (np.arange(n) for n in (image.shape[1], image.shape[0]))
    return np.stack([across @ image.sum(0), down @ image.sum(1)], 1) / mass[:, None]


def torchvision(transforms, points):
    image = tv_tensors.Image(torch.tensor(SPOTS).permute(2, 0, 1))
    points = tv_tensors.KeyPoints(torch.tensor(points), canvas_size=(SMALL, SMALL))
    image, points = v2.Compose(transforms)(image, points)
    return image.permute(1, 2, 0).numpy(), points.numpy()


def albumentations(transforms, points):
    keep = A.KeypointParams(format="xy", remove_invisible=False)
    out = A.Compose(transforms, keypoint_params=keep)(image=SPOTS.astype(np.float32), keypoints=points)
    return out["image"], np.array(out["keypoints"])


smooth = v2.InterpolationMode.BILINEAR
WAYS = {
    torchvision: {"flip": v2.RandomHorizontalFlip(1), "resize": v2.Resize((LARGE, LARGE)),
                  "rotate": v2.RandomRotation((180, 180), smooth)},
    albumentations: {"flip": A.HorizontalFlip(p=1), "resize": A.Resize(LARGE, LARGE),
                     "rotate": A.Rotate((180, 180), p=1)},
}


def beside(way, names, first):
    """How far right of the spots the landmarks are, in px, where the first pixel's centre is `first`."""
    image, points = way([WAYS[way][name] for name in names], FACE + first)
    away = points - first - seen(image)
    assert np.ptp(away[:, 0]) < 0.02  # the same for each landmark
    return away[:, 0].mean()


eyes = (FACE[1, 0] - FACE[0, 0]) * LARGE / SMALL
for way in WAYS:
    print(f"{way.__name__} {version(way.__name__)}")
    off = {}
    for first in (0.0, 0.5):
        for names in (["flip"], ["resize"], ["rotate"], ["resize", "flip"], ["flip", "resize"]):
            off[first, *names] = beside(way, names, first)
        print(f"  first pixel's centre {first}: landmarks right of their places by (px) "
              + ", ".join(f"{' then '.join(k[1:])} {v:+.2f}" for k, v in off.items() if k[0] == first))
    face, mirrored = off[0.0, "resize"], off[0.0, "resize", "flip"]
    print(f"  a face and its mirror image at {LARGE} px: {mirrored - face:.2f} px apart, "
          f"{(mirrored - face) / eyes:.1%} of the distance between the eyes")
    if not (abs(off[0.0, "flip"]) < 0.02 and face < -1.5 and mirrored > 1.5 and abs(off[0.5, "flip"]) > 0.9
            and abs(off[0.5, "resize"]) < 0.02):
        raise SystemExit("changed: flips and resizing take the same coordinates")
    rotated = off[0.5 if way is torchvision else 0.0, "rotate"]
    if abs(rotated) > 0.02:
        raise SystemExit("changed: rotation takes other coordinates than it did")
P
echo "as found: flips count from the first pixel's centre, resizing from its edge"
