"""Exact area averages of any region of an image, from one table of sums.

The table (an integral image) holds, for every pixel, the sum of all pixels above and left of it,
so that the mean over any rectangle is four look-ups. Levels of an image pyramid and crops resized
to a network's input are both grids of such rectangles: output i of n over a length covers the
pixels from floor(i length / n) to ceil((i + 1) length / n). Sums are whole numbers and therefore
exact; they may wrap around 2^32, which differences undo.

An image may be seen with a black border of any width without being copied: outside the image the
sums do not change, so look-ups are clipped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

CENTRE, SCALE = np.float32(127.5), np.float32(0.0078125)
"""How pixel values enter the networks: (value - 127.5) / 128."""


class Areas(ABC):
    """Area averages of one image; what is returned is ready for the networks.

    Attributes:
        height, width: of the image, without a border.
        channels: 3, or 1 for a grey image.
    """

    height: int
    width: int
    channels: int

    @abstractmethod
    def level(self, rows: int, columns: int, border: int = 0) -> Any:
        """The whole image with its border, as (channels, rows, columns) float32."""

    @abstractmethod
    def crops(self, windows: np.ndarray, side: int, border: int = 0) -> Any:
        """Regions of the bordered image, as (n, channels, side, side) float32.

        Args:
            windows: (n, 4) int, x0, y0, x1, y1 in pixels of the bordered image; none empty.
            side: rows and columns of each result.
            border: width of the black border.
        """


class HostAreas(Areas):
    """In NumPy: on one CPU core several times as fast as pooling in torch.

    Args:
        image: (H, W, 3) uint8.
    """

    def __init__(self, image: np.ndarray) -> None:
        self.height, self.width = image.shape[:2]
        self.channels = 1 if is_grey(image) else 3
        down = np.cumsum(image[:, :, : self.channels], axis=0, dtype=np.int32)
        self._sums = np.zeros((self.channels, self.height + 1, self.width + 1), np.int32)
        np.cumsum(down.transpose(2, 0, 1), axis=2, out=self._sums[:, 1:, 1:])

    def level(self, rows: int, columns: int, border: int = 0) -> np.ndarray:
        """See `Areas`."""
        top, bottom = _grid(self.height + 2 * border, rows)
        left, right = _grid(self.width + 2 * border, columns)
        y0, y1 = (_inside(v, border, self.height) for v in (top, bottom))
        x0, x1 = (_inside(v, border, self.width) for v in (left, right))
        bands = self._sums.take(y1, axis=1)
        bands -= self._sums.take(y0, axis=1)
        cells = bands.take(x1, axis=2, mode="clip")  # "clip" is the quick mode
        cells -= bands.take(x0, axis=2, mode="clip")
        return _mean(cells, (bottom - top)[:, None], right - left)

    def crops(self, windows: np.ndarray, side: int, border: int = 0) -> np.ndarray:
        """See `Areas`."""
        top, bottom, left, right = _cells(windows, side)
        y0, y1 = (_inside(v, border, self.height) * (self.width + 1) for v in (top, bottom))
        x0, x1 = (_inside(v, border, self.width) for v in (left, right))
        flat = self._sums.reshape(self.channels, -1)

        def at(y: np.ndarray, x: np.ndarray) -> np.ndarray:
            taken: np.ndarray = flat.take(y[:, :, None] + x[:, None, :], axis=1, mode="clip")
            return taken

        cells = at(y1, x1)
        cells -= at(y0, x1)
        cells -= at(y1, x0)
        cells += at(y0, x0)
        mean = _mean(cells, (bottom - top)[:, :, None], (right - left)[:, None, :])
        return mean.transpose(1, 0, 2, 3)


class DeviceAreas(Areas):
    """The same in torch, with the table on a GPU.

    Args:
        image: (H, W, 3) uint8.
        device: torch device.
    """

    def __init__(self, image: np.ndarray, device: Any) -> None:
        import torch

        self.height, self.width = image.shape[:2]
        self.channels = 1 if is_grey(image) else 3
        pixels = torch.tensor(image[:, :, : self.channels], device=device).permute(2, 0, 1)
        sums = pixels.cumsum(1, dtype=torch.int32).cumsum(2, dtype=torch.int32)
        self._sums = torch.nn.functional.pad(sums, (1, 0, 1, 0))

    def level(self, rows: int, columns: int, border: int = 0) -> Any:
        """See `Areas`."""
        top, bottom = _grid(self.height + 2 * border, rows)
        left, right = _grid(self.width + 2 * border, columns)
        y0, y1 = (self._put(_inside(v, border, self.height)) for v in (top, bottom))
        x0, x1 = (self._put(_inside(v, border, self.width)) for v in (left, right))
        bands = self._sums.index_select(1, y1) - self._sums.index_select(1, y0)
        cells = bands.index_select(2, x1) - bands.index_select(2, x0)
        return self._mean(cells, (bottom - top)[:, None], right - left)

    def crops(self, windows: np.ndarray, side: int, border: int = 0) -> Any:
        """See `Areas`."""
        top, bottom, left, right = _cells(windows, side)
        y0, y1 = (self._put(_inside(v, border, self.height))[:, :, None] for v in (top, bottom))
        x0, x1 = (self._put(_inside(v, border, self.width))[:, None, :] for v in (left, right))
        s = self._sums
        cells = s[:, y1, x1] - s[:, y0, x1] - s[:, y1, x0] + s[:, y0, x0]
        mean = self._mean(cells, (bottom - top)[:, :, None], (right - left)[:, None, :])
        return mean.transpose(0, 1).contiguous()

    def _put(self, values: np.ndarray) -> Any:
        import torch

        return torch.from_numpy(values).to(self._sums.device)

    def _mean(self, cells: Any, height: np.ndarray, width: np.ndarray) -> Any:
        mean = cells.float() / self._put(height).float() / self._put(width).float()
        return (mean - float(CENTRE)) * float(SCALE)


def is_grey(image: np.ndarray) -> bool:
    """Whether the three channels of `image` (H, W, 3) are equal."""
    row = image[image.shape[0] // 2].reshape(-1)  # most colour images show it in one row
    return _triples(row) and _triples(image.reshape(-1))


def _triples(values: np.ndarray) -> bool:
    """Whether each three successive values are equal, by comparing neighbours: that is quick."""
    same = values[1:] == values[:-1]
    same[2::3] = True
    return bool(same.all())


def _grid(length: int, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """First pixel and end of each of `parts` cells over `length` pixels."""
    i = np.arange(parts)
    return i * length // parts, -(-(i + 1) * length // parts)


def _cells(windows: np.ndarray, side: int) -> tuple[np.ndarray, ...]:
    """Top, bottom, left and right (n, side) of the cells of each window (n, 4)."""
    x0, y0, x1, y1 = (v[:, None] for v in windows.astype(np.int64).T)
    i = np.arange(side)
    top, bottom = y0 + i * (y1 - y0) // side, y0 - (-(i + 1) * (y1 - y0) // side)
    left, right = x0 + i * (x1 - x0) // side, x0 - (-(i + 1) * (x1 - x0) // side)
    return top, bottom, left, right


def _inside(positions: np.ndarray, border: int, length: int) -> np.ndarray:
    """Positions in the bordered image as positions in the table of sums."""
    if not border:
        return positions
    clipped: np.ndarray = np.clip(positions - border, 0, length)
    return clipped


def _mean(cells: np.ndarray, height: np.ndarray, width: np.ndarray) -> np.ndarray:
    # in this order, as area pooling divides, so that not even the last bit differs
    mean = cells.astype(np.float32)
    mean /= height.astype(np.float32)
    mean /= width.astype(np.float32)
    mean -= CENTRE
    mean *= SCALE
    return mean
