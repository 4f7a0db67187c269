"""Raters' votes on equal faces: was every copy rated, or one and the rest given its votes?"""

from __future__ import annotations

from itertools import combinations

from fer_bench.audit.section import AuditedFaces, Section, share
from fer_bench.records.faces import VOTES

MADE = """\
Every copy carries the votes of the others: one rating was given to all. That their labels agree
says nothing about how sure a label is."""
ANEW = """\
Copies were rated each for itself, so that votes and labels of one picture may differ. This is the
set's only test-retest reliability; what follows for the best possible accuracy stands in
[label_reliability](../tables/label_reliability.md), where FERPlus's two files of votes are told
apart: `label.csv` holds the votes as cast, `fer2013new.csv` gives all copies those of the first."""


def ratings_section(faces: AuditedFaces) -> Section | None:
    """How many pairs of equal faces have equal votes and equal labels.

    None where the set has no votes or no two faces that are equal.
    """
    rows = faces.rows
    if VOTES not in rows:
        return None
    rows = rows[rows["source_sha256"].fillna("") != ""]
    pairs = [
        (one, other)
        for _, group in rows.groupby("source_sha256")
        for one, other in combinations(zip(group[VOTES].map(tuple), group["label"], strict=True), 2)
    ]
    if not pairs:
        return None
    equal = sum(one[0] == other[0] for one, other in pairs)
    labels = sum(one[1] == other[1] for one, other in pairs)
    text = (
        f"Pairs of equal faces with equal votes: {share(equal, len(pairs))}; with equal labels: "
        f"{share(labels, len(pairs))}. Faces without a label are not among them."
    )
    return Section("Votes on equal faces", f"{text}\n\n{MADE if equal == len(pairs) else ANEW}")
