"""Views as files: which packs and classes a set has, and the hash of the faces behind it.

An evaluation depends on the view file of its set, so that a set may be made of any packs.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fer_bench.files import sha256_file, write_json
from fer_bench.records.base import to_json
from fer_bench.records.spec import View


def write_view(spec: Path, packs: Path, out: Path) -> None:
    """Write the view of `spec` with the SHA-256 of every file of its packs."""
    view = View.read(spec)
    sha256 = {
        name: {file: sha256_file(packs / name / file) for file in ("faces.npy", "manifest.parquet")}
        for name in sorted({part["pack"] for part in view.parts})
    }
    write_json(out, to_json(replace(view, sha256=sha256)))
