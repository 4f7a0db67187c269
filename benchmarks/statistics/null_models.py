"""How often verdicts err, and intervals miss, where every model is equally good.

python benchmarks/statistics/null_models.py

Invented answers in which people, faces and seeds are random effects: a face is answered correctly
where `SKILL` and normal effects of its person, of itself, of the model on the person, of the seed,
of the seed on the person and of the run on the face add up to more than 0. No model is better than
another, and what each run would reach with people without end is known (a probit), so that the
package's own comparisons, Holm's correction, verdicts and intervals can be counted as right or
wrong. Everything is drawn anew in every draw. Five minutes of one core; writes
`results/statistics/null_models.json` and `.md`, which git keeps.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from fer_bench.files import write_json, write_text
from fer_bench.reports.columns import Columns, page_table, plain, share, shown
from fer_bench.reports.formatting import count, rounded
from fer_bench.statistics.corrections import holm
from fer_bench.statistics.pairs import Comparison, compare
from fer_bench.statistics.power import variances
from fer_bench.statistics.resampling import REPLICATES
from fer_bench.statistics.row_intervals import row_intervals
from fer_bench.statistics.track import Runs, Track
from fer_bench.statistics.units import Units
from fer_bench.statistics.wording import Judged

OUT = Path("results/statistics")
DRAWS = 1_000
SEED = 20_261_130
SKILL, PERSON, FACE, RUN = 0.85, 0.8, 0.5, 0.7
"""The mean, and standard deviations: how easy people and faces are, and the run's own chance."""


@dataclass(frozen=True)
class Setting:
    """One kind of test set and training.

    Attributes:
        name: what it is like.
        faces: of each unit, a person or a face of nobody known.
        seeds: of each model; the first is compared with every other.
        suits: standard deviation of how a model suits a person.
        between: of how good seeds are.
        taste: of how a seed suits a person.
    """

    name: str
    faces: tuple[int, ...]
    seeds: tuple[int, ...]
    suits: float
    between: float
    taste: float = 0.1


SETTINGS = (
    Setting("rendered faces", (10,) * 30, (5,) * 5, 0.15, 0.11),
    Setting("people with 2 to 40 faces", tuple(range(2, 41, 2)), (5,) * 5, 0.15, 0.11),
    Setting("few people", (30,) * 10, (5,) * 5, 0.15, 0.11),
    Setting("seeds far apart", (10,) * 30, (5,) * 5, 0.15, 0.5),
    Setting("a reference with ten seeds", (10,) * 30, (10, 5, 5, 5, 5), 0.15, 0.11),
    Setting("photographs", (1,) * 516, (5,) * 11, 0.5, 0.05),
    Setting("FERPlus", (1,) * 3137, (5,) * 5, 0.5, 0.04),
)
"""Sizes and spreads are near those of results/tables/power.md, and around them."""


@dataclass(frozen=True)
class Drawn:
    """What one draw showed.

    Attributes:
        erred: whether any pair of the family was called better or worse.
        models: of each pair, whether the interval over people and seeds holds 0.
        networks: of each pair, whether that over people holds what the runs differ by in truth.
        rows: of each row, whether its accuracy's interval holds the truth.
        seeds: variance of one run's accuracy over seeds, measured.
        people: variance of a difference over people, measured.
    """

    erred: bool
    models: tuple[bool, ...]
    networks: tuple[bool, ...]
    rows: tuple[bool, ...]
    seeds: float
    people: float


@dataclass(frozen=True)
class Found:
    """What the draws of a setting showed; fractions."""

    name: str
    units: int
    faces: int
    seeds: str
    pairs: int
    draws: int
    std_over_seeds: float
    std_over_people: float
    families_erred: float
    models_covered: float
    networks_covered: float
    rows_covered: float


COLUMNS: Columns[Found] = (
    plain("name", lambda f: f.name, "Setting", left=True),
    shown("People", lambda f: count(f.units)),
    shown("Faces", lambda f: count(f.faces)),
    shown("Seeds", lambda f: f.seeds),
    shown("Pairs", lambda f: str(f.pairs)),
    share("seeds", lambda f: f.std_over_seeds, "± seeds", lambda v: rounded(100 * (v or 0), 1)),
    share("people", lambda f: f.std_over_people, "± people", lambda v: rounded(100 * (v or 0), 1)),
    share("erred", lambda f: f.families_erred, "Families that err", lambda v: _percent(v)),
    share("models", lambda f: f.models_covered, "Models", lambda v: _percent(v)),
    share("networks", lambda f: f.networks_covered, "Networks", lambda v: _percent(v)),
    share("rows", lambda f: f.rows_covered, "One accuracy", lambda v: _percent(v)),
)
ABOUT = """\
# Where no model is better

Written by `python benchmarks/statistics/null_models.py` at {commit}: {draws:,} draws of a setting,
{replicates:,} resamples in each interval over people.

All models are equally good; people, faces and seeds are drawn anew. **Families that err**: any of
the pairs is called better or worse, after Holm's correction (5 % is wanted; {draws:,} draws show it
to ±{doubt} points). The other columns: how many 95 % intervals hold the truth, of a difference of
models (over people and seeds), of these trained networks (over people), and of one row's accuracy.
Spreads in points, as in [power](../tables/power.md). Outside 93 to 97 %: {outside}.

{table}
"""


