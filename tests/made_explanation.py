"""Invented explanations of a network."""

from __future__ import annotations

from fer_bench.records.explanation import (
    Channels,
    Explanation,
    Faithful,
    Faithfulness,
    Mean,
    Occluders,
    OnOccluders,
)


def around(mean: float, half: float = 0.01) -> Mean:
    return Mean(mean, round(mean - half, 6), round(mean + half, 6), 100, 30)


def measure(cam: float, gain_random: float, gain_centre: float) -> Faithful:
    gains = {"random": around(gain_random), "centre": around(gain_centre)}
    return Faithful(around(cam), around(0.5), around(0.25), gains, {})


def on_occluder(mass: float, ratio: float, change: float, area: float = 0.11) -> OnOccluders:
    return OnOccluders(
        48, around(area), around(mass), around(mass - change), around(change), 0.14, around(ratio),
        around(1.0),
    )  # fmt: skip


def with_kinds(whole: OnOccluders, **kinds: OnOccluders) -> Occluders:
    return Occluders(**vars(whole), empty=0, kinds=kinds)


TWO_KINDS = with_kinds(
    on_occluder(0.12, 1.0912, -0.004),
    hand=on_occluder(0.2, 1.8, 0.05), hair=on_occluder(0.05, 0.5, -0.05),
)  # fmt: skip


def explanation(
    dataset: str,
    model: str,
    seed: int,
    set_: str,
    *,
    areas: tuple[float, float] = (0.4, 0.57),
    better: float = 0.1,
    occluders: Occluders | None = TWO_KINDS,
) -> Explanation:
    """One network on one set.

    Args:
        dataset, model, seed: its cell.
        set_: the explained faces'.
        areas: the map's, of deletion and insertion.
        better: than a random order, in deletion.
        occluders: what falls on them.
    """
    faithful = Faithfulness(
        100, 10, measure(areas[0], better, -0.15), measure(areas[1], -0.002, 0.0)
    )
    channels = Channels(4, 0, (0.1, 0.1, 0.2, 0.2), (0.1,) * 5, (0.1,) * 5)
    return Explanation(
        dataset, model, seed, set_, "backbone.layer2", "last", ("neutral", "fear"), 100, 300, 0.8,
        2, faithful, occluders, channels,
    )  # fmt: skip
