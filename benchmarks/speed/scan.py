"""Time SCAN's local branch, forward and backward, against one module a patch.

    python benchmarks/speed/scan.py [--channels C] [--side N] [--m M] [--batch B] [--rounds R]
                                    [--calls K] [--device cpu|cuda] [--out FOLDER]

Without options: the paper's size (512 channels, 28 x 28, 25 patches) and batch 64. Writes
results/speed/scan_<device>.json and .md. Parameters, outputs, gradients and statistics of both
forms agree (tests/models/test_scan_loop_form.py, float64, 1e-10).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parent))
from options import device_options, given_device
from peaks import FORMATS, Peaks, measure_peaks
from reference_scan import LoopBranch, loop_state
from report import Page, write
from timed import NO_GPU, Version, rows, skipped, time_versions

from fer_bench.models import attention
from fer_bench.models.scan_cci import AttentionBranch, ScanCciConfig
from fer_bench.training.setup import allow_tf32

ABOUT = [
    "Forward and backward of V_l (section 3.4) from a random feature map: the patches, their "
    "units, the mean over space, the maximum over patches. Ratios above 1 are faster than one "
    "module a patch in the same number format and, where said, layout; all versions were timed "
    "in turns.",
]


def main() -> None:
    """Measure and write."""
    given = arguments()
    device = given_device(given)
    write(measure(given, device), device, given.out)


def measure(given: argparse.Namespace, device: torch.device) -> Page:
    """Time every form."""
    peaks = measure_peaks(device)
    versions = make_versions(given, device, peaks)
    time_versions(versions, given.rounds, given.calls, device, given.seconds)
    settings = {k: getattr(given, k) for k in ("channels", "side", "m", "batch", "rounds", "calls")}
    return Page("scan", "Speed of SCAN's local branch", ABOUT, rows(versions), settings, peaks)


def make_versions(given: argparse.Namespace, device: torch.device, peaks: Peaks) -> list[Version]:
    """Every form in every number format the device has."""
    g = round(given.m**0.5)
    config = ScanCciConfig(scope="local", m=given.m)
    bank = AttentionBranch(given.channels, given.side, 7, config).to(device)
    loop = LoopBranch(given.channels, given.side, g).to(device)
    assert bank.local is not None
    loop.load_state_dict(loop_state(bank.local.state_dict(), given.side, g))
    features = torch.randn(given.batch, given.channels, given.side, given.side, device=device)
    last = features.to(memory_format=torch.channels_last)
    bank.to(memory_format=torch.channels_last)  # as the suite trains
    operations, moved = _least(loop, features)
    versions = []
    for kind in FORMATS:
        reference = f"one module a patch, {kind}"
        if device.type != "cuda" and kind != "float32":
            forms = ["one module a patch", "the suite"]
            forms += ["the suite, compiled"] if kind == "bf16" else []
            versions += [skipped(f"{form}, {kind}", reference, NO_GPU) for form in forms]
            continue
        floor, bound = peaks.floor(operations, moved / (2 if kind == "bf16" else 1), kind)
        cases: list[tuple[str, Callable[[Tensor], Tensor], Tensor, bool]] = [
            (reference, loop, features, False),
            (f"one module a patch, channels last, {kind}", loop, last, False),
            (f"the suite, {kind}", bank.local_features, last, False),
        ]
        if kind == "bf16":
            compiled = torch.compile(bank.local_features)
            cases.append((f"the suite, compiled, {kind}", compiled, last, False))
        if device.type != "cuda":
            cases.append((f"always side by side, {kind}", bank.local_features, last, True))
        for name, forward, images, side_by_side in cases:
            call = _step(nn.ModuleList([bank, loop]), forward, images, kind, side_by_side)
            versions.append(Version(name, given.batch, call, reference, floor, bound))
    return versions


def _step(
    modules: nn.Module, forward: Callable[[Tensor], Tensor], images: Tensor, kind: str, banks: bool
) -> Callable[[], None]:
    def call() -> None:
        allow_tf32({"tf32": kind == "tf32"})
        leaf = images.detach().requires_grad_()
        modules.zero_grad(set_to_none=True)
        with _banks(banks), torch.autocast(leaf.device.type, torch.bfloat16, kind == "bf16"):
            out = forward(leaf)
        out.float().sum().backward()

    return call


@contextmanager
def _banks(always: bool) -> Iterator[None]:
    """Let wide units run side by side on a CPU, too."""
    wide = attention.WIDE
    attention.WIDE = 2**31 if always else wide
    try:
        yield
    finally:
        attention.WIDE = wide


def _least(loop: nn.Module, features: Tensor) -> tuple[float, float]:
    """Operations, and bytes in float32: the map and its gradient, the weights and theirs, once."""
    counter = FlopCounterMode(display=False)
    with counter:
        loop(features.detach().requires_grad_()).sum().backward()
    weights = sum(p.nbytes for p in loop.parameters())
    return counter.get_total_flops(), 2 * (features.nbytes + weights)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Those of the command line, or the ones given."""
    parser = device_options(__doc__, rounds=10)
    parser.add_argument("--channels", type=int, default=512)
    parser.add_argument("--side", type=int, default=28)
    parser.add_argument("--m", type=int, default=25)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--calls", type=int, default=1)
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
