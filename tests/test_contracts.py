"""What must hold across the whole package: layers, light imports, names."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from fer_bench import datasets, models

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fer_bench"
LAYERS = [
    "labels", "row_names", "cores", "errors", "device", "model_card", "files", "reading",
    "model_texts", "fingerprint", "rules", "rendering", "datasets", "records", "faces", "receiving",
    "models", "training", "statistics", "evaluation", "reports", "audit", "params", "specs",
    "inference", "stages", "contract", "doctor", "status", "sweep", "cli",
]  # fmt: skip


def module_level_and_lazy_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fer_bench"):
            if node.module == "fer_bench":
                found |= {alias.name for alias in node.names}
            else:
                found.add(str(node.module).split(".")[1])
    return found


def test_packages_import_only_from_those_above_them():
    for path in PACKAGE.rglob("*.py"):
        layer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if layer == "__init__":
            continue
        assert layer in LAYERS, f"{path}: give {layer} a place in LAYERS"
        for other in module_level_and_lazy_imports(path):
            assert LAYERS.index(other) <= LAYERS.index(layer), f"{path} imports {other}"


# Each line's modules are imported in turn by one process: a package that one of them must not
# import must not have come with those before it either.
LIGHT = [
    {
        "fer_bench": ["torch", "numpy", "pandas", "PIL"],
        "fer_bench.cli": ["torch", "pandas", "numpy", "matplotlib"],
        "fer_bench.statistics.pairs": ["torch", "pandas", "statsmodels", "scikit_posthocs"],
        "fer_bench.datasets": ["torch", "facenet_pytorch"],
    },
    {
        "fer_bench.evaluation.score": ["torch", "sklearn", "scipy", "matplotlib", "dvc"],
        "fer_bench.evaluation.submission": ["torch", "sklearn", "matplotlib", "dvc"],
        "fer_bench.reports.cost_results": ["torch"],
        "fer_bench.reports.leaderboard.dvc_metrics": ["torch"],
        "fer_bench.reports.dataset_table": ["torch"],
        "fer_bench.reports.leaderboard": ["torch", "matplotlib"],
        "fer_bench.reports.pages.attention": ["torch", "matplotlib"],
        "fer_bench.reports.pages.robustness": ["torch", "matplotlib"],
        "fer_bench.reports.tables": ["torch", "dvc", "pydantic"],
        "fer_bench.reports.figures": ["torch", "dvc"],
    },
    {
        "fer_bench.evaluation.cost": [
            "dvc", "facenet_pytorch", "pydantic", "pandas", "torchvision", "typer",
        ],
        "fer_bench.evaluation.evaluate": ["lightning_fabric", "torchvision", "sklearn"],
        "fer_bench.evaluation.explain": ["pytorch_grad_cam", "cv2", "sklearn"],
        "fer_bench.training.train": [
            "dvc", "facenet_pytorch", "pydantic", "yaml", "torchvision", "matplotlib", "sklearn",
        ],
    },
]  # fmt: skip


@pytest.mark.parametrize("modules", LIGHT, ids=lambda modules: next(reversed(modules)))
def test_imports_stay_light(modules):
    code = "import sys\n" + "".join(f"import {m}\nprint(*sys.modules)\n" for m in modules)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for line, (module, forbidden) in zip(out.stdout.splitlines(), modules.items(), strict=True):
        loaded = {name.split(".")[0] for name in line.split()}
        assert not loaded & set(forbidden), module


def test_names_are_safe_in_stage_names():
    names = {*models.names(), *datasets.datasets(), *datasets.packs(), *datasets.sources()}
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)


def test_every_dataset_stands_on_packs_and_every_pack_on_a_source():
    for dataset in datasets.datasets().values():
        for pack in dataset.packs:
            assert datasets.get_pack(pack).source in datasets.sources()


def test_no_two_test_files_share_a_name():
    """Pytest would import the first for the second, but only where both are run."""
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


def test_no_photographs_or_machine_paths_are_committed():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = [f for f in tracked if re.search(r"\.(jpe?g|tiff?|npy|parquet|safetensors)$", f)]
    found.remove("fer_bench/inference/shipped_run/train/weights/last.safetensors")  # rendered faces
    kept = re.compile(r"results/(faces/\w+|predictions/.+/predictions)\.parquet")
    assert not [f for f in found if not kept.fullmatch(f)]
    for name in filter(kept.fullmatch, found):  # running numbers, no names and no pixels
        texts = {c for c, kind in pd.read_parquet(name).dtypes.items() if kind in ("str", "object")}
        known = {"selection", "split", "votes"}
        assert not {c for c in texts - known if not c.startswith("slice_")}, name
    for name in tracked:
        if name.endswith((".py", ".md", ".yaml", ".json", ".lock", ".toml", ".txt")):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not re.search(r"(?<![\w.])/(?:root|home|Users|work)/\w", text), name
