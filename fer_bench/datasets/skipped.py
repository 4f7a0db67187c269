"""Single bad entries of a label list: left out and counted, where nearly all of it is right."""

from __future__ import annotations

from dataclasses import dataclass, field

from fer_bench.errors import FerBenchError

SHOWN = 3
SHARE = 0.05
"""Of all entries; a list with more bad ones is not the list it should be."""


@dataclass
class Skipped:
    """Entries of one list that cannot be understood.

    Attributes:
        name: the list, for messages.
        item: what one entry is (`line`, `file`).
        said: what is wrong with each: where it stands and why, without any name of a sample.
    """

    name: str
    item: str = "line"
    said: list[str] = field(default_factory=list)

    def add(self, why: str) -> None:
        """Leave one out."""
        self.said.append(why)

    def notes(self, total: int) -> tuple[str, ...]:
        """What to tell a reader: nothing, or one sentence.

        Args:
            total: entries of the list, the bad ones included.

        Raises:
            FerBenchError: too many of them are bad; the first one is shown.
        """
        bad = len(self.said)
        if bad > SHARE * total:
            raise FerBenchError(
                f"{self.name} {self.said[0]}. That makes {bad:,} of {total:,} {self.item}s that "
                "cannot be understood: it is damaged, cut off or another list. Get it again."
            )
        if not bad:
            return ()
        shown = "; ".join(self.said[:SHOWN]) + (" ..." if bad > SHOWN else "")
        return (
            f"{bad:,} {self.item}{'s'[: bad != 1]} of {self.name} cannot be understood: left out "
            f"({shown})",
        )
