"""The scripts that measure `data add`: both commits receive the whole, and memory is looked at."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow  # each set is added in a process of its own, torch in another


def measured(name: str, out: Path, *options: object) -> tuple[dict, str]:
    """Run a script; its JSON and its page."""
    command = [sys.executable, ROOT / f"benchmarks/speed/{name}.py", *options, "--out", out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    (file,) = out.glob(f"{name}_*.json")
    return json.loads(file.read_text()), file.with_suffix(".md").read_text()


def test_two_checkouts_in_turns(tmp_path):
    content, page = measured(
        "adding", tmp_path, "--before", ROOT, "--images", 60, "--sides", 24, 40, "--rounds", 2,
        "--cores", 1, "--folder", tmp_path / "drawn",
    )  # fmt: skip
    rows = {row["version"]: row for row in content["rows"]}
    assert len(rows) == 8
    for side in (24, 40):
        whole, part = (
            rows[f"{what}, {side}, after"]
            for what in ("the whole of `data add`", "decoding every image")
        )
        assert 0 < part["ms"]["median"] < whole["ms"]["median"]
        assert part["reference"] == f"decoding every image, {side}, before"
        assert part["ratio"]["n"] == 2
    assert content["settings"]["before"] == content["settings"]["after"]
    assert content["settings"]["rounds"] == 2
    assert "target of decoding" in page
    assert len(list((tmp_path / "drawn/60_of_24/images").iterdir())) == 60


def test_memory_of_many_listed_images(tmp_path):
    """A bounded form of the measurement: 8,000 images leave workers no time to fill memory."""
    pytest.importorskip("psutil")
    content, _ = measured("adding_memory", tmp_path, "--images", 8000, "--folder", tmp_path)
    mib = float(content["found"]["peak memory"].removesuffix(" MiB"))
    # 561 MiB were measured with 300,000, and 126 with 5,000.
    assert 50 < mib < 400
    assert content["found"]["target, 1,024 MiB"] == "met"
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".md"]
