"""Sharpness-aware minimisation: a step by the gradient at the worst place near the weights.

Foret et al., "Sharpness-aware minimization for efficiently improving generalization", ICLR 2021,
equation 2 and algorithm 1, over all parameters and not adaptive.

With it a step passes the batch twice, and the batch statistics that a network keeps take in both
passes; so do layers that draw, each time anew. The paper's authors leave this open; the released
code of the methods that train with it (POSTER, DDAMFN++) does so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

SMALL = 1e-12


@contextmanager
def ascended(optimizer: torch.optim.Optimizer, rho: float) -> Iterator[None]:
    """The weights w moved by rho g / (||g|| + 1e-12), g their gradients, and put back to the bit.

    Args:
        optimizer: of the weights; those without a gradient stay.
        rho: how far, as the Euclidean norm over all weights.
    """
    weights = [p for g in optimizer.param_groups for p in g["params"] if p.grad is not None]
    with torch.no_grad():
        before = [p.clone() for p in weights]
        slopes = [p.grad for p in weights if p.grad is not None]
        scale = rho / (torch.nn.utils.get_total_norm(slopes) + SMALL)
        for weight, slope in zip(weights, slopes, strict=True):
            weight.add_(slope * scale)
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, kept in zip(weights, before, strict=True):
                weight.copy_(kept)
