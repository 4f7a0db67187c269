#!/usr/bin/env bash
# Surprise: mediapipe 1 finds no face out of the box. `mediapipe.solutions` (FaceMesh, FaceDetection), by which
#   years of repositories crop and align faces, is gone, and so are the networks: 0.10.21 held them, 1.2.3
#   holds none, and the interface that is left asks for a file of which its message says nothing.
# Hurts: alignment, crops and landmarks of faces that were made with an unpinned mediapipe; machines without a
#   way out (clusters, clean CI): what an install brought before must now be fetched from elsewhere, in a
#   version of one's own choice, and crops depend on which.
# Do: mediapipe==0.10.21 (it wants numpy 1), or keep a network's file (face_landmarker.task) with its checksum
#   beside the code and pass it as model_asset_path.
# Seen with mediapipe 1.2.3 and 0.10.21, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > look.py <<'P'
from importlib.metadata import version
from pathlib import Path

import mediapipe as mp
from skimage.data import astronaut

networks = [file for kind in ("tflite", "task", "binarypb") for file in Path(mp.__file__).parent.rglob(f"*.{kind}")]
print("mediapipe", version("mediapipe"), "holds", len(networks), "files of networks and graphs; solutions:",
      hasattr(mp, "solutions"))
if hasattr(mp, "solutions"):
    with mp.solutions.face_mesh.FaceMesh(static_image_mode=True) as mesh:
        faces = mesh.process(astronaut()).multi_face_landmarks
    print("FaceMesh finds", len(faces or []), "face of", len(faces[0].landmark), "points")
else:
    from mediapipe.tasks.python import BaseOptions, vision
    try:
        vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(base_options=BaseOptions()))
    except Exception as error:
        print("FaceLandmarker without a file:", type(error).__name__, str(error).splitlines()[0][:150])
P
for release in 0.10.21 1.2.3; do
  python3 -m venv "venv_$release"
  "venv_$release/bin/pip" install --quiet mediapipe==$release scikit-image==0.25.2 2>/dev/null
  "venv_$release/bin/python" -W ignore look.py 2>/dev/null | tee -a said.txt
done
grep -q "0.10.21 holds [1-9].*solutions: True" said.txt && grep -q "FaceMesh finds 1 face" said.txt \
  || { echo "changed: 0.10.21 finds no face by itself"; exit 1; }
grep -q "1.2.3 holds 0 files.*solutions: False" said.txt && grep -q "FaceLandmarker without a file" said.txt \
  || { echo "changed: 1.2.3 has solutions or networks again"; exit 1; }
echo "as found: what finds a face by itself in 0.10.21 is not in 1.2.3"
