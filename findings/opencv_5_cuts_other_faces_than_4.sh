#!/usr/bin/env bash
# Surprise: with one matrix and one image, cv2.warpAffine of OpenCV 5 gives other pixels than OpenCV 4: 5
#   interpolates exactly, 4 in coarse fixed point. A `pip install -U` is enough, no call changes.
# Hurts: data sets of aligned faces that are extended, or trained on and tested, with both versions, and
#   whoever compares crops by hash; published weights were fitted to the old crops.
# Do: record OpenCV's version with aligned faces, pin it (opencv-python-headless<5) or align all again.
# Seen with opencv-python-headless 4.14.0.94 and 5.0.0.93, Python 3.11, 2026-11-29.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > cut.py <<'P'
import sys

import cv2
import numpy as np
from skimage import data

photo = data.astronaut()
matrix = np.array([[0.61, 0.07, -97.3], [-0.07, 0.61, -10.7]])  # her face, 112 px
ways = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
crops = {name: cv2.warpAffine(photo, matrix, (112, 112), flags=flag) for name, flag in ways.items()}
np.savez(sys.argv[1], version=cv2.__version__, **crops)
P
for version in 4.14.0.94 5.0.0.93; do
  python3 -m venv "$version"
  "$version/bin/pip" install --quiet "opencv-python-headless==$version" scikit-image==0.26.0 numpy==2.4.0
  "$version/bin/python" cut.py "$version.npz"
done
5.0.0.93/bin/python - <<'P'
import numpy as np

old, new = np.load("4.14.0.94.npz"), np.load("5.0.0.93.npz")
print("opencv", old["version"], "and", new["version"])
for name in ("linear", "cubic"):
    gap = np.abs(old[name].astype(int) - new[name].astype(int))
    print(f"{name}: {np.mean(gap > 0):.0%} of the values of the same crop of a photograph differ, by up "
          f"to {gap.max()} grey levels")
    if gap.max() < 2:
        raise SystemExit("changed: both versions give the same crop")
P
echo "as found: the same call cuts another face"