def drawn_track(setting: Setting, draw: np.random.Generator) -> tuple[Track, dict[str, float]]:
    """Invented answers, and by row the accuracy its runs would have with people without end."""
    person = np.repeat(np.arange(len(setting.faces)), setting.faces)
    n, g = len(person), len(setting.faces)
    ease = SKILL + draw.normal(0, PERSON, g)[person] + draw.normal(0, FACE, n)
    within = np.sqrt(PERSON**2 + FACE**2 + setting.suits**2 + setting.taste**2 + RUN**2)
    true = np.zeros(n, np.uint8)
    rows, truth = {}, {}
    for i, runs in enumerate(setting.seeds):
        seeds = draw.normal(0, setting.between, (runs, 1))
        suits = draw.normal(0, setting.suits, g) + draw.normal(0, setting.taste, (runs, g))
        correct = ease + suits[:, person] + seeds + draw.normal(0, RUN, (runs, n)) > 0
        name = str(i)
        rows[name] = Runs(tuple(range(runs)), (~correct).astype(np.uint8), correct, name)
        truth[name] = float(ndtr((SKILL + seeds) / within).mean())
    units = Units.of(person, np.full(n, n > g))
    return Track("invented", true, rows, units), truth


def judged(track: Track) -> list[Judged]:
    """The first row against every other, as in a table."""
    first, *others = track.rows
    found = compare(track, [(first, other) for other in others])
    ps = holm([c.main.p for c in found])
    return [Judged(c, p, len(found)) for c, p in zip(found, ps, strict=True)]


def one_draw(setting: Setting, number: int) -> Drawn:
    """What draw `number` shows."""
    track, truth = drawn_track(setting, np.random.default_rng([SEED, number]))
    pairs = judged(track)
    accuracies = {
        name: said["accuracy"] for name, said in row_intervals(track, None, ("accuracy",)).items()
    }
    spread = variances(track)
    assert spread is not None, "several rows of several seeds"
    return Drawn(
        any(one.verdict in ("better", "worse") for one in pairs),
        tuple(one.comparison.main.low <= 0 <= one.comparison.main.high for one in pairs),
        tuple(_holds(one.comparison, truth) for one in pairs),
        tuple(said["low"] <= truth[name] <= said["high"] for name, said in accuracies.items()),
        spread.seeds + spread.chance,
        spread.people,
    )


def measure(setting: Setting, draws: int) -> Found:
    """What so many draws show together."""
    gc.freeze()  # statsmodels collects in every correction
    every = [one_draw(setting, number) for number in range(draws)]
    return Found(
        setting.name, len(setting.faces), sum(setting.faces),
        " and ".join(map(str, dict.fromkeys(setting.seeds))), len(setting.seeds) - 1, draws,
        float(np.sqrt(np.mean([d.seeds for d in every]))),
        float(np.sqrt(np.mean([d.people for d in every]))),
        float(np.mean([d.erred for d in every])),
        float(np.mean([d.models for d in every])),
        float(np.mean([d.networks for d in every])),
        float(np.mean([d.rows for d in every])),
    )  # fmt: skip


def write(found: list[Found], draws: int, commit: str, out: Path = OUT) -> None:
    """Write the JSON and the page."""
    head = {"commit": commit, "draws": draws, "resamples": REPLICATES, "seed": SEED}
    effects = {"skill": SKILL, "person": PERSON, "face": FACE, "run": RUN}
    settings = [
        asdict(one) | {"faces": sorted(set(one.faces))}
        for one in SETTINGS
        if one.name in {f.name for f in found}
    ]
    write_json(
        out / "null_models.json",
        head | {"effects": effects, "settings": settings, "found": [asdict(f) for f in found]},
    )
    doubt = rounded(100 * 1.96 * (0.05 * 0.95 / draws) ** 0.5, 1)
    write_text(
        out / "null_models.md",
        ABOUT.format(
            commit=commit, draws=draws, replicates=REPLICATES, doubt=doubt,
            table=page_table(COLUMNS, found), outside=", ".join(_outside(found)) or "none",
        ),
    )  # fmt: skip


def _holds(c: Comparison, truth: dict[str, float]) -> bool:
    return c.faces.low <= truth[c.one] - truth[c.other] <= c.faces.high


def _outside(found: list[Found]) -> Iterator[str]:
    for one in found:
        shares = (one.models_covered, one.networks_covered, one.rows_covered)
        for what, covered in zip(("models", "networks", "one accuracy"), shares, strict=True):
            if not 0.93 <= covered <= 0.97:
                yield f"{one.name}, {what} ({_percent(covered)})"


def _percent(value: float | None) -> str:
    return rounded(100 * (value or 0), 1)


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "an unknown commit"


def _settings(names: list[str] | None) -> Iterator[Setting]:
    yield from (one for one in SETTINGS if not names or one.name in names)


def main() -> None:
    """Measure every setting, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--only", action="append", choices=[one.name for one in SETTINGS])
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    found = []
    for setting in _settings(asked.only):
        found.append(measure(setting, asked.draws))
        print(found[-1], flush=True)
    write(found, asked.draws, _commit(), asked.out)


if __name__ == "__main__":
    main()
