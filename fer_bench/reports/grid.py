"""A grid of texts, before it is Markdown or LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tabulate import tabulate


@dataclass(frozen=True)
class Grid:
    """Columns and lines of a printed table; texts may hold Markdown's code, bold and emphasis.

    Attributes:
        head: what stands over each column.
        body: the lines, a text a column.
        words: the names of columns of words, set left; the others are numbers, set right.
        blocks: the numbers of the lines before which a new block starts.
    """

    head: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]
    words: frozenset[str]
    blocks: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        wrong = [line for line in self.body if len(line) != len(self.head)]
        assert not wrong, f"{wrong[0]} has not {len(self.head)} columns"

    @property
    def align(self) -> tuple[str, ...]:
        """`left` or `right` a column."""
        return tuple("left" if name in self.words else "right" for name in self.head)

    def markdown(self) -> str:
        """As a GitHub table."""
        return github(self.head, self.body, [i for i, a in enumerate(self.align) if a == "left"])


def grid(
    head: Sequence[str],
    body: Sequence[Sequence[str]],
    words: Sequence[str],
    blocks: Sequence[int] = (),
) -> Grid:
    """A `Grid` of any sequences."""
    return Grid(tuple(head), tuple(map(tuple, body)), frozenset(words), frozenset(blocks))


def github(
    head: Sequence[str], body: Iterable[Sequence[str]], left: Iterable[int] | None = (0,)
) -> str:
    """A table as GitHub's Markdown.

    Args:
        head: what stands over each column.
        body: the lines, a text a column.
        left: the columns of words, set left, the others right; None: all are words.
    """
    words = set(range(len(head)) if left is None else left)
    align = ["left" if i in words else "right" for i in range(len(head))]
    text = tabulate(list(body), head, tablefmt="github", colalign=align, disable_numparse=True)
    return str(text)
