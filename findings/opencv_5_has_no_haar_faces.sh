#!/usr/bin/env bash
# Surprise: `pip install opencv-python` of today (5.0) finds no faces any more: cv2.CascadeClassifier is gone, and
#   cv2.data.haarcascades, which every tutorial joins a file name to, is still there and names a folder without one
#   cascade. Both live on in opencv-contrib-python 5 alone, with the boxes of OpenCV 4 to the pixel. HOGDescriptor,
#   by which older papers' features are made, has moved with them.
# Hurts: scripts that cut faces out of photographs or a camera's pictures for expression recognition; the Haar cascade
#   is the detector of most of them. An AttributeError names neither the other package nor the version.
# Do: install opencv-contrib-python (not beside opencv-python: they write into one folder), or opencv-python<5.
# Seen with opencv-python 5.0.0.93 and 4.14.0.94, opencv-contrib-python 5.1.0.95, Python 3.11, 2026-12-01.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > faces.py <<'P'
import json
import os
import sys

import cv2
import numpy as np
from skimage import data

cv2.setNumThreads(1)  # with several, the order of candidates, and so a box by a pixel, may change
files = [name for name in os.listdir(cv2.data.haarcascades) if name.endswith(".xml")]
found = None
if hasattr(cv2, "CascadeClassifier"):
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    people = [cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)]
    for face in data.lfw_subset()[:100]:
        large = cv2.resize((face * 255).astype(np.uint8), (100, 100), interpolation=cv2.INTER_CUBIC)
        people.append(cv2.copyMakeBorder(large, 30, 30, 30, 30, cv2.BORDER_REPLICATE))
    found = [np.asarray(cascade.detectMultiScale(one, 1.1, 5)).reshape(-1, 4).tolist() for one in people]
seen = {"files": len(files), "hog": hasattr(cv2, "HOGDescriptor"), "boxes": found}
print(sys.argv[1], "cv2", cv2.__version__, "| CascadeClassifier:", found is not None, "| HOGDescriptor:",
      seen["hog"], "| files of cascades:", len(files),
      "| faces found in 101 pictures:", sum(map(len, found)) if found else "none")
with open(sys.argv[1] + ".json", "w") as out:
    json.dump(seen, out)
P
for package in opencv-python==4.14.0.94 opencv-python==5.0.0.93 opencv-contrib-python==5.1.0.95; do
  python3 -m venv "$package"
  "$package/bin/pip" install --quiet "$package" scikit-image==0.26.0 numpy==2.4.6 2>/dev/null
  "$package/bin/python" faces.py "$package"
done
python3 - <<'P'
import json
from pathlib import Path

old, new, contrib = (json.loads(Path(f"opencv-{name}.json").read_text())
                     for name in ("python==4.14.0.94", "python==5.0.0.93", "contrib-python==5.1.0.95"))
if new["boxes"] is not None or new["files"] or new["hog"]:
    raise SystemExit("changed: opencv-python 5 has Haar cascades or HOG")
if not (old["hog"] and contrib["hog"] and old["boxes"]) or contrib["boxes"] != old["boxes"]:
    raise SystemExit("changed: opencv-contrib-python 5 does not find the faces of OpenCV 4")
P
echo "as found: opencv-python 5 has no Haar cascade, contrib's finds the same boxes as OpenCV 4"
