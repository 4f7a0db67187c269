"""What the device can do at most, measured: operations and copied bytes a second."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from timed import seconds_of

from fer_bench.training.setup import allow_tf32


@dataclass(frozen=True)
class Peaks:
    """Measured ceilings.

    Attributes:
        operations: floating-point operations a second by number format; a multiply-add is two.
        bytes: read plus written, a second, in a copy much larger than the caches.
    """

    operations: dict[str, float]
    bytes: float

    def floor(self, operations: float, moved: float, kind: str) -> tuple[float, str]:
        """The seconds that the work takes at least, and whether operations or bytes need them."""
        times = {"operations": operations / self.operations[kind], "bytes": moved / self.bytes}
        bound = max(times, key=lambda name: times[name])
        return times[bound], bound


FORMATS = {
    "float32": (torch.float32, False),
    "tf32": (torch.float32, True),
    "bf16": (torch.bfloat16, False),
}


@cache  # a process that times several things asks once
def measure_peaks(device: torch.device, rounds: int = 7) -> Peaks:
    """The faster of a large product and a large convolution in each format, and a large copy."""
    side, numbers = (8192, 2**28) if device.type == "cuda" else (2048, 2**25)
    operations = {}
    for name, (dtype, tf32) in FORMATS.items():
        if name == "tf32" and device.type != "cuda":
            continue
        allow_tf32({"tf32": tf32})
        operations[name] = max(
            _product(side, dtype, device, rounds), _convolution(dtype, device, rounds)
        )
    allow_tf32({"tf32": False})
    source = torch.randn(numbers, device=device)
    target = torch.empty_like(source)
    took = [seconds_of(lambda: target.copy_(source), 1, device) for _ in range(rounds)]
    return Peaks(operations, 2 * source.nbytes / statistics.median(took[1:]))


def _product(side: int, dtype: torch.dtype, device: torch.device, rounds: int) -> float:
    left = torch.randn(side, side, device=device).to(dtype)
    right = torch.randn(side, side, device=device).to(dtype)
    out = torch.empty_like(left)
    took = [seconds_of(lambda: torch.mm(left, right, out=out), 1, device) for _ in range(rounds)]
    return 2 * side**3 / statistics.median(took[1:])


def _convolution(dtype: torch.dtype, device: torch.device, rounds: int) -> float:
    """3 x 3, 512 to 512 channels on 28 x 28: some libraries convolve faster than they multiply."""
    images, channels, pixels = (64 if device.type == "cuda" else 4), 512, 28
    shape = (images, channels, pixels, pixels)
    x = torch.randn(shape, device=device).to(dtype).to(memory_format=torch.channels_last)
    kernel = torch.randn(channels, channels, 3, 3, device=device).to(dtype)
    took = [seconds_of(lambda: F.conv2d(x, kernel, padding=1), 1, device) for _ in range(rounds)]
    return 2 * 9 * channels**2 * images * pixels**2 / statistics.median(took[1:])
