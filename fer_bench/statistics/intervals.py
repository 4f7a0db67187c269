"""How far an accuracy on n faces may lie from that on all faces like them.

Wilson (1927), Probable inference, the law of succession, and statistical inference, J. Am. Stat.
Assoc. 22, 209-212; Newcombe (1998), Interval estimation for the difference between independent
proportions: comparison of eleven methods, Stat. Med. 17, 873-890 (method 10).
"""

from __future__ import annotations

import math
from statistics import NormalDist

Interval = tuple[float, float]

Z95 = NormalDist().inv_cdf(0.975)


def half_width(error: float, freedom: float) -> float:
    """Of the 95 % interval (Student's) about something with a standard error."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975)) * error


def effective(share: float, low: float, high: float) -> float:
    """How many independent faces a 95 % interval of a share is worth.

    Faces of one person are alike, so that these are fewer than there are: Kish (1965), Survey
    Sampling, section 8.2, the size divided by the design effect.
    """
    error = (high - low) / (2 * Z95)
    return max(1.0, share * (1 - share) / error**2) if error > 0 else math.inf


def wilson(share: float, n: float) -> Interval:
    """Wilson's 95 % score interval of a share seen in n independent faces.

    `share` may be a mean over seeds, so that share * n need not be whole.
    """
    centre = share + Z95**2 / (2 * n)
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def of_intervals(one: float, ends: Interval, other: float, other_ends: Interval) -> Interval:
    """Newcombe's 95 % interval of `one - other`, from the intervals of two separate groups."""
    (low1, high1), (low2, high2) = ends, other_ends
    gap = one - other
    return (
        gap - math.hypot(one - low1, high2 - other),
        gap + math.hypot(high1 - one, other - low2),
    )
