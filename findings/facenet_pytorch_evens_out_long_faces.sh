#!/usr/bin/env bash
# Surprise: MTCNN of facenet-pytorch returns square crops, and the box that it finds is not square: each face
#   is squeezed by its own box, which is longer where the face is. Faces come out about a quarter too short,
#   and almost half of what makes one longer than another is gone. Its maintainers mean it so: their
#   networks for identity were trained on such crops.
# Hurts: facial expression recognition. How far the chin is below the eyes, as in surprise, is what is to be
#   recognized; and crops cut so do not go with faces aligned by landmarks (RAF-DB, MS1M weights).
# Do: take boxes and landmarks from `detect`, and align by a similarity, or make the box square first.
# Seen with facenet-pytorch 2.5.3 (2.6.0 has the same code), torch 2.14.1, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet facenet-pytorch==2.5.3 torch==2.14.1 torchvision==0.29.1 \
  scikit-image==0.26.0 numpy==2.4.6 2>/dev/null
venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from facenet_pytorch import MTCNN
from PIL import Image
from skimage import data

print("facenet-pytorch", version("facenet-pytorch"), "torch", version("torch"))
SIZE = 160
detector = MTCNN(SIZE, margin=0, post_process=False)
person = Image.fromarray(data.astronaut()).crop((100, 0, 380, 300))


def length(points: np.ndarray) -> float:
    """From the eyes' middle to the mouth's, in eye distances; points (5, 2)."""
    return float(np.hypot(*(points[3:].mean(0) - points[:2].mean(0))) / np.hypot(*(points[1] - points[0])))


seen = []
for stretch in (0.8, 1.0, 1.2):
    photo = person.resize((280, round(300 * stretch)), Image.Resampling.BICUBIC)
    boxes, _, points = detector.detect(photo, landmarks=True)
    box, points = boxes[0].astype(float), points[0].astype(float)
    own = np.asarray(photo.crop([int(x) for x in box]).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    if np.abs(detector(photo).permute(1, 2, 0).numpy() - own).max() > 1:
        raise SystemExit("changed: the crop is not its box, squeezed to a square")
    seen.append((length(points), length((points - box[:2]) / (box[2:] - box[:2]))))
    print(f"face {stretch:.1f} as long: box {box[2] - box[0]:.0f} x {box[3] - box[1]:.0f} px; eyes to mouth "
          "{:.2f} eye distances in the photograph, {:.2f} in the crop".format(*seen[-1]))
(short, short_crop), (true, crop), (tall, tall_crop) = seen
print(f"shortest to longest: {tall / short - 1:+.0%} in the photographs, {tall_crop / short_crop - 1:+.0%} in "
      "the crops")
if crop > 0.85 * true or tall_crop / short_crop - 1 > 0.7 * (tall / short - 1):
    raise SystemExit("changed: crops keep the proportions of faces")
P
echo "as found: crops are squeezed, long faces more than short ones"
