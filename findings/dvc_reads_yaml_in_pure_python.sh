#!/usr/bin/env bash
# Surprise: a fresh `pip install dvc` of today reads all YAML in pure Python. ruamel.yaml 0.19 no longer
#   depends on its C parser (ruamel.yaml.clib), and nothing says so: every dvc command only takes longer.
# Hurts: pipelines of many stages (dvc.yaml, dvc.lock, params.yaml are read by every command).
# Do: pip install ruamel.yaml.clib; DVC finds it by itself.
# Seen with dvc 3.67.1, ruamel.yaml 0.19.1, ruamel.yaml.clib 0.2.15, Python 3.11, on 2026-11-29.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet dvc==3.67.1 ruamel.yaml==0.19.1 2>/dev/null
export PATH="$folder/venv/bin:$PATH" DVC_NO_ANALYTICS=1
git init --quiet pipeline
cd pipeline
dvc init --quiet
{
  echo "stages:"
  for i in $(seq 400); do
    printf '  s%s:\n    cmd: cp params.txt o%s\n    deps: [params.txt]\n    outs: [{o%s: {cache: false}}]\n' "$i" "$i" "$i"
  done
} >dvc.yaml
echo x >params.txt
cpu() {  # CPU seconds of `dvc stage list`, the least of three
  python3 - <<'P'
import resource, subprocess
took = []
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["dvc", "stage", "list", "--name-only"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
print(f"{min(took):.2f}")
P
}
dvc --version
if python -c "import _ruamel_yaml" 2>/dev/null; then
  echo "changed: the C parser came along"; exit 1
fi
without=$(cpu)
pip install --quiet ruamel.yaml.clib==0.2.15
with=$(cpu)
echo "dvc stage list of 400 stages: $without CPU s as installed, $with with ruamel.yaml.clib"
python3 -c "import sys; sys.exit(not $without > 1.1 * $with)" || { echo "changed: no difference"; exit 1; }
echo "as found: DVC installs without the C parser, and is slower for it"
