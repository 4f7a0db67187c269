#!/usr/bin/env bash
# Surprise: "left_eye" is the eye on the left of the picture for face_recognition (and, by its README, for PyPI's
#   mtcnn), which is the person's right one, and the person's left eye for mediapipe: one name, two eyes.
#   face_recognition calls dlib's points 37 to 42 so, which in the annotation that they come from (300-W) are
#   the right eye.
# Hurts: faces aligned with landmarks of one tool to a template of another (mouth corners go with the eyes): a
#   similarity then fits best upside down, small and without an error; masks, half faces, sides of action
#   units (asymmetric smiles), and landmarks of two tools pooled in one file by name.
# Do: go by position, smaller x first, and refuse a face whose fitted rotation exceeds 90 degrees.
# Seen with face_recognition 1.3.0, mediapipe 0.10.21, scikit-image 0.25.2, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
# dlib-bin is dlib built beforehand: nothing is compiled here.
venv/bin/pip install --quiet mediapipe==0.10.21 scikit-image==0.25.2 dlib-bin==20.0.1.post1 click==8.3.1 \
  "setuptools==80.9.0" 2>/dev/null
venv/bin/pip install --quiet --no-deps face_recognition==1.3.0 face_recognition_models==0.3.0 2>/dev/null
venv/bin/python -W ignore - 2>/dev/null <<'P'
from importlib.metadata import version

import face_recognition
import mediapipe as mp
import numpy as np
from skimage.data import astronaut
from skimage.transform import SimilarityTransform

for name in ("face_recognition", "mediapipe", "scikit-image"):
    print(name, version(name), end="  ")
print()
picture = astronaut()  # a portrait, 512 x 512 px
detection = mp.solutions.face_detection
with detection.FaceDetection() as detector:
    face = detector.process(picture).detections[0]
point = detection.FaceKeyPoint
names = {"left_eye": point.LEFT_EYE, "right_eye": point.RIGHT_EYE, "nose_tip": point.NOSE_TIP}
ours = {n: detection.get_key_point(face, key) for n, key in names.items()}
ours = {n: np.array([p.x, p.y]) * 512 for n, p in ours.items()}
theirs = {n: np.mean(p, axis=0) for n, p in face_recognition.face_landmarks(picture)[0].items() if n in names}
for tool, points in (("mediapipe", ours), ("face_recognition", theirs)):
    print(f"{tool:17}", {n: tuple(int(v) for v in p.round()) for n, p in points.items()})


def fitted(source: list[np.ndarray], target: list[np.ndarray]) -> SimilarityTransform:
    fit = SimilarityTransform()
    fit.estimate(np.array(source), np.array(target))
    return fit


by_name = fitted([ours[n] for n in names], [theirs[n] for n in names])
swapped = {"left_eye": "right_eye", "right_eye": "left_eye", "nose_tip": "nose_tip"}
by_place = fitted([ours[swapped[n]] for n in names], [theirs[n] for n in names])
for way, fit in (("by name", by_name), ("by place", by_place)):
    print(f"aligned {way}: turned by {abs(np.degrees(fit.rotation)):.0f} degrees, {fit.scale:.2f} times as large")
same_side = (ours["left_eye"][0] < ours["right_eye"][0]) == (theirs["left_eye"][0] < theirs["right_eye"][0])
if same_side or abs(np.degrees(by_name.rotation)) < 90 or abs(np.degrees(by_place.rotation)) > 10:
    raise SystemExit("changed: the two tools mean the same eye")
P
echo "as found: the left eye of one tool is the right eye of the other, and a face aligned by name stands on its head"
