"""The whole contract on one model, as a list of what holds and what does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fer_bench.contract import behaviour, checks
from fer_bench.contract.onnx_export import onnx
from fer_bench.contract.overfit import overfit
from fer_bench.contract.subject import BrokenError, NotCheckedError, Subject, first_line, subject
from fer_bench.params import Params

CONTRACT: dict[str, checks.Check] = {
    "metadata": checks.card,
    "options": checks.options,
    "spec": checks.spec,
    "shapes": checks.shapes,
    "loss": checks.loss,
    "parts": behaviour.parts,
    "gradients": behaviour.gradients,
    "train and eval": checks.modes,
    "batch independence": behaviour.independence,
    "saved weights": behaviour.state,
    "determinism": behaviour.determinism,
    "learns by heart": overfit,
    "onnx": onnx,
}
"""By name, in the order in which a failure explains the later ones."""


@dataclass(frozen=True)
class Result:
    """One part of the contract.

    Attributes:
        part: its name in `CONTRACT`.
        asked: what holds for a model that keeps it.
        outcome: `ok`, `broken` or `not checked`.
        said: what was seen, or why it is broken or not checked.
        then: what to do next, where it is broken.
        seconds: how long it took.
    """

    part: str
    asked: str
    outcome: Literal["ok", "broken", "not checked"]
    said: str
    then: str = ""
    seconds: float = 0.0


def check_model(name: str, params: Params) -> Iterator[Result]:
    """Every part of the contract on a registered model, one after the other.

    Args:
        name: the model.
        params: params.yaml, whose options for the embedded dataset the model is built with.
    """
    try:
        found = subject(name, params)
    except BrokenError as error:
        yield Result("options", _asked(checks.options), "broken", str(error), error.then)
        return
    for part, check in CONTRACT.items():
        yield _result(part, check, found)


def _result(part: str, check: checks.Check, found: Subject) -> Result:
    began, asked = time.perf_counter(), _asked(check)
    try:
        said = check(found)
    except BrokenError as error:
        return Result(part, asked, "broken", str(error), error.then, time.perf_counter() - began)
    except NotCheckedError as error:
        return Result(part, asked, "not checked", str(error), "", time.perf_counter() - began)
    except Exception as error:  # the model's own code, whatever it raises
        text = f"{type(error).__name__}: {first_line(error)}"
        then = "Run the same step in a Python shell to see where; the parts above narrow it down."
        return Result(part, asked, "broken", text, then, time.perf_counter() - began)
    return Result(part, asked, "ok", said, "", time.perf_counter() - began)


def _asked(check: checks.Check) -> str:
    return (check.__doc__ or "").strip().split("\n")[0]
