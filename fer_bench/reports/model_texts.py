"""Model cards: a text a model family (`model_texts.yaml`), joined with what its scores state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fer_bench.datasets import datasets, packs, sources
from fer_bench.errors import FerBenchError
from fer_bench.files import read_yaml
from fer_bench.reports.relations import masked_base, share_images, sources_of
from fer_bench.reports.row import Row

FILE = Path(__file__).with_name("model_texts.yaml")
_FAMILY = {
    "title": str, "year": (int, type(None)), "what": str, "source": str, "landmarks": str,
    "code": str, "limits": list,
}  # fmt: skip
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
    """

    title: str
    year: int | None
    what: str
    source: str
    landmarks: str
    code: str
    limits: tuple[str, ...]


@dataclass(frozen=True)
class WeightsText:
    """What is said of weights that models start from."""

    title: str
    what: str
    overlap: str
    licence: str


@dataclass(frozen=True)
class ModelTexts:
    """The texts of `model_texts.yaml`."""

    use: tuple[str, ...]
    not_for: tuple[str, ...]
    limits: tuple[str, ...]
    families: Mapping[str, FamilyText]
    weights: Mapping[str, WeightsText]

    def family(self, row: Row) -> FamilyText:
        """The family of the row's base model.

        A model whose code is not part of this project speaks for itself.
        """
        if row.card:
            return _from_outside(row.model, row.card)
        base = next(iter(row.said("base")), None) or row.model
        return self.families[self.family_of(base) or "other"]

    def family_of(self, model: str) -> str | None:
        """The family with the longest name that begins a model's; None where there is none."""
        names = [n for n in self.families if re.match(rf"{n}(_|\d|$)", model)]
        return max(names, key=len, default=None)

    def starts(self, row: Row) -> Iterator[tuple[str, WeightsText]]:
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
    families = {k: _read(file, f"families.{k}", v, _FAMILY) for k, v in raw["families"].items()}
    weights = {k: _read(file, f"weights.{k}", v, _WEIGHTS) for k, v in raw["weights"].items()}
    return ModelTexts(
        tuple(raw["use"]),
        tuple(raw["not_for"]),
        tuple(raw["limits"]),
        {k: FamilyText(**{**v, "limits": tuple(v["limits"])}) for k, v in families.items()},
        {k: WeightsText(**v) for k, v in weights.items()},
    )


def overlaps(row: Row, set_: str, texts: ModelTexts) -> Iterator[str]:
    """Whether test faces of a set may have been seen before, by each start of a row."""
    if _rendered(set_):
        yield "These faces are drawn from a seed: no photograph or data set of the web holds them."
    for name, weights in texts.starts(row):
        if home := home_of(name):
            yield _identity(home, set_)
        elif name != "nothing" and not _rendered(set_):
            yield f"{weights.title}: {weights.overlap}"
    for source in filter(None, row.said("init_from")):
        yield _started(str(source), set_)


def home_of(start: str) -> str | None:
    """Whose people an identity start has learned: `a` of `identity(a)`."""
    found = re.fullmatch(r"identity\((\w+)\)", start)
    return found[1] if found else None


def no_new_ground(row: Row, set_: str) -> bool:
    """Whether a row was trained or pre-trained on images of a source that the set takes some of."""
    starts = (home_of(str(start)) for start in row.said("pretrained"))
    seen = (row.dataset, row.init_from, *starts)
    return any(share_images(name, set_) for name in seen if name)


def licences(row: Row, texts: ModelTexts) -> Iterator[tuple[str, str]]:
    """Whose terms bind the weights: each source of training faces, and each start."""
    names = [row.dataset, *(str(v) for v in row.said("init_from") if v)]
    for source in dict.fromkeys(s for n in names for s in sorted(sources_of(n))):
        known = sources().get(source)
        yield (
            f"faces of {known.title if known else source}",
            (known.licence if known else "not known to this version of the registry"),
        )
    for name, weights in texts.starts(row):
        if name != "nothing":
            yield f"start: {name}", weights.licence


def _identity(home: str, set_: str) -> str:
    if share_images(home, set_):
        return (
            f"identity({home}) saw only the train faces of {home}; that pre-training stops with an "
            "error when a person of them also stands among its validation or test faces."
        )
    return f"identity({home}) saw only train faces of {home}, another source than {set_}."


def _started(source: str, set_: str) -> str:
    if share_images(source, set_):
        return (
            f"It was trained on {source} before, which takes images of the same source as {set_}; "
            f"a face keeps its split in both. Doubles are listed in results/audit/{set_}.md where "
            "that page exists."
        )
    if _rendered(source) or _rendered(set_):
        return f"It was trained on {source} before, which shares no image with {set_}."
    return (
        f"It was trained on {source} before. The registry knows no image it shares with {set_}; "
        "the same people or pictures of the web may still be in both, nobody compared them here."
    )


def _rendered(dataset: str) -> bool:
    """Whether a dataset's faces are drawn by this project."""
    known = datasets().get(dataset) or datasets().get(masked_base(dataset) or "")
    if known is None:
        return False
    found = {packs()[name].source for name in known.packs}
    return all(name in sources() and sources()[name].rendered for name in found)


def _read(file: Path, where: str, value: Any, kinds: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(kinds):
        raise FerBenchError(f"{file}: {where} must have exactly the keys {', '.join(kinds)}")
    for key, kind in kinds.items():
        if not isinstance(value[key], kind):
            raise FerBenchError(f"{file}: {where}.{key} is {value[key]!r}, of the wrong kind")
    return value
