"""Many comparisons at once, and the claim that two things are equal."""

from __future__ import annotations

from collections.abc import Sequence

MARGIN = 0.01
"""One point of accuracy: differences below it are called no difference that matters here."""

FEW_DISCORDANT = 25
"""Below so many differing faces, exact tests replace approximate ones (as for McNemar's test)."""


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down correction of p values, in their order.

    Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 65-70.

    Raises:
        ValueError: one is no probability above 0. (statsmodels would turn all of them into NaN for
            one that is, and say that none is rejected or that all are.)
    """
    if not ps:
        return []
    if wrong := [p for p in ps if not 0 < p <= 1]:
        raise ValueError(f"p values must be above 0 and at most 1, not {wrong[0]}")
    if len(ps) == 1:  # a page may ask a thousand times, and statsmodels collects garbage each time
        return [float(ps[0])]
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(list(ps), method="holm")[1]]


def equivalent(low90: float, high90: float, margin: float, n: int, differing: int) -> bool:
    """Two one-sided tests at 5 %: whether the 90 % interval lies inside ± `margin`.

    Where few faces differ, a bootstrap interval is too narrow (it is a single point where none
    does), so the exact binomial bound must lie inside as well: the largest share of differing faces
    that would still show so few in 5 % of samples. With none of n, that asks for 299 faces if the
    margin is one point.

    Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach for
    assessing the equivalence of average bioavailability, J. Pharmacokinet. Biopharm. 15, 657-680.

    Args:
        low90: lower end of the difference's 90 % interval.
        high90: upper end.
        margin: the largest difference that does not matter, as a fraction.
        n: how many faces.
        differing: on how many of them the two differ.
    """
    if not (-margin < low90 and high90 < margin):
        return False
    if differing >= FEW_DISCORDANT:
        return True
    if differing >= n:
        return False
    from scipy.special import betaincinv

    # Clopper and Pearson's one-sided 95 % bound.
    return bool(betaincinv(differing + 1, n - differing, 0.95) < margin)
