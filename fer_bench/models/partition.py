"""Cutting a square feature map into m = g x g blocks.

Our reading of "m non-overlapping blocks" (section 3.4): at side n a block has b = ceil(n / g)
cells a side, the last one in a row or column n - (g - 1) b. At n = 28 and m = 25 that gives the
16 blocks of 6 x 6, 4 of 6 x 4, 4 of 4 x 6 and one of 4 x 4 of the released code.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

from torch import Tensor

from fer_bench.errors import FerBenchError


def blocks(side: int, g: int) -> tuple[int, int]:
    """The side of a block and of the last block; the latter is 0 or less where g cannot cut."""
    block = -(-side // g)
    return block, side - (g - 1) * block


def valid_m(side: int) -> list[int]:
    """Every m a map of `side` can be cut into: no block empty, and not all single cells."""
    return [g * g for g in range(1, side + 1) if can_cut(side, g * g)]


def can_cut(side: int, m: int) -> bool:
    """Whether a map of `side` can be cut into m patches that have something to attend within."""
    g = isqrt(m) if m > 0 else 0
    if g * g != m or m == 0:
        return False
    block, last = blocks(side, g)
    return m == 1 or (block > 1 and last > 0)


def check_m(m: int, size: int, side_at: Callable[[int], int]) -> None:
    """Check that m patches can be cut at an input of `size` pixels.

    Args:
        m: number of patches.
        size: input side in pixels.
        side_at: the feature map's side for an input side.

    Raises:
        FerBenchError: names the nearest valid m at this size and the nearest sizes for this m.
    """
    side = side_at(size)
    if can_cut(side, m):
        return
    near = sorted(sorted(valid_m(side), key=lambda v: abs(v - m))[:3])
    message = f"m={m} does not cut the {side}x{side} feature map of a {size} px input; "
    message += f"nearest valid m at {size} px: {', '.join(map(str, near))}"
    sizes = nearest_sizes(size, lambda s: can_cut(side_at(s), m))
    if sizes:
        message += f"; nearest sizes for m={m}: {' or '.join(map(str, sizes))}"
    raise FerBenchError(message)


def nearest_sizes(size: int, fits: Callable[[int], bool]) -> list[int]:
    """The nearest smaller and larger input sizes (multiples of 8, 32 to 1024) that fit."""
    sizes = [s for s in range(32, 1025, 8) if fits(s)]
    return [s for s in sizes if s < size][-1:] + [s for s in sizes if s > size][:1]


def regions(side: int, g: int) -> list[int]:
    """How many patches each tensor of `partition` holds: one entry for each shape of patch."""
    block, last = blocks(side, g)
    return [g * g] if last == block else [(g - 1) ** 2, g - 1, g - 1, 1]


def partition(x: Tensor, g: int, folded_strip: bool = False) -> list[Tensor]:
    """Cut (B, C, n, n) into g x g patches, stacked by shape: a list of (B, P, C, h, w).

    Where all patches have one shape, the list has one tensor, in row-major order. Otherwise four:
    the body's (g-1)^2 patches, the right strip's g-1, the bottom strip's g-1 and the corner's one.

    Args:
        x: feature map.
        g: patches a side; `blocks` must give a last block of at least 1.
        folded_strip: cut the bottom strip as the released code does: its patch j is row j of the
            strip, folded into (last, b), which makes false neighbours of cells far apart. Needs
            as many rows as patches (28 x 28 at g = 5). Does nothing where there is no strip.
    """
    block, last = blocks(x.shape[-1], g)
    if last == block:
        return [_grid(x, block, block)]
    body = (g - 1) * block
    strip = x[..., body:, :body]
    if folded_strip:
        bottom = strip.transpose(1, 2).reshape(len(x), last, x.shape[1], last, block)
    else:
        bottom = _grid(strip, last, block)
    return [
        _grid(x[..., :body, :body], block, block),
        _grid(x[..., :body, body:], block, last),
        bottom,
        _grid(x[..., body:, body:], last, last),
    ]


def _grid(x: Tensor, height: int, width: int) -> Tensor:
    """(B, C, H, W) to (B, P, C, height, width), row-major.

    In memory it is (B, height, width, P, C): what `flatten(1, 2)` of it is then lies there as a map
    of P * C channels with channels last, whose channels are copied and summed many at a time.
    """
    batch, channels, rows, columns = x.shape
    cut = x.reshape(batch, channels, rows // height, height, columns // width, width)
    cells = cut.permute(0, 3, 5, 2, 4, 1).flatten(3, 4).contiguous()
    return cells.permute(0, 3, 4, 1, 2)
