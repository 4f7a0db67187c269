"""The network that comes with the package: small, at hand everywhere, honest about itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rendered_pack import OPTIONS, rendered

import fer_bench
from fer_bench import cli
from fer_bench.datasets.synthetic import SOURCE
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json
from fer_bench.inference.shipped import FOLDER, MEASURED

MOST_BYTES = 3 * 2**20


def test_it_is_small():
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < MOST_BYTES


def test_it_tells_the_expressions_of_rendered_faces_apart():
    faces, manifest = rendered(80)
    network = fer_bench.load()
    said = network.logits(faces).argmax(1)
    assert said.shape == (21,)
    right = [network.classes[i] for i in said] == manifest["label"].map(
        lambda label: network.classes[label]
    )
    assert np.mean(right) >= 0.6


def test_pictures_are_looked_at_without_a_run_and_anywhere(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    row = SOURCE.index(Path(), OPTIONS).iloc[0].to_dict()
    Image.fromarray(SOURCE.load(Path(), row, OPTIONS)).save("me.png")
    assert cli.run(["predict", "me.png"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "me.png" in said
    assert "the network of the package, last; pictures in" in said
    assert "trained on 630 rendered faces alone" in said
    measured = read_json(FOLDER / MEASURED)["sets"]
    assert [found["dataset"] for found in measured] == [
        "synthetic", "facial_expressions", "ferplus",
    ]  # fmt: skip
    for found in measured:
        assert f"{100 * found['accuracy']:.1f} % of {found['n']:,} {found['faces']}" in said
    assert "would be on 14.3 %" in said
    assert (tmp_path / "results/galleries/predicted/001_me.png").is_file()


def test_it_has_no_other_weights():
    with pytest.raises(FerBenchError, match="the network of the package has no weights 'best_on_"):
        fer_bench.load(selection="best_on_val")
