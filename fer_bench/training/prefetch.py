"""Faces read from the pack while the device works on the batches before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from fer_bench.training.batches import Faces, as_images

AHEAD = 2


def prefetched(
    faces: Faces, batches: Iterable[np.ndarray], device: torch.device, ahead: int = AHEAD
) -> Iterator[tuple[np.ndarray, Tensor]]:
    """The images of each batch, in order, read by a thread up to `ahead` batches early.

    The thread copies memory-mapped rows, for a GPU into pinned memory, from which the copy to the
    device runs beside its work. It draws nothing and computes nothing, so that results are those
    of reading in turn.

    Args:
        faces: the faces of a split.
        batches: positions in it, one array a batch.
        device: where the images go.
        ahead: how many batches wait, read.

    Yields:
        The positions and their faces, float (B, 3, H, W) in [0, 1] on `device`.
    """
    rest = iter(batches)
    with ThreadPoolExecutor(1, thread_name_prefix="faces") as reader:

        def begin(which: np.ndarray) -> tuple[np.ndarray, Future[Tensor]]:
            return which, reader.submit(faces.read, which, device)

        waiting = deque(begin(which) for which in islice(rest, ahead))
        while waiting:
            which, read = waiting.popleft()
            waiting.extend(begin(later) for later in islice(rest, 1))
            yield which, as_images(read.result())
