"""What a model's page shows: everything known of every row that bears its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from fer_bench.model_texts import ModelTexts
from fer_bench.records.score import Part
from fer_bench.reports import describe
from fer_bench.reports.equal_chances import training
from fer_bench.reports.formatting import percent, rounded
from fer_bench.reports.leaderboard.charts import axis, curve
from fer_bench.reports.leaderboard.extras import Extras
from fer_bench.reports.leaderboard.face_intervals import Interval, Intervals
from fer_bench.reports.leaderboard.naming import anchor
from fer_bench.reports.leaderboard.provenance import costs, provenance
from fer_bench.reports.leaderboard.tracks import Board, RankedRow
from fer_bench.reports.row import Row, classes_of
from fer_bench.reports.scores import Scores
from fer_bench.reports.seen_before import licences, overlaps
from fer_bench.statistics.calibration import perfect_ece
from fer_bench.statistics.summary import Summary


@dataclass(frozen=True)
class Standing:
    """A model's entry on one of its own tracks, among how many."""

    board: Board
    entry: RankedRow
    of: int


@dataclass(frozen=True)
class ScoreLine:
    """A line of the table of everything a row was scored on."""

    set: str
    part: str
    n: int
    people: int | None
    accuracy: Summary | None
    interval: Interval | None
    balanced: Summary | None
    macro_f1: Summary | None
    best_on_val: Summary | None
    best_on_test: Summary | None


def context(
    model: str,
    boards: Sequence[Board],
    scores: Scores,
    extras: Extras,
    texts: ModelTexts,
    intervals: Intervals,
) -> dict[str, Any]:
    """The template's variables for one model name."""
    places = [Standing(b, e, len(b.tracks[0].entries)) for b in boards if b.own and b.tracks
              for e in b.tracks[0].entries if e.row.model == model]  # fmt: skip
    # A row without scores of its own test faces has no track, but its other scores are shown.
    rows = [row for row in scores if row.cells and row.model == model]
    trained = [_trained(row, scores, extras, intervals) for row in rows]
    edges = [v for p in places for v in (p.entry.interval.low, p.entry.interval.high)]
    return {
        "model": model,
        "family": texts.family(rows[0]),
        "texts": texts,
        "places": places,
        "scale": axis([100 * v for v in edges] or [0, 100]),
        "trained": trained,
        "costs": costs(rows, extras),
        "starts": list(dict(s for row in rows for s in texts.starts(row)).items()),
        "overlaps": _overlaps(rows, texts),
        "licences": list(dict(t for row in rows for t in licences(row, texts)).items()),
        "provenance": [provenance(row) for row in rows],
        "contents": [("overview", "At a glance"), *((t["id"], t["title"]) for t in trained),
                     ("cost", "Cost"), ("card", "Model card"), ("provenance", "Provenance")],
    }  # fmt: skip


def _trained(row: Row, scores: Scores, extras: Extras, intervals: Intervals) -> dict[str, Any]:
    robustness = extras.robustness(row)
    curves = robustness.curves() if robustness else []
    return {
        "id": anchor("on", row.dataset),
        "title": describe.title(row.dataset),
        "about": f"{describe.place([row]).replace('**', '')} {describe.setup([row])}",
        "warnings": [
            text.replace("`", "").replace("**", "")
            for text in (*describe.warnings([row], row.scored_on, scores), *training([row]))
        ],
        "scores": list(_scores(row, intervals)),
        "measures": list(_measures(row, intervals)),
        "confusions": [_confusion(row, set_) for set_ in row.scored_on],
        "robustness": robustness,
        "curves": [(c, curve(c)) for c in curves],
        "levels": max((len(c.points) for c in curves), default=0),
        "explanations": list(extras.explanations(row)),
    }


