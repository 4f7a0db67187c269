"""A small pack and the spec of a cell on it."""

import pytest
from toy_pack import SIZE, TOY_VIEW, make_pack

from fer_bench import models
from fer_bench.files import write_json
from fer_bench.training.recipe import Recipe

COMPUTE = {
    "device": "cpu", "precision": "32-true", "threads": 1, "compile": False, "fused": False,
    "devices": 1, "sync_bn": False, "tf32": False, "deterministic": True,
}  # fmt: skip


@pytest.fixture
def aligned(tmp_path):
    make_pack(tmp_path / "aligned" / "toy")
    return tmp_path / "aligned"


@pytest.fixture
def make_spec(tmp_path):
    """Write a spec and a start that says "random weights"; returns their paths."""

    def make(
        model: str = "baseline1", recipe: dict | None = None, view: dict = TOY_VIEW, **options
    ):
        chosen = {**models.preset(model).defaults, "backbone": "resnet18_slim", "size": SIZE}
        merged = {"epochs": 3, "batch_size": 16, "backbone_lr": 0.02, "heads_lr": 0.02}
        spec = {
            "dataset": "toy",
            "model": model,
            "method": model,
            "base": model,
            "source": "toy",
            "style": None,
            "options": chosen | options,
            "recipe": Recipe.of(merged | (recipe or {})).to_json(),
            "pretrained": None,
            "init_from": None,
            "start": None,
            "view": view,
            "alignment": "mtcnn",
            "align": {"size": SIZE},
            "tuning": None,
            "compute": COMPUTE,
            "versions": {"torch": "test"},
            "code": "test",
        }
        write_json(tmp_path / f"{model}.json", spec)
        write_json(tmp_path / "start.json", {"pretrained": None})
        return tmp_path / f"{model}.json", tmp_path / "start.json"

    return make
