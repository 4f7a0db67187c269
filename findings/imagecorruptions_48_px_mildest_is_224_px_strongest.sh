#!/usr/bin/env bash
# Surprise: the severities of PyPI `imagecorruptions` (ImageNet-C's corruptions "for images of any size") are lengths in
#   pixels for blurs, warps and blocks, and none for noise, light and zoom. On a face of 48 px (FER2013, FERPlus) the
#   mildest defocus, elastic warp and pixelation do as much damage as, or more than, the strongest on one of 224 px.
#   Beside it, 3 of its 19 corruptions (glass_blur, gaussian_blur, fog) raise with the libraries that pip takes today.
# Hurts: robustness tables of expression recognition: FERPlus against RAF-DB, 48 against 224 px inputs, and any mean over
#   corruptions, in which blur and noise then weigh differently from set to set.
# Do: corrupt all faces at one size, or scale lengths with the face; state the size; count which corruptions ran.
# Seen with imagecorruptions 1.1.2, numpy 2.4.6, scikit-image 0.26.0, Python 3.11, 2026-12-01.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet imagecorruptions==1.1.2 numpy==2.4.6 scikit-image==0.26.0 scipy==1.17.1 \
  opencv-python==4.14.0.94 setuptools==80.9.0 2>/dev/null
venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import cv2
import numpy as np
from imagecorruptions import corrupt, get_corruption_names
from skimage.data import astronaut

print("imagecorruptions", version("imagecorruptions"), "numpy", np.__version__, "scikit-image", version("scikit-image"))
face = astronaut()[20:220, 120:320]
sizes = {224: cv2.resize(face, (224, 224), interpolation=cv2.INTER_CUBIC),
         48: cv2.resize(face, (48, 48), interpolation=cv2.INTER_AREA)}
LENGTHS = ("defocus_blur", "elastic_transform", "pixelate", "motion_blur", "jpeg_compression")
OTHERS = ("gaussian_noise", "brightness", "contrast", "zoom_blur")


def damage(size: int, name: str, severity: int) -> float:
    """Root of the mean squared change, in grey levels; the mean of five draws."""
    clean, seen = sizes[size], []
    for draw in range(5):
        np.random.seed(draw)
        seen.append(np.sqrt(np.mean((corrupt(clean, severity, name).astype(float) - clean) ** 2)))
    return float(np.mean(seen))


mildest, strongest = {}, {}
print("root mean squared change, in grey levels:    48 px, severity 1    224 px, severity 1   224 px, severity 5")
for name in LENGTHS + OTHERS:
    mildest[name], strongest[name] = damage(48, name, 1), damage(224, name, 5)
    print(f"{name:40s} {mildest[name]:20.1f} {damage(224, name, 1):20.1f} {strongest[name]:20.1f}")
broken = []
for name in get_corruption_names("all"):
    try:
        corrupt(sizes[224], 1, name)
    except (AttributeError, TypeError) as error:
        broken.append(name)
        print(f"{name} raises {type(error).__name__}: {str(error).splitlines()[0]}")
if any(mildest[name] < 0.95 * strongest[name] for name in LENGTHS[:3]):
    raise SystemExit("changed: blurs, warps and blocks follow the size of the face")
if any(mildest[name] > 0.7 * strongest[name] for name in OTHERS):
    raise SystemExit("changed: noise, light and zoom depend on the size of the face")
if sorted(broken) != ["fog", "gaussian_blur", "glass_blur"]:
    raise SystemExit("changed: other corruptions raise")
P
echo "as found: severity 1 of lengths at 48 px is severity 5 at 224 px, and three corruptions raise"
