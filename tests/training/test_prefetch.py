"""Reading ahead gives what reading in turn gives, and stops when nobody takes any more."""

import threading

import numpy as np
import pytest
import torch

from fer_bench.training.batches import Faces
from fer_bench.training.prefetch import prefetched

CPU = torch.device("cpu")


class Watched:
    """Pixels that remember which rows were read, and by which thread."""

    def __init__(self, count: int = 20) -> None:
        self.content = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3), np.uint8)
        self.read: list[list[int]] = []
        self.threads: set[int] = set()
        self.broken = False

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        if self.broken:
            raise OSError("the disk is gone")
        self.read.append(rows.tolist())
        self.threads.add(threading.get_ident())
        return self.content[rows]


@pytest.fixture
def faces() -> Faces:
    pixels, rows = Watched(), np.arange(19, -1, -1)
    return Faces(pixels, rows, np.zeros(20, int), rows.astype(str), rows)


def test_batches_come_in_order_with_their_images(faces):
    batches = [np.array([3, 1]), np.array([4, 4, 0]), np.array([7]), np.array([19, 18])]
    given = list(prefetched(faces, batches, CPU))
    assert [which.tolist() for which, _ in given] == [b.tolist() for b in batches]
    for which, images in given:
        expected = faces.pixels.content[faces.rows[which]].transpose(0, 3, 1, 2) / np.float32(255)
        np.testing.assert_array_equal(images.numpy(), expected.astype(np.float32))
        assert images.is_contiguous()
    assert threading.get_ident() not in faces.pixels.threads


def test_no_more_is_read_than_asked_for(faces):
    before = set(threading.enumerate())
    batches = iter([np.array([i]) for i in range(10)])
    running = prefetched(faces, batches, CPU, ahead=2)
    next(running)
    next(running)
    running.close()
    assert len(faces.pixels.read) <= 4
    assert set(threading.enumerate()) <= before


def test_no_batches_give_nothing(faces):
    assert list(prefetched(faces, [], CPU)) == []


def test_what_goes_wrong_in_reading_is_raised_where_it_is_taken(faces):
    faces.pixels.broken = True
    with pytest.raises(OSError, match="the disk is gone"):
        next(prefetched(faces, [np.array([0])], CPU))
