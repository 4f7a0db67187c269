#!/usr/bin/env bash
# Surprise: `dvc repro` gives the repository's lock up while a stage runs and asks for it again at its
#   end, for three seconds. If another dvc command holds it just then, repro fails, dvc.lock does not
#   know the stage, and the next repro removes its output and runs it from the start.
# Hurts: hours of training, when somebody pushes, adds or collects garbage beside it.
# Do: `dvc --wait-for-lock repro`, and nothing else with DVC in that folder meanwhile.
# Seen with dvc 3.67.1, Python 3.11, on 2026-11-29.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet dvc==3.67.1 2>/dev/null
export PATH="$folder/venv/bin:$PATH" DVC_NO_ANALYTICS=1
git init --quiet pipeline
cd pipeline
dvc init --quiet
printf 'stages:\n  train:\n    cmd: echo run >> ../runs; touch ../begun; sleep 6; echo trained > weights\n    outs: [weights]\n' >dvc.yaml
dvc --version
hold='import sys, time
from pathlib import Path
from dvc.repo import Repo
while not Path("../begun").exists():
    time.sleep(0.1)
with Repo().lock:
    time.sleep(float(sys.argv[1]))'
python -c "$hold" 14 &   # what any long command does: add, push, gc, commit
if dvc repro >../said 2>&1; then status=0; else status=$?; fi
wait
tail -n 2 ../said
echo "dvc repro ended with $status; weights: $(cat weights); dvc.lock: $(test -f dvc.lock && echo there || echo none)"
test "$status" -ne 0 && test -f weights && ! test -f dvc.lock || { echo "changed: nothing was lost"; exit 1; }
rm ../begun
dvc repro --quiet
echo "the next repro: the stage ran $(wc -l <../runs) times"
test "$(wc -l <../runs)" -eq 2 || { echo "changed: it was not run again"; exit 1; }

rm -f dvc.lock weights ../runs ../begun
python -c "$hold" 14 &
dvc --wait-for-lock repro --quiet
wait
test -f dvc.lock || { echo "changed: waiting does not help"; exit 1; }
echo "as found: a finished stage is lost to a lock; with --wait-for-lock it is kept"
