"""Write the table of docs/competitors.md from the models and their cards.

python docs/competitors.py
"""

from __future__ import annotations

import re
from pathlib import Path

from fer_bench import models
from fer_bench.model_texts import load_texts

PAGE = Path(__file__).with_name("competitors.md")
HEAD = """\
| model | file | the original had, ours lacks | options for what its code does otherwise |
|---|---|---|---|
"""


def table() -> str:
    """One line a file, in the order of the cards."""
    cards = {text.code: text for text in load_texts().families.values() if text.lacks}
    lines = [HEAD]
    for code, card in cards.items():
        module = code.removesuffix(".py").replace("/", ".")
        names = [f"`{name}`" for name in models.names() if models.preset(name).module == module]
        cells = ", ".join(names), f"`{Path(code).name}`", card.lacks, card.options
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def markdown() -> str:
    """The page with its table made anew."""
    head, _, below = PAGE.read_text(encoding="utf-8").partition(HEAD)
    return head + table() + re.sub(r"(\|.*\n)*", "", below, count=1)


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
