"""One range of Python versions is admitted, and Makefile, doctor and pages say the same of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fer_bench import doctor

ROOT = Path(__file__).parents[1]
REQUIRED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
LOW, ABOVE = map(int, re.fullmatch(r">=3\.(\d+),<3\.(\d+)", REQUIRED).groups())
RANGE = f"3.{LOW} to 3.{ABOVE - 1}"
REFUSED = (
    "of the pinned releases torch, torchvision, triton, numpy, scipy, ray, onnxruntime, contourpy, "
    f"PyYAML and ruamel.yaml.clib have no build for 3.{ABOVE}"
)
MINORS = pytest.mark.parametrize("minor", [LOW - 1, LOW, ABOVE - 1, ABOVE])


@MINORS
def test_make_refuses_others_before_it_makes_an_environment(tmp_path, minor):
    python = tmp_path / "python"
    python.write_text(f"""#!/bin/sh
[ "$1" = -c ] || {{ echo "ran $*"; exit 9; }}
exec {sys.executable} -c "import sys; sys.version_info = (3, {minor}); exec(sys.argv[1])" "$2"
""")
    python.chmod(0o755)
    command = ["make", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}", "install"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    admitted = LOW <= minor < ABOVE
    assert ("ran -m venv" in said) == admitted
    assert (f"needs Python {RANGE}; {REFUSED}" in said) != admitted


@MINORS
def test_the_doctor_refuses_the_same(monkeypatch, minor):
    monkeypatch.setattr(sys, "version_info", (3, minor, 0))
    found = next(doctor._tools())
    admitted = LOW <= minor < ABOVE
    assert (found.about, found.state) == ("Python", "ok" if admitted else "missing")
    assert found.then == ("" if admitted else f"Install {RANGE}; {REFUSED}.")


def test_the_pages_name_the_range_and_what_has_run_on_each_version():
    readme, guide = ((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    assert f"need only Python {RANGE}, git and make" in readme
    assert f"You need Python {RANGE}, git and make" in guide
    set_up = guide.split("## Set up")[1].split("\n## ")[0]
    for minor in range(LOW, ABOVE):
        assert re.search(rf"\b3\.{minor}\.\d+\b", set_up), f"nothing is said of 3.{minor}"
