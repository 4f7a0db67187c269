"""Model cards: a text a model family (`model_texts.yaml`), and the rows that cards name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from fer_bench.errors import FerBenchError
from fer_bench.files import read_yaml

FILE = Path(__file__).with_name("model_texts.yaml")
_FAMILY = {
    "title": str, "year": (int, type(None)), "what": str, "source": str, "landmarks": str,
    "code": str, "limits": list, "rows": dict, "lacks": str, "options": str,
}  # fmt: skip
_OF_RIVALS = {"rows": {}, "lacks": "", "options": "–"}
_WEIGHTS = {"title": str, "what": str, "overlap": str, "licence": str}


@dataclass(frozen=True)
class FamilyText:
    """What is said of every model of a family.

    Attributes:
        title: its name for a reader.
        year: of publication; None for a model of this project.
        what: what it is, in a sentence or two.
        source: where it comes from: the paper.
        landmarks: whether and how it uses facial landmarks.
        code: where its code stands.
        limits: what it cannot do.
        rows: of another paper's method, its rows in the tables: `label` and, of a variant, `base`,
            `model` and `recipe` as in params.yaml.
        lacks: what the original had that ours lacks, in Markdown.
        options: which are for what its code does otherwise, in Markdown.
    """

    title: str
    year: int | None
    what: str
    source: str
    landmarks: str
    code: str
    limits: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lacks: str = ""
    options: str = ""


@dataclass(frozen=True)
class WeightsText:
    """What is said of weights that models start from."""

    title: str
    what: str
    overlap: str
    licence: str


class AnyRow(Protocol):
    """What the texts ask of a row of results (`reports.row.Row`, which reads them)."""

    @property
    def model(self) -> str:
        """Its name."""

    @property
    def card(self) -> Mapping[str, Any] | None:
        """The card of a model whose code is not part of this project."""

    def said(self, key: str) -> list[Any]:
        """The different values that its cells' training records give for a key."""


@dataclass(frozen=True)
class ModelTexts:
    """The texts of `model_texts.yaml`."""

    use: tuple[str, ...]
    not_for: tuple[str, ...]
    limits: tuple[str, ...]
    families: Mapping[str, FamilyText]
    weights: Mapping[str, WeightsText]

    def family(self, row: AnyRow) -> FamilyText:
        """The family of the row's base model.

        A model whose code is not part of this project speaks for itself.
        """
        if row.card:
            return _from_outside(row.model, row.card)
        base = next(iter(row.said("base")), None) or row.model
        return self.families[self.family_of(base) or "other"]

    @property
    def rows(self) -> dict[str, Mapping[str, Any]]:
        """The rows of other papers' methods, in the tables' order: name -> `FamilyText.rows`."""
        found: dict[str, Mapping[str, Any]] = {}
        for family, text in self.families.items():
            for name, row in text.rows.items():
                if found.setdefault(name, row) != row:
                    raise FerBenchError(f"{FILE}: families.{family}.rows.{name}: another family "
                                        "has a row of this name; choose another")  # fmt: skip
        return found

    def family_of(self, model: str) -> str | None:
        """The family with the longest name that begins a model's; None where there is none."""
        names = [n for n in self.families if re.match(rf"{n}(_|\d|$)", model)]
        return max(names, key=len, default=None)

    def starts(self, row: AnyRow) -> Iterator[tuple[str, WeightsText]]:
        """The weights a row starts from, as its score files name them."""
        for value in row.said("pretrained"):
            name = "nothing" if value is None else str(value)
            yield name, self.weights.get(name.partition("(")[0], self.weights["other"])


def _from_outside(model: str, card: Mapping[str, Any]) -> FamilyText:
    return FamilyText(
        title=model,
        year=card["year"],
        what="A model of somebody else's, trained here; its file states what stands on this card.",
        source=f"Paper: {card['paper']}.",
        landmarks=card["landmarks"],
        code=card["code"],
        limits=(f"Pre-training data, as stated: {card['pretraining']}.",
                f"Extra data, as stated: {card['extra_data']}."),
    )  # fmt: skip


@cache
def load_texts(file: Path = FILE) -> ModelTexts:
    """Read the texts.

    Raises:
        FerBenchError: a text is missing or of the wrong kind.
    """
    raw = read_yaml(file)
    families = {
        k: _read(file, f"families.{k}", _OF_RIVALS | v if isinstance(v, dict) else v, _FAMILY)
        for k, v in raw["families"].items()
    }
    weights = {k: _read(file, f"weights.{k}", v, _WEIGHTS) for k, v in raw["weights"].items()}
    return ModelTexts(
        tuple(raw["use"]),
        tuple(raw["not_for"]),
        tuple(raw["limits"]),
        {k: _family(file, k, v) for k, v in families.items()},
        {k: WeightsText(**v) for k, v in weights.items()},
    )


def _family(file: Path, name: str, text: Mapping[str, Any]) -> FamilyText:
    rows = {k: {"label": v} if isinstance(v, str) else v for k, v in text["rows"].items()}
    for row, said in rows.items():
        if not isinstance(said, dict) or not isinstance(said.get("label"), str):
            where = f"{file}: families.{name}.rows.{row}"
            raise FerBenchError(f"{where} is {said!r}; write its label, or a mapping with `label`")
    return FamilyText(**{**text, "limits": tuple(text["limits"]), "rows": rows})


def _read(file: Path, where: str, value: Any, kinds: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(kinds):
        raise FerBenchError(f"{file}: {where} must have exactly the keys {', '.join(kinds)}")
    for key, kind in kinds.items():
        if not isinstance(value[key], kind):
            raise FerBenchError(f"{file}: {where}.{key} is {value[key]!r}, of the wrong kind")
    return value
