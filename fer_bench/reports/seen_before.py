"""Whether a row may have seen a set's test faces before, and whose terms bind its weights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fer_bench.datasets import datasets, packs, sources
from fer_bench.model_texts import ModelTexts
from fer_bench.reports.relations import masked_base, share_images, sources_of
from fer_bench.reports.row import Row


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
