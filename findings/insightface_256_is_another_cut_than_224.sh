#!/usr/bin/env bash
# Surprise: image_size of InsightFace's norm_crop (and of uniface's face_alignment) chooses the cut, not only
#   its pixels. Multiples of 112 scale the usual template. Multiples of 128 do not: 256 is the crop of 224
#   with 16 more columns on either side and 32 more rows below, the face no larger, and higher up.
# Hurts: expression networks are fed 224 px. Faces cut at 256 "to have some in reserve" and resized, or sets
#   of which one was cut at 112 or 224 and another at 128, 256 or 512, show smaller and shifted faces: a
#   comparison between sets, or with published weights, then measures the alignment too.
# Do: keep to multiples of 112 for all sets (448 leaves a reserve), or say with a set which family it is of.
# Seen with insightface 2.1, uniface 4.2.1, OpenCV 5.0.0.93, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --no-deps insightface==2.1 uniface==4.2.1 2>/dev/null
venv/bin/pip install --quiet onnxruntime==1.27.0 onnx==1.22.0 opencv-python-headless==5.0.0.93 \
  scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6 requests==2.32.5 tqdm==4.67.1 2>/dev/null
venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from insightface.utils.face_align import norm_crop
from skimage import data
from uniface import face_alignment

print("insightface", version("insightface"), "uniface", version("uniface"))
photo = data.astronaut()
# Her eyes, nose and mouth corners.
points = np.array([[205, 102], [247, 104], [225, 129], [202, 139], [245, 142]], np.float32)
ways = {
    "norm_crop": lambda size: norm_crop(photo, points, size),
    "face_alignment": lambda size: face_alignment(photo, points, size)[0],
}
for name, cut in ways.items():
    small, wide, large = (cut(size).astype(int) for size in (224, 256, 448))
    inner = np.abs(wide[:224, 16:240] - small).max()
    halved = large.reshape(224, 2, 224, 2, 3).mean((1, 3))
    stretched = wide[np.arange(224) * 256 // 224][:, np.arange(224) * 256 // 224]
    print(f"{name}: 256 px without 16 columns left and right and 32 rows below differs from 224 px by at "
          f"most {inner} of 255; grey levels from 224 px on average: 448 px halved "
          f"{np.abs(halved - small).mean():.0f}, 256 px resized {np.abs(stretched - small).mean():.0f}")
    if inner > 2 or np.abs(halved - small).mean() * 4 > np.abs(stretched - small).mean():
        raise SystemExit("changed: crops of 224 and 256 px are the same cut")
P
echo "as found: a crop of 256 px is one of 224 px with a margin on three sides"
