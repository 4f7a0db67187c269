#!/usr/bin/env bash
# Surprise: PyPI `fer` 25.10.3 has no `FER` where its own README imports it: `from fer import FER` is an
#   ImportError, in every environment. The package's __init__ holds a version and no import at all.
# Hurts: whoever installs it today and follows the README; older versions had the name there.
# Do: from fer.fer import FER. That module also needs pkg_resources, which no dependency of it brings:
#   pip install "setuptools<81" beside it.
# Seen with fer 25.10.3, Python 3.11, on 2026-11-29.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
# Its dependencies (tensorflow among them, hundreds of megabytes) make no difference to an __init__
# that imports none of them; `import fer` alone succeeds below.
venv/bin/pip install --quiet --no-deps fer==25.10.3 2>/dev/null
venv/bin/python - <<'P'
import ast
from importlib.metadata import metadata, requires, version
from pathlib import Path

import fer

place = Path(fer.__file__).parent
print("fer", version("fer"), "imports by itself; its names:", [n for n in dir(fer) if n[0] != "_"])
modules = {node.name for node in ast.walk(ast.parse((place / "fer.py").read_text()))
           if isinstance(node, ast.ClassDef)}
needs = {a.name for node in ast.walk(ast.parse((place / "fer.py").read_text()))
         if isinstance(node, ast.Import) for a in node.names}
if "from fer import FER" not in metadata("fer").as_string():
    raise SystemExit("changed: the README imports it otherwise")
brought = [r for r in requires("fer") if "extra ==" not in r]
print("fer/fer.py defines", sorted(modules), "and imports", sorted(needs))
print("dependencies:", brought)
try:
    from fer import FER
except ImportError as error:
    print("from fer import FER ->", str(error).split(" (")[0])
else:
    raise SystemExit("changed: from fer import FER works")
if "FER" not in modules or "pkg_resources" not in needs:
    raise SystemExit("changed: fer/fer.py is another one")
if any(r.startswith("setuptools") for r in brought):
    raise SystemExit("changed: setuptools is a dependency now")
P
echo "as found: the README's import fails"
