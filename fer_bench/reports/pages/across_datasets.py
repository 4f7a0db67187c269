"""Models ranked across datasets, with the difference that ranks need to be told apart."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from fer_bench.reports import columns
from fer_bench.reports.columns import Columns, plain, share
from fer_bench.reports.formatting import opening, percent, rounded
from fer_bench.reports.grid import github
from fer_bench.reports.relations import masked_base, rendered, share_images, sources_of
from fer_bench.reports.scores import Scores
from fer_bench.statistics.ranks import ALPHA, FEWEST, Ranks, common_block, rank, refusal
from fer_bench.statistics.wording import p_value

TITLE = "Ranks across datasets"
SHOWS = "Which models differ over all datasets together (critical difference)."
INTRODUCTION = f"""\
# Ranks across datasets

Which models differ over all datasets together?

On each dataset the models are ranked by accuracy of the `last` epoch on its own test faces, mean
over seeds; 1 is the best, ties share their ranks. Only models measured on every dataset below are
ranked. Datasets must be independent: masked versions, and sets that take images of the same source
as another one, are left out; drawn faces, which are no evidence about methods, as well. Friedman's
test asks whether all models could be equally good; if not, two models are told apart when their
average ranks differ by more than Nemenyi's critical difference (at {100 * ALPHA:.0f} %; Demšar
2006). Not being told apart does not show that they are equal. A rank says
nothing about how large a difference is."""
FEW = (
    "With so few datasets the test has little power and its p is approximate: it finds only large "
    "and steady differences."
)
ENOUGH_DATASETS = 10
"""Friedman's chi-squared is a fair approximation from about here on (Demšar 2006)."""


def markdown(scores: Scores) -> str:
    """The page."""
    parts = [opening(INTRODUCTION)]
    chosen, dropped = independent(scores)
    found = _ranked(scores)
    if isinstance(found, str):
        parts.append(found)
    else:
        parts += [_verdict(found), _grid(found, scores)]
    if dropped:
        names = ", ".join(f"{name} (shares images with {other})" for name, other in dropped)
        parts.append(f"Not counted, because not independent: {names}.")
    if not isinstance(found, str) and (unused := [d for d in chosen if d not in found.datasets]):
        parts.append(f"Left out, because too few of these models were measured: {_list(unused)}.")
    return "\n\n".join(parts) + "\n"


def csv_text(scores: Scores) -> str:
    """Each model on each dataset on a line; only the header where nothing is ranked."""
    found = _ranked(scores)
    lines = [] if isinstance(found, str) else [
        RankRecord(found, i, j, _measured(scores, dataset)[model])
        for i, model in enumerate(found.models)
        for j, dataset in enumerate(found.datasets)
    ]  # fmt: skip
    return columns.csv_text(COLUMNS, lines)


class RankRecord(NamedTuple):
    """A model on a dataset, by their numbers in the ranking."""

    ranks: Ranks
    model: int
    dataset: int
    accuracy: float


COLUMNS: Columns[RankRecord] = (
    plain("model", lambda x: x.ranks.models[x.model]),
    plain("average_rank", lambda x: rounded(x.ranks.ranks[x.model], 4)),
    plain("datasets", lambda x: len(x.ranks.datasets)),
    plain("critical_difference", lambda x: rounded(x.ranks.critical_difference, 4)),
    plain("friedman_p", lambda x: f"{x.ranks.p:.3g}"),
    plain("dataset", lambda x: x.ranks.datasets[x.dataset]),
    plain("rank", lambda x: f"{x.ranks.by_dataset[x.model][x.dataset]:g}"),
    share("accuracy", lambda x: x.accuracy),
)


def diagram(scores: Scores) -> dict[str, Any] | None:
    """What a critical-difference diagram shows; None where nothing is ranked.

    Returns:
        `models` (best first) with their average `ranks`; `critical_difference`; `cliques`: first
        and last index of models that are not told apart; `datasets`; `p` of Friedman's test;
        `alpha`. Where Friedman's test tells nothing apart, all models are one clique.
    """
    found = _ranked(scores)
    if isinstance(found, str):
        return None
    return {
        "models": list(found.models),
        "ranks": list(found.ranks),
        "critical_difference": found.critical_difference,
        "cliques": [list(ends) for ends in _cliques(found)],
        "datasets": list(found.datasets),
        "p": found.p,
        "alpha": ALPHA,
    }


def independent(scores: Scores) -> tuple[list[str], list[tuple[str, str]]]:
    """Datasets that share no images, and those left out with the one each shares images with.

    Datasets of a single source come before joined ones, then those with more measured models.
    """
    known = [name for name in scores.datasets() if not masked_base(name)]
    measured = [name for name in known if not rendered(name)]
    order = sorted(measured, key=lambda d: (len(sources_of(d)), -len(_measured(scores, d))))
    chosen: list[str] = []
    dropped: list[tuple[str, str]] = []
    for name in order:
        rival = next((other for other in chosen if share_images(name, other)), None)
        if rival is None:
            chosen.append(name)
        else:
            dropped.append((name, rival))
    return [name for name in measured if name in chosen], dropped


@lru_cache(maxsize=1)
def _ranked(scores: Scores) -> Ranks | str:
    """Worked out once for page, CSV and diagram."""
    chosen, _ = independent(scores)
    values = {name: _measured(scores, name) for name in chosen}
    datasets, models = common_block({name: list(found) for name, found in values.items()})
    if min(len(datasets), len(models)) < FEWEST:
        return refusal(len(datasets), len(models))
    return rank({d: {m: values[d][m] for m in models} for d in datasets})


def _measured(scores: Scores, dataset: str) -> dict[str, float]:
    """Mean accuracy by model; where only a transferred row was measured, that one's."""
    names = dict.fromkeys(row.method for row in scores.of(dataset))
    found = {}
    for model in names:
        row = scores.main(dataset, model)
        summary = row.summary("accuracy", dataset) if row else None
        if summary:
            found[model] = summary.mean
    return found


def _cliques(found: Ranks) -> list[tuple[int, int]]:
    return [(0, len(found.models) - 1)] if found.p >= ALPHA else found.cliques


def _verdict(found: Ranks) -> str:
    """What the test says, in words."""
    head = (
        f"{len(found.models)} models on {len(found.datasets)} datasets ({_list(found.datasets)}); "
        f"Friedman's chi-squared {rounded(found.statistic, 2)}, p {p_value(found.p)}; critical "
        f"difference {rounded(found.critical_difference, 2)} ranks."
    )
    few = f" {FEW}" if len(found.datasets) < ENOUGH_DATASETS else ""
    if found.p >= ALPHA:
        return f"{head} These datasets do not tell the models apart.{few}"
    groups = [", ".join(found.models[i : j + 1]) for i, j in _cliques(found)]
    told = f" Not told apart: {'; '.join(groups)}." if groups else " All are told apart."
    return f"{head} The models are not all equally good.{told}{few}"


def _grid(found: Ranks, scores: Scores) -> str:
    head = ["Model", "Average rank", *(f"{name} (accuracy, rank)" for name in found.datasets)]
    accuracies = {name: _measured(scores, name) for name in found.datasets}
    body = [
        [f"`{model}`", rounded(average, 2),
         *(f"{percent(accuracies[d][model])}, {place:g}"
           for d, place in zip(found.datasets, places, strict=True))]
        for model, average, places in zip(found.models, found.ranks, found.by_dataset, strict=True)
    ]  # fmt: skip
    return github(head, body)


def _list(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names)
