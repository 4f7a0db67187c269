#!/usr/bin/env bash
# Surprise: PyPI `fer` widens each face by 10 pixels a side before it looks at it, whatever the face's size: a
#   face of 50 px becomes 1.4 times as wide, one of 500 px 1.04 times. So the same photograph is another
#   face to it at another size: of a hundred faces, given with their boxes, many get another answer when the
#   picture is twice, four or eight times as large, and the probabilities move with it.
# Hurts: whoever compares it with other tools on sets of different resolution (FER2013 at 48 px, RAF-DB
#   photographs of some hundred), or films: people who come nearer change their expression.
# Do: bring every face to one size first (say 64 px, what the network takes), or hand over boxes and
#   `offsets=(0, 0)`, with the margin as a share of the box in the boxes themselves.
# Seen with fer 25.10.3, tensorflow-cpu 2.21.0, OpenCV 4.14.0.94, scikit-image 0.26.0, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
# fer also asks for packages that read films and find faces; this needs none of them.
venv/bin/pip install --quiet tensorflow-cpu==2.21.0 opencv-contrib-python-headless==4.14.0.94 \
  scikit-image==0.26.0 requests==2.32.5 "setuptools==80.9.0" 2>/dev/null
venv/bin/pip install --quiet --no-deps fer==25.10.3 2>/dev/null
TF_CPP_MIN_LOG_LEVEL=3 venv/bin/python -W ignore - 2>/dev/null <<'P'
from importlib.metadata import version

import cv2
import numpy as np
from fer.fer import FER
from skimage.data import lfw_subset

print("fer", version("fer"), "tensorflow", version("tensorflow_cpu"), "OpenCV", cv2.__version__)
faces = (lfw_subset()[:100] * 255).astype(np.uint8)  # a hundred photographs of 25 x 25 px


def answers(network: FER, side: int) -> np.ndarray:
    """Probabilities of the same part of each photograph, enlarged to `side` pixels."""
    found = []
    box = (side // 8, side // 8, side - side // 4, side - side // 4)
    for face in faces:
        large = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
        said = network.detect_emotions(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), [box])
        found.append(list(said[0]["emotions"].values()))
    return np.array(found)


def changed(network: FER, of: int, other: int) -> tuple[int, float]:
    """How many faces get another answer, and how far their probabilities move at most, as a mean."""
    one, two = answers(network, of), answers(network, other)
    return int((one.argmax(1) != two.argmax(1)).sum()), float(abs(one - two).max(1).mean())


usual, none = FER(), FER(offsets=(0, 0))
counts = {}
for side in (128, 256, 512):
    counts[side], moved = changed(usual, 64, side)
    alone, moved_alone = changed(none, 64, side)
    print(f"64 px against {side} px: {counts[side]} of 100 faces are answered otherwise (a probability "
          f"moves by {moved:.2f}); without the margin of 10 px {alone} ({moved_alone:.2f})")
if not counts[512] > 2 * max(alone, 4):
    raise SystemExit("changed: the size of a face no longer matters")
P
echo "as found: the same faces are answered otherwise when they are larger, because the margin is 10 px"