def _scores(row: Row, intervals: Intervals) -> Iterator[ScoreLine]:
    for set_ in row.scored_on:
        for part in row.subsets(set_):
            accuracy = row.summary("accuracy", set_, part)
            n = row.sizes(set_, part)[0]
            interval = intervals.of(row, set_, part=part) if accuracy and n else None
            yield ScoreLine(
                set_,
                part,
                n,
                describe.people_count(row, set_, part),
                accuracy,
                interval,
                row.summary("balanced_accuracy", set_, part),
                row.summary("macro_f1", set_, part),
                row.summary("accuracy", set_, part, "best_on_val"),
                row.summary("accuracy", set_, part, "best_on_test"),
            )


def _measures(row: Row, intervals: Intervals) -> Iterator[tuple[str, str, str]]:
    """Name, value and how to read it, for the row's own test faces."""
    for key, label in (("balanced_accuracy", "Balanced accuracy"), ("macro_f1", "Macro-F1")):
        mean, interval = row.summary(key, row.dataset), intervals.of_metric(row, key)
        if mean and interval:
            text = f"{percent(mean.mean)} ({percent(interval.low)} to {percent(interval.high)})"
            yield (
                label,
                text,
                "percent, with its 95 % interval (over people; where not known, faces by class)",
            )
    parts = row.parts(row.dataset)
    raters = [p["raters"] for p in parts if p.get("raters")]
    curves = [p["risk_coverage"] for p in parts if p.get("risk_coverage")]
    for key, label, hint in (
        ("ece", "ECE", f"expected calibration error, 15 bins; {_yardstick(parts)}"),
        ("ece_scaled", "ECE, scaled", "the same after temperature scaling on validation faces"),
        ("temperature", "Temperature", "by which logits are divided; above 1: overconfident"),
        ("nll", "NLL", "negative log-likelihood in nats; lower is better"),
        ("brier", "Brier", "squared distance of the probabilities, 0 to 2; lower is better"),
    ):
        if values := row.values(key, row.dataset):
            text = percent(fmean(values)) if key.startswith("ece") else rounded(fmean(values), 3)
            yield label, text, hint
    if curves:
        yield (
            "AURC",
            percent(fmean(c["aurc"] for c in curves)),
            "area under the risk-coverage curve: mean error when only the most confident faces "
            "are answered; percent, lower is better",
        )
    if raters:
        for key, label, hint in (
            ("agreement", "Agreement with raters", "mean share of raters who gave its answer"),
            ("human", "One rater with another", "the same for a rater instead of the model"),
            ("ceiling", "Best possible", "if it always gave the most frequent answer"),
        ):
            yield label, percent(fmean(r[key] for r in raters)), hint


def _yardstick(parts: Sequence[Part]) -> str:
    """What one run of a calibrated model would show."""
    known = [perfect_ece(p["calibration"]) for p in parts if p.get("calibration")]
    if not known:
        return "percent, lower is better"
    mean, low, high = (percent(fmean(values)) for values in zip(*known, strict=True))
    return f"percent; a perfectly calibrated run would show {mean} (90 %: {low} to {high})"


def _confusion(row: Row, set_: str) -> dict[str, Any]:
    """Counts summed over seeds, each with its share of its row."""
    parts = [p for p in row.parts(set_) if p["n"]]
    classes = classes_of(parts[0])
    counts = np.sum([p["confusion"] for p in parts], axis=0)
    lines = []
    for i, (name, line) in enumerate(zip(classes, counts.tolist(), strict=True)):
        total = sum(line)
        cells = [(count, count / total if total else None) for count in line]
        lines.append({"name": name, "index": i, "cells": cells})
    return {
        "set": set_,
        "n": parts[0]["n"],
        "seeds": len(parts),
        "classes": classes,
        "lines": lines,
    }


def _overlaps(rows: Sequence[Row], texts: ModelTexts) -> list[tuple[str, list[str]]]:
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        for set_ in row.scored_on:
            found.setdefault(set_, {}).update(dict.fromkeys(overlaps(row, set_, texts)))
    return [(set_, list(texts)) for set_, texts in found.items()]
