"""The guides in docs/ are followed: their commands exist, and their example of a dataset runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from checkout import Checkout
from PIL import Image
from typer.testing import CliRunner

from fer_bench.cli import app
from fer_bench.contract.check_model import CONTRACT
from fer_bench.datasets.synthetic import SOURCE
from fer_bench.files import parse_yaml, read_json
from fer_bench.labels import Expression
from fer_bench.model_card import KEYS
from fer_bench.reports.formatting import rounded
from fer_bench.reports.scores import load_scores

ROOT = Path(__file__).parents[1]
GUIDES = sorted((ROOT / "docs").glob("add_a_*.md"))
DRAWN = {"identities_train": 6, "identities_test": 3, "images_per_identity": 7, "image_size": 128}


def blocks(guide: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", guide.read_text(), re.DOTALL)


def test_every_stage_that_another_machine_runs_exists():
    page = (ROOT / "docs/another_machine.md").read_text()
    named = set(re.findall(r"benchmarks/(\w+)/dvc.yaml:(\w+)", page))
    assert {stage for _, stage in named} >= {"align", "view", "audit", "train", "score"}
    for dataset, stage in named:
        stages = parse_yaml((ROOT / f"benchmarks/{dataset}/dvc.yaml").read_text(), "")["stages"]
        assert stage in stages, (dataset, stage)


def test_the_numbers_of_the_readme_are_those_of_the_scores():
    models = {
        "ResNet from scratch": "baseline1",
        "the same from `identity(facial_expressions)`": "baseline_identity",
        "SCAN-CCI from the same weights": "scan_cci",
        "with one attention branch for all (shared)": "scan_cci_shared",
        "without ECA": "scan_cci_no_eca",
        "without CCI": "scan_cci_no_cci",
        "without the attention branch (SCAN)": "scan_cci_no_scan",
        "DAN †": "dan",
        "gACNN †": "gacnn_identity",
        "RAN †": "ran",
        "OADN †": "oadn",
        "SCN †": "scn",
        "EAC †": "eac",
    }
    asked = [
        ("accuracy", "ferplus", "all"), ("accuracy", "ferplus", "without_duplicates"),
        ("balanced_accuracy", "ferplus", "all"), ("accuracy", "ferplus", "occluded"),
        ("accuracy", "ferplus", "pose_gt_30"), ("accuracy", "ferplus_masked", "all"),
        ("accuracy", "facial_expressions", "common_classes"),
    ]  # fmt: skip
    scores = load_scores(ROOT / "results/scores", {})
    section = (ROOT / "README.md").read_text().split("## What was learnt on real faces")[1]
    _, *lines = re.findall(r"^\| (.+) \|$", section.split("\n## ")[0], re.MULTILINE)
    assert len(lines) == len(models)
    for line in lines:
        label, *said = line.split(" | ")
        found = [scores.get("ferplus", models[label]).summary(*one) for one in asked]
        assert said == [f"{rounded(100 * x.mean, 1)} ± {rounded(100 * x.std, 1)}" for x in found]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_command_of_a_guide_exists(guide):
    lines = [line for block in blocks(guide, "sh") for line in block.splitlines()]
    commands = [line.split("#")[0].split()[1:] for line in lines if line.startswith("fer-bench ")]
    assert len(commands) >= 5
    for words in commands:
        named = words[:2] if words[0] in ("models", "data", "faces", "weights") else words[:1]
        result = CliRunner().invoke(app, [*named, "--help"], terminal_width=200)
        assert result.exit_code == 0, words
        for option in (word for word in words if word.startswith("--")):
            assert option in result.output, words


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_link_and_file_of_a_guide_is_there(guide):
    text = guide.read_text()
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (guide.parent / link).exists(), link
    for path in re.findall(r"`(fer_bench/[\w/]+\.py|tests/[\w/]+/)`", text):
        assert (ROOT / path).exists() or "my_faces" in path, path


def test_whoever_copies_a_repro_waits_for_the_lock():
    # Without it a training that ends while another dvc command runs is not recorded, and lost.
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*/README.md")]
    code = [p for p in ROOT.glob("fer_bench/**/*.*") if p.suffix in (".py", ".js", ".j2", ".yaml")]
    copied = (
        r'^(\s+f?"?\s*)?(Example: )?dvc repro |[`"]dvc repro (benchmarks|-)'
        r"|run (`|<code>)?dvc repro"
    )
    for path in [*texts, *code]:
        assert not re.search(copied, path.read_text(), re.MULTILINE | re.IGNORECASE), path
    assert "dvc --wait-for-lock repro " in (ROOT / "README.md").read_text()


LAYOUT = ("dict[str, bytes]", "dict[str, dict[str, bytes]]", "list[Path]", "Path")
"""What a generator of a layout returns."""


def test_the_page_of_copies_names_every_generator():
    page = (ROOT / "docs/layouts.md").read_text()
    page = page[page.index("## Where each copy is drawn") :]
    listed = {
        module: set(re.findall(r"`(\w+)`", names))
        for module, names in re.findall(r"^\| [^|]+ \| `(\w+)\.py` \| (.+) \|$", page, re.MULTILINE)
    }
    there = {}
    for path in (ROOT / "tests/miniatures").glob("*.py"):
        functions = [f for f in ast.parse(path.read_text()).body if isinstance(f, ast.FunctionDef)]
        there[path.stem] = {
            f.name for f in functions
            if f.returns and ast.unparse(f.returns) in LAYOUT and ast.get_docstring(f)
        }  # fmt: skip
    helpers = ("__init__", "damage", "drawing")
    assert listed == {name: found for name, found in there.items() if name not in helpers}


def test_the_model_guide_names_every_part_of_the_contract():
    text = (ROOT / "docs/add_a_model.md").read_text()
    table = text[text.index("| part | asks |") :]
    for part in CONTRACT:
        assert part in table, part
    assert "year" in KEYS
    for words in ("pre-training data", "extra data", "landmarks", "paper", "code", "year"):
        assert words in text


@pytest.mark.slow  # a set is added, aligned and trained on, each stage a process: over a minute
def test_the_dataset_guide_is_followed(tmp_path):
    guide = tmp_path / "guide.md"  # of the guide, the part with a Python file
    guide.write_text((ROOT / "docs/add_a_dataset.md").read_text().partition("as a Python file")[2])
    checkout = Checkout(tmp_path / "clone", "clone")
    (code,) = blocks(guide, "python")
    (checkout.folder / "fer_bench/datasets/my_faces.py").write_text(code)
    enabled, options = (b for b in blocks(guide, "yaml") if "my_faces" in b)
    params = checkout.folder / "params.yaml"
    text = params.read_text().replace(
        "  facial_expressions: *disabled\n", enabled + "  facial_expressions: *disabled\n", 1
    )
    for section in ("align", "datasets"):
        lines = re.search(rf"^{section}:\n((?:  .*\n)+)", options, re.MULTILINE)[1]
        text = text.replace(f"\n{section}:\n", f"\n{section}:\n{lines}", 1)
    params.write_text(text)
    for row in SOURCE.index(Path(), DRAWN).to_dict("records"):
        file = tmp_path / "given" / row["split"] / Expression(row["label"]).name
        file.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(SOURCE.load(Path(), row, DRAWN))
        image.save(file / f"{row['subject']}_{row['shot']}.png")
    (commands,) = (b for b in blocks(guide, "sh") if "my_faces" in b)
    for line in commands.splitlines():
        checkout(*line.split("#")[0].replace("FOLDER", str(tmp_path / "given")).split())
    score = read_json(checkout.folder / "results/scores/my_faces/baseline1/0.json")
    assert score["sets"]["my_faces"]["last"]["all"]["n"] == 21
    assert score["partial"] is False
    assert "9 people in 63 faces" in (checkout.folder / "results/audit/my_faces.md").read_text()
