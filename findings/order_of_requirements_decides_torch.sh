#!/usr/bin/env bash
# Surprise: with facenet-pytorch, the order of a requirements file decides which torch is installed.
#   `pip install torch torchvision facenet-pytorch` takes today's torch and facenet-pytorch 2.5.3; the same
#   three with facenet-pytorch first, as a sorted file has them, take facenet-pytorch 2.6.0, which bounds
#   all others, and with it torch 2.2, torchvision 0.17, numpy 1.26 and Pillow 10.2. Nothing is reported.
# Hurts: who finds faces with MTCNN: sorting the file, or naming another package first, changes the torch that
#   everything is trained with by years, and speed, numbers and files of weights with it.
# Do: facenet-pytorch==2.5.3: it has the same detector and bounds nothing.
# Seen with facenet-pytorch 2.6.0 and 2.5.3, torch 2.14.1 and 2.2.2, pip 26.3 (and 23.2), Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pip==26.3 2>/dev/null
cat > plan.py <<'P'
"""Print what pip would install for the arguments, of a few packages."""
import json
import subprocess
import sys

command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", *sys.argv[1:]]
done = subprocess.run(command, capture_output=True, text=True)
if done.returncode:
    raise SystemExit(done.stderr[-2000:])
found = {i["metadata"]["name"].lower(): i["metadata"]["version"] for i in json.loads(done.stdout)["install"]}
shown = ("facenet-pytorch", "torch", "torchvision", "numpy", "pillow")
print(" ".join(f"{name} {found[name]}" for name in shown if name in found))
P
for wanted in "torch torchvision facenet-pytorch" "facenet-pytorch torch torchvision" \
    "facenet-pytorch==2.5.3 torch torchvision"; do
  echo "--- pip install $wanted"
  # shellcheck disable=SC2086  # several arguments
  venv/bin/python plan.py $wanted | tee -a said.txt
done
newest='^facenet-pytorch 2\.6\.0 torch 2\.2\..* numpy 1\..* pillow 10\.2'
usual='^facenet-pytorch 2\.5\.3 torch 2\.[1-9][0-9]'
if ! sed -n 2p said.txt | grep -q "$newest" || [ "$(sed -n '1p;3p' said.txt | grep -c "$usual")" != 2 ]; then
  echo "changed: the order no longer decides"
  exit 1
fi
echo "as found: three names in two orders give two torch, years apart"
