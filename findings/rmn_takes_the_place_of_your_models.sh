#!/usr/bin/env bash
# Surprise: `pip install rmn` (Residual Masking Network) also installs a package named `models`, and it goes
#   before the folder `models/` of a repository that has no `__init__.py` there, though that stands first
#   on the path: a folder alone is a namespace, and Python takes any later package instead of it.
# Hurts: who compares rmn with code of the field, which often has such a folder (POSTER and POSTER++ do).
#   `from models.resnet import resnet18` then gives rmn's network, without a word: another one is trained than
#   the file beside the script says. What rmn has no file for ends in ModuleNotFoundError.
# Do: an environment of its own for rmn, or an empty `models/__init__.py` where rmn is not imported: with it,
#   `import rmn` fails, for it looks for its networks in yours.
# Seen with rmn 3.3.0, torch 2.14.1, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.14.1 pytorchcv==0.0.74 2>/dev/null
mkdir -p repository/models
echo 'def resnet18(): return "the network of this repository"' >repository/models/resnet.py
cat > repository/train.py <<'P'
from models.resnet import resnet18

network = resnet18()
print(network if isinstance(network, str) else f"{sum(p.numel() for p in network.parameters()):,} weights of "
      + resnet18.__code__.co_filename.split("site-packages/")[-1] + " in site-packages")
P
before=$(venv/bin/python -W ignore repository/train.py)
venv/bin/pip install --quiet --no-deps rmn==3.3.0 2>/dev/null
after=$(venv/bin/python -W ignore repository/train.py)
touch repository/models/__init__.py
mended=$(venv/bin/python -W ignore repository/train.py)
venv/bin/pip list 2>/dev/null | grep -E '^(rmn|torch) '
echo "models.resnet before rmn was installed: $before"
echo "after: $after"
echo "with models/__init__.py: $mended"
[[ $before == *"this repository" && $after == *"models/resnet.py in site-packages" && $mended == "$before" ]] \
  || { echo "changed: rmn leaves the repository's own folder alone"; exit 1; }
echo "as found: installing rmn changed which network train.py trains"
