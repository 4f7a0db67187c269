"""The datasets this project knows, as the tables of docs/datasets.md, made from the registry."""

from __future__ import annotations

from pathlib import Path

from fer_bench.datasets import datasets, own_sets, packs, sources
from fer_bench.datasets.base import Dataset, Source
from fer_bench.errors import FerBenchError
from fer_bench.files import write_text
from fer_bench.reports.formatting import NOTHING
from fer_bench.reports.grid import github
from fer_bench.reports.relations import masked_base

LEGEND = """\
*Faces from* is the default of `align.<name>.pixels`: detected and aligned here (`mtcnn`), the image
as it is, resized (`resize`), or the owner's own aligned faces (`official`). *Protocol*: trained and
tested on its splits (`split`), cross-validated (`folds`), or only tested on (`test`).
"""
PAGE = Path("docs/datasets.md")
BEGIN, END = "<!-- datasets -->", "<!-- /datasets -->"


def dataset_table() -> str:
    """Two Markdown tables: what one obtains, and the datasets that are views of it.

    A dataset with the same faces wearing masks shares a line with its masked forms. Sets of one's
    own are not in it: it is about what this project knows.
    """
    known = [source for name, source in sources().items() if name not in own_sets()]
    got = [[f"[{_cell(s.title)}]({s.homepage})" if s.homepage else _cell(s.title),
            f"`{s.name}`", s.pixels[0], _cell(s.licence), _get(s)] for s in known]  # fmt: skip
    views = [
        [", ".join(f"`{name}`" for name in names), _from(first), _faces(first),
         str(len(first.classes)), first.protocol]
        for names, first in _lines()
    ]  # fmt: skip
    return "\n\n".join(
        (
            github(["Source", "Name", "Faces from", "Licence", "How to get"], got, None),
            github(
                ["Dataset", "Of", "Train / val / test faces", "Classes", "Protocol"], views, None
            ),
            LEGEND.strip(),
        )
    )


def update_page(path: Path) -> bool:
    """Put the tables between the file's markers; returns whether that changed it.

    Raises:
        FerBenchError: the file has not each marker once, in order.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in before + after:
        raise FerBenchError(
            f"{path} must hold the line {BEGIN} and, below it, {END}, each once: the table of "
            "datasets is written between them"
        )
    made = f"{before}{BEGIN}\n\n{dataset_table()}\n\n{END}{after}"
    if made == text:
        return False
    write_text(path, made)
    return True


def _lines() -> list[tuple[list[str], Dataset]]:
    """Names that share a line, with the first one's dataset."""
    lines: dict[str, tuple[list[str], Dataset]] = {}
    mine = {dataset.name for family in own_sets().values() for dataset in family.datasets}
    for name, dataset in sorted(datasets().items()):
        if name in mine:
            continue
        base = datasets().get(masked_base(name) or "")
        if base and (base.classes, base.sizes, base.protocol) == (
            dataset.classes, dataset.sizes, dataset.protocol,
        ):  # fmt: skip
            lines[base.name][0].append(name)
        else:
            lines[name] = ([name], dataset)
    return list(lines.values())


def _from(dataset: Dataset) -> str:
    return " + ".join(dict.fromkeys(f"`{packs()[pack].source}`" for pack in dataset.packs))


def _faces(dataset: Dataset) -> str:
    sizes = dataset.sizes
    if not sizes:
        return NOTHING
    if "folds" in sizes:
        return f"{sizes['folds']:,} in folds"
    shown = ("train", "val", "test")
    return " / ".join(f"{sizes[s]:,}" if sizes.get(s) else NOTHING for s in shown)


def _get(source: Source) -> str:
    return "drawn here" if source.rendered else _cell(source.how_to_get)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
