"""Specs of rows of which only some fields matter."""

from __future__ import annotations

from typing import Any

from fer_bench.labels import SEVEN
from fer_bench.params import Compute
from fer_bench.records.base import from_json, to_json
from fer_bench.records.spec import RowSpec

VIEW: dict[str, Any] = {
    "name": "toy", "parts": [{"pack": "toy"}], "classes": list(SEVEN), "protocol": "split",
}  # fmt: skip


def made_spec(**fields: Any) -> dict[str, Any]:
    """A row's spec as its file holds it."""
    model = fields.get("model", "net")
    filled: dict[str, Any] = {
        "dataset": "toy", "model": model, "method": model, "base": model, "source": "toy",
        "style": None, "options": {}, "recipe": {}, "tuning": None, "view": VIEW,
        "alignment": "mtcnn", "align": {}, "code": "none", "versions": {},
        "compute": Compute(device="cpu", threads=1).model_dump(),
    }  # fmt: skip
    return to_json(from_json(RowSpec, filled | fields, "the spec"))
