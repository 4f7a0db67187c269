#!/usr/bin/env bash
# Surprise: DVC writes dvc.lock in place: it empties the file, the record of every stage that ever ran, and
#   then dumps all of it anew after each single stage. Beside a repro of ten short cells of 100, about a sixth of
#   all looks at the file find it empty or cut. Where dvc is killed just then (memory, a node's time limit), that
#   stays: an empty file is refused, and a cut one is often still YAML: then DVC takes the stages that it
#   lacks for never run, without any error, and the next stage's end writes that down for good.
# Hurts: grids of many short cells (each end dumps the whole file); scripts, editors, CI and folder
#   synchronisation that read or commit dvc.lock beside a repro; jobs that are killed by a time limit.
# Do: commit dvc.lock often, and `git checkout` it after a kill (what is in DVC's cache is then restored, not
#   run); split a large dvc.yaml, each has a lock file of its own; read it only under .dvc/tmp/lock.
# Seen with dvc 3.67.1, ruamel.yaml 0.19.1 and its C parts, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet dvc==3.67.1 ruamel.yaml==0.19.1 ruamel.yaml.clib==0.2.15 2>/dev/null
export PATH="$folder/venv/bin:$PATH" DVC_NO_ANALYTICS=1
git init --quiet pipeline
cd pipeline
dvc init --quiet
mkdir made
cat >dvc.yaml <<'Y'
stages:
  cell:
    matrix: {model: [a, b, c, d, e, f, g, h, i, j], seed: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}
    cmd: echo ${item.model}${item.seed} > made/${item.model}${item.seed}
    deps:
    - of_${item.model}
    outs:
    - made/${item.model}${item.seed}
Y
touch of_{a,b,c,d,e,f,g,h,i,j}
echo "dvc $(dvc --version)"
dvc repro --quiet
python - <<'P'
import os
import signal
import subprocess
import time
from pathlib import Path

import ruamel.yaml

LOCK = Path("dvc.lock")


def stages():
    """How many stages the file knows of; None where it is no YAML."""
    try:
        found = ruamel.yaml.YAML(typ="safe").load(LOCK.read_text())
        return len((found or {}).get("stages") or {})
    except (ruamel.yaml.YAMLError, AttributeError):
        return None


def repro():
    """Run the ten cells of one model again, which writes the file ten times."""
    Path("of_c").write_text(str(time.time()))
    return subprocess.Popen(["dvc", "repro", "--quiet"], start_new_session=True)


def status():
    said = subprocess.run(["dvc", "status"], capture_output=True, text=True, check=False)
    return said.returncode, (said.stdout + said.stderr).strip().splitlines()


whole, size = stages(), LOCK.stat().st_size
print(f"dvc.lock knows {whole} stages, in {size} bytes; dvc status: {status()[1][-1]}")

process, looks, empty, cut = repro(), 0, 0, 0
while process.poll() is None:
    now = LOCK.stat().st_size
    looks, empty, cut = looks + 1, empty + (now == 0), cut + (0 < now < size)
    time.sleep(0.001)
print(f"while ten cells of {whole} ran again: of {looks} looks, {empty} found an empty file and {cut} a cut one")

before = LOCK.read_bytes()
left = {}
for wanted in ("empty", "cut"):
    for _ in range(20):
        LOCK.write_bytes(before)
        process = repro()
        while process.poll() is None:
            now = LOCK.stat().st_size
            if (now == 0) if wanted == "empty" else (0 < now < size):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if (now := LOCK.stat().st_size) < size and (now == 0) == (wanted == "empty"):
            left[wanted] = now
            break
    if wanted in left:
        code, said = status()
        changed = sum("changed" not in line and line.startswith("cell@") for line in said)
        print(f"killed just then: {left[wanted]} bytes stay, which know of {stages()} stages; dvc status ends "
              f"with {code}, lists {changed} cells, and says first: {said[0][:90]}")
LOCK.write_bytes(before)  # as `git checkout dvc.lock` does
print(f"with the file of before: {stages()} stages")
if not (empty + cut and len(left) == 2):
    raise SystemExit("changed: dvc.lock is never empty or cut")
P
echo "as found: dvc.lock is empty or cut while dvc writes it, and stays so after a kill"
