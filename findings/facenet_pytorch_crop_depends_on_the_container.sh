#!/usr/bin/env bash
# Surprise: MTCNN of facenet-pytorch finds the same box in a photograph whether it is given as a Pillow image, a NumPy
#   array or a tensor, and then cuts another face out of each: Pillow's bilinear resizing, OpenCV's INTER_AREA and torch's
#   area pooling in turn. Where a face is smaller than the crop, as in most sets of expressions, the latter two repeat
#   pixels: faces of blocks, where Pillow's are smooth. Nothing in its documentation says so.
# Hurts: networks that are trained on faces cut from Pillow images and used on a camera's arrays (OpenCV) or on tensors;
#   wrinkles and edges, what an expression is read from, are what differs.
# Do: give MTCNN one container everywhere, or take boxes from `detect` and cut faces yourself.
# Seen with facenet-pytorch 2.5.3 (2.6.0 has the same code), torch 2.14.1, opencv-python-headless 4.14.0.94,
#   Python 3.11, 2026-12-01.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet facenet-pytorch==2.5.3 torch==2.14.1 torchvision==0.29.1 \
  opencv-python-headless==4.14.0.94 scikit-image==0.26.0 numpy==2.4.6 2>/dev/null
venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
import torch
from facenet_pytorch import MTCNN
from PIL import Image
from skimage import data

print("facenet-pytorch", version("facenet-pytorch"), "torch", version("torch"), "opencv",
      version("opencv-python-headless"))
torch.set_num_threads(1)
detector = MTCNN(image_size=224, margin=0, post_process=False)


def blocks(crop: torch.Tensor) -> float:
    """Share of equal neighbours in a row: 0 in a smooth enlargement, near 1 in one of blocks."""
    return float((crop[:, :, 1:] == crop[:, :, :-1]).float().mean())


gaps = {}
for size in (128, 256, 1024):
    photo = Image.fromarray(data.astronaut()).resize((size, size), Image.Resampling.BICUBIC)
    array = np.array(photo)
    given = {"Pillow": photo, "array": array, "tensor": torch.from_numpy(array)}
    boxes = {name: detector.detect(one)[0].astype(float) for name, one in given.items()}
    if any(np.abs(box - boxes["Pillow"]).max() > 1e-3 for box in boxes.values()):
        raise SystemExit("changed: the containers have other boxes")
    crops = {name: detector(one).float() for name, one in given.items()}
    gaps[size] = [(crops["Pillow"] - crops[name]).abs().mean().item() for name in ("array", "tensor")]
    width = boxes["Pillow"][0, 2] - boxes["Pillow"][0, 0]
    print(f"a face {width:.0f} px wide, one box, crops of 224 px: array and tensor differ from Pillow by "
          "{:.1f} and {:.1f} grey levels a value;".format(*gaps[size]),
          "equal neighbours", ", ".join(f"{name} {blocks(crop):.0%}" for name, crop in crops.items()))
    if size == 128 and not (blocks(crops["Pillow"]) < 0.3 and min(map(blocks, list(crops.values())[1:])) > 0.8):
        raise SystemExit("changed: small faces are enlarged alike")
if min(gaps[128]) < 4 or min(gaps[256]) < 2:
    raise SystemExit("changed: the containers give the same crop")
P
echo "as found: one photograph, one box, three crops"
