#!/usr/bin/env bash
# Surprise: min_face_size of PyPI `mtcnn` 1.0.0 decides how large a face may be too. The number of its pyramid's
#   levels comes from the picture alone, whatever min_face_size is; at the default of 20 px that happens to fit.
#   From 22 to 31 px on (the picture's size decides) the last level is smaller than the first network can take:
#   TensorFlow's error is caught as "no faces found", and every picture is without one, though faces in it are many
#   times as large. Towards 5 px, levels are missing at the other end, and portraits are lost. 0.1.1 does neither.
# Hurts: whoever raises min_face_size to leave out faces in the background, or for speed: each picture of a set
#   becomes one "without a face" and falls out, without an error. Whoever lowers it for small faces loses
#   the largest, as portraits.
# Do: keep min_face_size at 20 and drop small boxes afterwards; shrink large pictures before for speed, enlarge
#   small ones; or mtcnn==0.1.1, whose argument of that name is the constructor's.
# Seen with mtcnn 1.0.0 and 0.1.1, tensorflow-cpu 2.21.0, scikit-image 0.26.0, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet tensorflow-cpu==2.21.0 scikit-image==0.26.0 opencv-python-headless==4.14.0.94 \
  joblib==1.6.0 lz4==4.4.5 numpy==2.4.6 2>/dev/null
for release in 0.1.1 1.0.0; do
  venv/bin/pip install --quiet --no-deps --target "$release" "mtcnn==$release" 2>/dev/null
done

cat > look.py <<'P'
import contextlib
import io
import sys
from importlib.metadata import version

from mtcnn import MTCNN
from skimage.data import astronaut
from skimage.transform import resize

release = version("mtcnn")
photo = astronaut()  # 512 x 512 px, her face about 90 px wide
print("mtcnn", release, "tensorflow", version("tensorflow_cpu"))
detector = MTCNN() if release == "1.0.0" else None


def widths(picture, smallest):
    """How wide the faces are that are found where `smallest` is asked for."""
    with contextlib.redirect_stdout(io.StringIO()):  # progress bars of keras
        if detector is not None:
            faces = detector.detect_faces(picture, min_face_size=smallest)
        else:
            faces = MTCNN(min_face_size=smallest).detect_faces(picture)
    return [face["box"][2] for face in faces]


portrait = (resize(photo[20:220, 130:330], (400, 400)) * 255).astype("uint8")
sizes = (5, 10, 20, 25, 30, 40, 80)
found = {}
for name, picture in (("photograph", photo), ("portrait", portrait)):
    found[name] = {smallest: widths(picture, smallest) for smallest in sizes}
    print(f"{name} of {len(picture)} px, widths of faces found by min_face_size: {found[name]}")
sought = {"0.1.1": sizes, "1.0.0": (10, 20, 25)}[release]
for name, widths_found in found.items():
    if any(widths_found[smallest] == [] for smallest in sought):
        sys.exit("changed: faces are missed at other sizes")
if release == "1.0.0":
    large = [found[name][smallest] for name in found for smallest in (30, 40, 80)]
    if any(large) or any(width > 100 for width in found["portrait"][5]):
        sys.exit("changed: the smallest face no longer decides about larger ones")
P
for release in 0.1.1 1.0.0; do
  TF_CPP_MIN_LOG_LEVEL=3 PYTHONPATH="$folder/$release" venv/bin/python -W ignore look.py 2>said.txt \
    || { tail -n 1 said.txt; exit 1; }
done
echo "as found: a face of 90 px is not found where faces of 30 px or more are asked for"
