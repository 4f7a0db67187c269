"""Three kinds of models that look at the other test faces: those of docs/batch_dependence.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fer_bench.contract.behaviour import independence
from fer_bench.contract.checks import card, shapes
from fer_bench.contract.subject import BrokenError, subject
from fer_bench.models import outside
from fer_bench.params import Params

PAGE = Path(__file__).parents[2] / "docs" / "batch_dependence.md"
PARAMS = Params.model_validate({"enabled": {}})


@pytest.fixture
def names(tmp_path, own_registry):
    """The models of the page's code."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "peeking.py"
    file.write_text(code)
    return outside.register_file(file)


def test_the_contract_catches_each_kind_and_nothing_else_is_wrong(names):
    assert sorted(names) == [
        "peeks_at_examples", "peeks_at_statistics", "peeks_by_attention", "peeks_not"
    ]  # fmt: skip
    for name in names:
        checked = subject(name, PARAMS)
        assert "year 2026" in card(checked)
        assert shapes(checked).startswith("(16, 7) and 1 heads")
        if name == "peeks_not":
            assert independence(checked).startswith("within")
            continue
        with pytest.raises(BrokenError, match=r"a face's logits move by [0-9.e-]+ when") as error:
            independence(checked)
        assert float(re.findall(r"move by (\S+)", str(error.value))[0]) > 1e-4
        assert "dimension 0" in error.value.then
