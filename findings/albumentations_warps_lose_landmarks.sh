#!/usr/bin/env bash
# Surprise: the warps of albumentations (ElasticTransform, GridDistortion, OpticalDistortion, PiecewiseAffine,
#   ThinPlateSpline) return fewer landmarks than they are given, with remove_invisible=False too and with none near
#   the border. By default they draw each as a spot of three pixels into one picture, where spots cover each other,
#   and look for them again: who is covered is gone, and all that follow move up by one. A spot is read at its
#   topmost pixel, so the others lie almost 1 px too high, even where the picture does not move at all.
# Hurts: dense landmarks of small faces: of 68 at 48 px (FER2013's size) one to thirteen are lost, those of the
#   lips first. Whatever is then taken by number (crops of the mouth, distances, attention on the eyes) is another
#   part of the face. There is no error where nothing checks the count.
# Do: keypoint_remapping_method="direct" keeps all of them, in order and with less error (ThinPlateSpline apart); or
#   hand their numbers over as label_fields and see who came back. The documentation calls the default less accurate
#   for large distortions, recommends it for many keypoints, and does not say that it drops any.
# Seen with albumentations 2.0.8, OpenCV 4.14.0.94, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet albumentations==2.0.8 opencv-python-headless==4.14.0.94 numpy==2.4.6 2>/dev/null
NO_ALBUMENTATIONS_UPDATE=1 venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import albumentations as A
import cv2
import numpy as np

SIDE, FACES = 48, 20


def arc(x, y, wide, high, points):
    along = np.linspace(-1, 1, points)
    return np.stack([x + along * wide, y + high * (along**2 - 1)], 1)


def ring(x, y, wide, high, points):
    turn = np.arange(points) * 2 * np.pi / points
    return np.stack([x - wide * np.cos(turn), y - high * np.sin(turn)], 1)


# The 68 landmarks of 300-W of a face with its mouth closed, drawn with its eyes 36 px apart.
PARTS = {"jaw": ring(56, 52, 40, -62, 32)[:17], "brows": np.concatenate([arc(x, 40, 12, 4, 5) for x in (38, 74)]),
         "nose": np.concatenate([np.stack([[56] * 4, [50, 56, 62, 68]], 1), arc(56, 76, 7, -3, 5)]),
         "eyes": np.concatenate([ring(x, 52, 8, 3, 6) for x in (38, 74)]),
         "mouth": np.concatenate([ring(56, 92, 15, 6, 12), ring(56, 92, 12, 1, 8)])}
FACE = np.concatenate(list(PARTS.values())) - (56, 75)
PART = np.repeat(list(PARTS), [len(points) for points in PARTS.values()])
grid = np.arange(SIDE)


def faces():
    """Faces of other sizes and places in SIDE x SIDE px, their landmarks at least 2 px inside the border."""
    draw = np.random.default_rng(0)
    for _ in range(FACES):
        face = FACE * draw.uniform(0.9, 1.1) * SIDE / 112 + SIDE / 2 - 1 + draw.uniform(-1, 1, 2)
        assert face.shape == (68, 2) and face.min() > 2 and face.max() < SIDE - 3
        # One channel for each landmark, with a round spot around it.
        spots = [np.exp(-((grid - x) ** 2 + (grid[:, None] - y) ** 2) / 2) for x, y in face]
        yield face, np.stack(spots, -1).astype(np.float32)


def seen(image):
    """(68, 2) centres of the spots, which say where the landmarks are in `image`."""
    return np.stack([grid @ image.sum(0), grid @ image.sum(1)], 1) / image.sum((0, 1))[:, None]


def warped(kind, **method):
    """How many landmarks come back, which part the lost ones are of, and how far all and the picture are moved."""
    counts, lost, away, moved = [], dict.fromkeys(PARTS, 0), [], []
    for seed, (face, spots) in enumerate(faces()):
        keep = A.KeypointParams(format="xy", remove_invisible=False, label_fields=["number"])
        way = A.Compose([kind(p=1, **method)], keypoint_params=keep, seed=seed)
        out = way(image=spots, keypoints=face, number=np.arange(68))
        number, places = np.array(out["number"]).astype(int), seen(out["image"])
        counts.append(len(number))
        for part in PART[np.setdiff1d(np.arange(68), number)]:
            lost[str(part)] += 1
        away.append(np.array(out["keypoints"]) - places[number])
        moved.append(np.hypot(*(places - face).T).mean())
    away = np.concatenate(away)
    return counts, lost, np.hypot(*away.T).mean(), -away[:, 1].mean(), np.mean(moved)


print("albumentations", version("albumentations"), "OpenCV", cv2.__version__)
found = {}
for kind in (A.ElasticTransform, A.OpticalDistortion, A.GridDistortion, A.PiecewiseAffine, A.ThinPlateSpline):
    name = kind.__name__
    for way, method in (("by default", {}), ("direct", {"keypoint_remapping_method": "direct"})):
        counts, lost, beside, up, moved = found[name, way] = warped(kind, **method)
        print(f"{name}, {way}: {min(counts)} to {max(counts)} of 68 landmarks come back, {np.mean(counts):.1f} on "
              f"average; lost in {FACES} faces: {({k: v for k, v in lost.items() if v}) or 'none'}; the picture "
              f"moves by {moved:.2f} px, landmarks lie {beside:.2f} px from their places, {up:.2f} px too high")
    (counts, _, beside, *_), (whole, _, near, *_) = found[name, "by default"], found[name, "direct"]
    if np.mean(counts) > 67.5:
        raise SystemExit("changed: by default all landmarks come back")
    if min(whole) < 68 or (kind is not A.ThinPlateSpline and near > beside):
        raise SystemExit("changed: the other method loses landmarks too, or is worse")
if found["ElasticTransform", "by default"][4] > 0.2 or found["ElasticTransform", "by default"][3] < 0.7:
    raise SystemExit("changed: landmarks stay where the picture does")
P
echo "as found: warps lose landmarks of small faces and lift the others by a pixel"
