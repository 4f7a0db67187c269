"""What an evaluation depends on: a set's classes and packs, and the bytes of their files."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from rendered_pack import rendered, write_pack

from fer_bench.faces.view import write_view
from fer_bench.files import write_json
from fer_bench.records.base import to_json
from fer_bench.records.spec import View


def test_a_view_is_its_spec_and_the_hash_of_each_packs_files(tmp_path):
    asked = View("both", [{"pack": "one"}, {"pack": "two"}, {"pack": "one"}], ("a", "b"), "split")
    write_json(tmp_path / "spec.json", to_json(asked))
    packs = tmp_path / "packs"
    for name, size in (("one", 16), ("two", 24)):
        write_pack(packs / name, *rendered(size, identities_train=1, identities_test=1))
    write_view(tmp_path / "spec.json", packs, tmp_path / "view.json")
    made = View.read(tmp_path / "view.json")
    assert replace(made, sha256=None) == asked
    assert made.sha256 is not None
    assert list(made.sha256) == ["one", "two"]
    for name, files in made.sha256.items():
        assert files == {
            file: hashlib.sha256((packs / name / file).read_bytes()).hexdigest()
            for file in ("faces.npy", "manifest.parquet")
        }
    assert made.sha256["one"] != made.sha256["two"]
