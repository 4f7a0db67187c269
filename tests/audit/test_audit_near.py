"""Near-duplicates: the hash ignores what it should, and no close pair is missed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fer_bench.audit.near import near_pairs, perceptual_hashes


def drawn(seed: int, size: int = 96) -> np.ndarray:
    """A smooth picture, as a face is."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 200, (12, 12, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))


def hashed(*pictures: np.ndarray) -> np.ndarray:
    return perceptual_hashes(np.stack(pictures), np.arange(len(pictures)))


def brute(hashes: np.ndarray) -> set[tuple[int, int]]:
    bits = [int(h) for h in hashes]
    return {
        (i, j) for j in range(len(bits)) for i in range(j) if (bits[i] ^ bits[j]).bit_count() <= 4
    }


def test_brightness_contrast_and_compression_keep_the_hash_close(tmp_path) -> None:
    picture = drawn(1)
    Image.fromarray(picture).save(tmp_path / "p.jpg", quality=40)
    jpeg = np.asarray(Image.open(tmp_path / "p.jpg"))
    darker = (picture * 0.7 + 12).astype(np.uint8)
    hashes = hashed(picture, picture, jpeg, darker, drawn(2), picture[:, ::-1])
    distance = np.bitwise_count(hashes ^ hashes[0])
    assert distance[1] == 0
    assert max(distance[2:4]) <= 4
    assert min(distance[4:]) > 12


def test_rows_are_hashed_in_the_order_asked_for() -> None:
    faces = np.stack([drawn(seed) for seed in range(5)])
    whole = perceptual_hashes(faces, np.arange(5))
    assert list(perceptual_hashes(faces, np.array([4, 0, 2]))) == list(whole[[4, 0, 2]])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_all_close_pairs_and_no_others(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, n, dtype=np.uint64)
    for i in range(1, n):  # copies of earlier ones with 0 to 6 bits flipped
        if rng.random() < 0.5:
            flips = rng.choice(64, rng.integers(0, 7), replace=False)
            mask = sum(1 << int(b) for b in flips)
            hashes[i] = hashes[rng.integers(0, i)] ^ np.uint64(mask)
    pairs = near_pairs(hashes)
    found = list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert set(found) == brute(hashes)
    assert len(found) == len(set(found))
    assert all(d <= 4 for d in pairs.distance)
    assert pairs.crowded == 0


def test_crowds_are_left_out_and_counted() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 40, dtype=np.uint64)
    hashes[30] = hashes[31]
    crowd = np.r_[hashes, np.zeros(3000, np.uint64)]  # pictures of one grey
    pairs = near_pairs(crowd, bucket=100)
    assert pairs.crowded == 3000
    assert (30, 31) in set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert len(pairs.first) < 10


def test_pairs_are_bounded() -> None:
    pairs = near_pairs(np.zeros(60, np.uint64), most=500)
    assert len(pairs.first) == 500
    assert not pairs.complete


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_flat_face_has_the_hash_zero(shade: int) -> None:
    assert hashed(np.full((80, 80, 3), shade, np.uint8))[0] == 0


def test_many_faces_take_seconds() -> None:
    """100,000 hashes are 5e9 pairs: only tables, not comparing all of them, ends this test."""
    hashes = np.random.default_rng(0).integers(0, 2**64, 100_000, dtype=np.uint64)
    hashes[-1] = hashes[0] ^ np.uint64(0x8000_0100_0001_0001)
    pairs = near_pairs(hashes)
    assert (0, 99_999) in set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
