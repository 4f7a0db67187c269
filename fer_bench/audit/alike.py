"""Near-duplicates of a dataset: how many, where, and with which labels."""

from __future__ import annotations

import numpy as np

from fer_bench.audit.near import BUCKET, DISTANCE, MOST_PAIRS, NearPairs, near_pairs
from fer_bench.audit.section import AuditedFaces, Section, plural, share, table

MEANING = f"""\
Pairs of faces whose perceptual hashes differ in at most {DISTANCE} of 64 bits and whose source
images are not equal. The hash is made of the aligned face: 32×32 grey values, their cosine
transform, one bit for each of the 8×8 frequencies from 1 to 8, above their median or not.

These are **candidates**. Aligned frontal faces are much alike, so that different pictures of one
person, and even of two, may be this close; copies that were cropped or turned differently are
missed. No score leaves them out."""


def alike_section(faces: AuditedFaces, hashes: np.ndarray) -> Section:
    """Pairs by distance, place, label and person.

    Args:
        faces: the dataset's.
        hashes: (N,) uint64 of the packed faces.
    """
    pairs = near_pairs(hashes)
    rows = faces.rows
    first, second = pairs.first, pairs.second

    def same(values: np.ndarray) -> np.ndarray:
        return np.asarray(values[first] == values[second])

    pixels = rows["source_sha256"].fillna("").to_numpy()
    other = ~(same(pixels) & (pixels[first] != ""))
    apart = ~same(faces.places.to_numpy())
    conflict = ~same(rows["label"].to_numpy())
    people = rows["subject"]
    known = people.notna().to_numpy()
    one = same(people.to_numpy()) & known[first] & known[second] if known.any() else None
    body: list[list[object]] = []
    for most, name in ((0, "0: same hash"), (2, "at most 2"), (DISTANCE, f"at most {DISTANCE}")):
        near = other & (pairs.distance <= most)
        kinds = (near, near & ~apart, near & apart, near & conflict)
        counts = [int(kind.sum()) for kind in kinds]
        body.append([name, *counts, None if one is None else int((near & one).sum())])
    place = faces.place
    head = ["bits that differ", "pairs", f"in one {place}", f"in two {place}s",
            "with conflicting labels", "of one person"]  # fmt: skip
    text = [MEANING, table(head, body), _tests(faces, pairs, other & apart), *_limits(pairs)]
    return Section("Near-duplicates", "\n\n".join(text))


def _tests(faces: AuditedFaces, pairs: NearPairs, across: np.ndarray) -> str:
    test = faces.test
    near = np.zeros(len(test), bool)
    near[pairs.first[across]] = True
    near[pairs.second[across]] = True
    found = share(int((near & test).sum()), int(test.sum()))
    return f"Test faces with such a neighbour in another {faces.place}: {found}."


def _limits(pairs: NearPairs) -> list[str]:
    found = []
    if pairs.crowded:
        found.append(
            f"{plural(pairs.crowded, 'face')} share half of their hash with more than {BUCKET:,} "
            "others, as pictures of nearly one grey do: some of their pairs are not counted."
        )
    if not pairs.complete:
        found.append(f"Only the first {MOST_PAIRS:,} pairs found are counted; there are more.")
    return found
