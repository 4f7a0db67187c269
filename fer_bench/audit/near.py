"""Near-duplicates: pairs of faces whose 64-bit perceptual hashes differ in few bits.

The hash: the aligned face as 32x32 grey values, their two-dimensional cosine transform (DCT-II),
the 8x8 coefficients of frequencies 1..8 in both directions, one bit each: above their median or
not. It ignores size, brightness, contrast and compression.

Pairs are found without comparing all of them. A hash is eight bytes; two that differ in at most
four bits agree in at least four whole bytes, so they fall into one bucket of at least one of the
70 tables, one for each choice of four bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy.fft
from PIL import Image

from fer_bench.datasets.pack import Pixels

DISTANCE = 4
"""Most bits in which the hashes of a near-duplicate differ; the byte tables rely on it."""
BUCKET = 1000
"""Buckets with more faces are not compared: such faces have nearly no content (one flat grey), and
their pairs would be countless."""
MOST_PAIRS = 5_000_000
BATCH = 512
_STEP = 1 << 21


def perceptual_hashes(faces: Pixels, rows: np.ndarray) -> np.ndarray:
    """The hash of some faces.

    Args:
        faces: (N, H, W, 3) uint8 RGB; read in batches.
        rows: (M,) which of them.

    Returns:
        (M,) uint64.
    """
    hashes = np.empty(len(rows), np.uint64)
    for start in range(0, len(rows), BATCH):
        batch = faces[rows[start : start + BATCH]]
        grey = np.stack([_grey(face) for face in batch])
        waves = scipy.fft.dctn(grey, axes=(1, 2), norm="ortho")[:, 1:9, 1:9]
        # transforms of different builds differ in the last bits: a flat face must give zeros
        waves = np.round(waves.reshape(len(batch), 64), 3)
        bits = waves > np.median(waves, axis=1, keepdims=True)
        packed = np.packbits(bits, axis=1)
        hashes[start : start + BATCH] = packed.view(">u8")[:, 0]
    return hashes


def _grey(face: np.ndarray) -> np.ndarray:
    small = Image.fromarray(face).convert("L").resize((32, 32), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)


@dataclass(frozen=True)
class NearPairs:
    """Pairs of faces with alike hashes.

    Attributes:
        first, second: (P,) positions, first < second, in order.
        distance: (P,) bits in which they differ, 0..`DISTANCE`.
        crowded: faces in a bucket that was too large to compare, so that pairs may be missing.
        complete: False when there were more than `MOST_PAIRS` pairs and the rest was left out.
    """

    first: np.ndarray
    second: np.ndarray
    distance: np.ndarray
    crowded: int = 0
    complete: bool = True


def near_pairs(hashes: np.ndarray, bucket: int = BUCKET, most: int = MOST_PAIRS) -> NearPairs:
    """All pairs of hashes that differ in at most `DISTANCE` bits.

    Memory is bounded by `most` pairs and a fixed working size, time by 70 sorts and `bucket`.

    Args:
        hashes: (N,) uint64.
        bucket: buckets of more faces are left out and counted as `crowded`.
        most: no more pairs than these are kept.
    """
    n = len(hashes)
    octets = hashes.astype(">u8").view(np.uint8).reshape(n, 8)
    known = np.empty(0, np.int64)  # each pair as first * n + second
    crowded = np.zeros(n, bool)
    complete = True
    for chosen in combinations(range(8), 4):
        keys = np.ascontiguousarray(octets[:, list(chosen)]).view(np.uint32)[:, 0]
        order = np.argsort(keys, kind="stable")
        following = _following(keys[order], bucket)
        crowded[order[following < 0]] = True
        known = np.unique(np.concatenate([known, *_close(hashes, order, following.clip(0))]))
        if len(known) > most:
            known, complete = known[:most], False
            break
    first, second = np.divmod(known, max(n, 1))
    distance = np.bitwise_count(hashes[first] ^ hashes[second])
    return NearPairs(first, second, distance, int(crowded.sum()), complete)


def _following(ordered: np.ndarray, bucket: int) -> np.ndarray:
    """How many places after each hold the same value; -1 in runs longer than `bucket`."""
    if not len(ordered):
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(ordered)])
    following = np.repeat(starts + sizes, sizes) - np.arange(len(ordered)) - 1
    following[np.repeat(sizes > bucket, sizes)] = -1
    return following


def _close(hashes: np.ndarray, order: np.ndarray, following: np.ndarray) -> list[np.ndarray]:
    """The close pairs within each bucket, as first * N + second, a bounded number at a time."""
    found = []
    totals, start = np.cumsum(following), 0
    while start < len(order):
        done = int(totals[start - 1]) if start else 0
        stop = max(int(np.searchsorted(totals, done + _STEP, side="right")), start + 1)
        count = following[start:stop]
        left = np.repeat(np.arange(start, stop), count)
        right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count)
        a, b = order[left], order[right]
        kept = np.bitwise_count(hashes[a] ^ hashes[b]) <= DISTANCE
        a, b = a[kept], b[kept]
        found.append(np.minimum(a, b) * len(order) + np.maximum(a, b))
        start = stop
    return found
