#!/usr/bin/env bash
# Surprise: `import face_recognition` (1.3.0, the newest release; masks of the wear-a-mask tools are placed
#   with it) ends Python, with status 0, where setuptools is 82 or newer or absent, as in a fresh venv of
#   Python 3.12. It says that face_recognition_models is not installed. It is: that package fails for lack
#   of pkg_resources, and the cause is swallowed. No `except Exception` sees it, for it is a SystemExit.
# Hurts: a script that masks a dataset ends at its import without a picture written, and `set -e`, make and
#   DVC take its stage for done. Installing the models again, as the message asks, changes nothing.
# Do: pip install "setuptools<82" beside it (pkg_resources is there until 81), and check that a mask
#   tool's pictures are there.
# Seen with face_recognition 1.3.0, face_recognition_models 0.3.0, dlib-bin 20.0.1.post1,
#   setuptools 82.0.0 and 81.0.0, Python 3.11, on 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
# dlib-bin is dlib built beforehand: nothing is compiled here.
venv/bin/pip install --quiet --no-deps face_recognition==1.3.0 face_recognition_models==0.3.0 \
  dlib-bin==20.0.1.post1 numpy==2.4.6 pillow==12.0.0 click==8.3.1 2>/dev/null

cat > mask.py <<'P'
from importlib.metadata import version
for name in ("face_recognition", "face_recognition_models", "setuptools"):
    print(name, version(name), "is installed", flush=True)
try:
    import face_recognition
except Exception as error:
    print("caught:", error)
print("now faces would be masked:", face_recognition.face_landmarks.__name__)
P

venv/bin/pip install --quiet setuptools==82.0.0 2>/dev/null
echo "--- with setuptools 82.0.0"
status=0
venv/bin/python mask.py > said.txt || status=$?
cat said.txt
echo "exit status $status"
if [ "$status" != 0 ] || grep -q "masked\|caught" said.txt || ! grep -q "Please install" said.txt; then
  echo "changed: the import fails with a status, or works"
  exit 1
fi
echo "--- why: the models' package alone"
why=$(venv/bin/python -c "import face_recognition_models" 2>&1 | tail -1) || true
echo "$why"
case $why in *"No module named 'pkg_resources'"*) ;; *) echo "changed: another cause"; exit 1 ;; esac

venv/bin/pip install --quiet setuptools==81.0.0 2>/dev/null
echo "--- with setuptools 81.0.0"
venv/bin/python -W ignore mask.py | tee said.txt
grep -q masked said.txt || { echo "changed: it does not work with setuptools 81 either"; exit 1; }
echo "Python ended with success before the first face; with an older setuptools the same file goes on."
