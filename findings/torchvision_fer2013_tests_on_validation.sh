#!/usr/bin/env bash
# Surprise: split="test" of torchvision.datasets.FER2013 is PublicTest and PrivateTest together, 7,178 faces
#   of the real file. The field validates on the first and reports the second (3,589 each); torchvision
#   has no split for either, keeps no Usage, and its page says nothing of it.
# Hurts: accuracies "on the test set" of such code are of other faces than those of papers beside them, and
#   half of them are faces that published networks were chosen on. Who takes it for validation, for want of
#   another split, chooses on the test faces themselves.
# Do: read the column Usage of fer2013.csv, and test on PrivateTest alone.
# Seen with torchvision 0.29.1, torch 2.14.1, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.14.1 torchvision==0.29.1 2>/dev/null
venv/bin/python -W ignore - <<'P'
import csv
import hashlib
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from torchvision.datasets import FER2013

print("torchvision", version("torchvision"))
# A file laid out as the published one, with a hundredth of its rows; a face's grey tells its Usage.
rows = {"Training": 287, "PublicTest": 36, "PrivateTest": 36}
grey = dict(zip(rows, (10, 20, 30)))
place = Path("fer2013", "fer2013.csv")
place.parent.mkdir()
with place.open("w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["emotion", "pixels", "Usage"])
    for usage, count in rows.items():
        out.writerows([i % 7, " ".join([str(grey[usage])] * 48 * 48), usage] for i in range(count))


class Drawn(FER2013):
    """torchvision's class, told the checksum of the drawn file in place of the published one's."""

    _RESOURCES = FER2013._RESOURCES | {"fer": (place.name, hashlib.md5(place.read_bytes()).hexdigest())}


for split in ("train", "test"):
    faces = Drawn(".", split=split)
    usages = {value: usage for usage, value in grey.items()}
    held = Counter(usages[face.getpixel((0, 0))] for face, _ in faces)
    print(f"split={split!r}: {len(faces)} faces: {dict(held)}; an item holds", *map(type, faces[0]))
if dict(held) != {"PublicTest": 36, "PrivateTest": 36}:
    raise SystemExit("changed: the test split is not both tests")
try:
    Drawn(".", split="val")
except ValueError as error:
    print(f"split='val': {error}")
else:
    raise SystemExit("changed: there is a split for validation")
P
echo "as found: the test split holds the validation faces, and nothing tells them apart"
