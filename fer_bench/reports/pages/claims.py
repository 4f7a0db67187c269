"""What the paper claims of two models, and whether real faces bear it out at this scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Columns, page_table, plain, share, shown
from fer_bench.reports.compare.same_faces import comparisons, corrected, row_key
from fer_bench.reports.formatting import NOTHING, fold, opening
from fer_bench.reports.paper import Claim
from fer_bench.reports.relations import MASK_SUFFIXES, masked_base, rendered
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.spec import LONGER
from fer_bench.row_names import transferred
from fer_bench.statistics.corrections import MARGIN
from fer_bench.statistics.pairs import SEEDS_NEEDED
from fer_bench.statistics.wording import Judged, margin_text, p_value, points, signed

TITLE = "The paper's claims"
SHOWS = "What the paper claims of two models: supported, contradicted or undecided here."
INTRODUCTION = f"""\
# The paper's claims

Do real faces bear out at our scale what the paper claims of its models?

Points of the `last` epoch's mean accuracy, the first model minus the second, on the same test
faces; interval (95 %) and p over people (faces, where nobody knows them) and seeds; p is Holm's,
over all pairs of this page. A claimed gain is **supported** or **contradicted** where p is below
0.05, and contradicted where the 90 % interval lies inside ±{margin_text(MARGIN)}: no gain of that
size. "Costs nothing" and "differs little" are supported there, and contradicted where p is below
0.05 and it does not. **Undecided**: these faces and seeds do not tell. No verdict below
{SEEDS_NEEDED} seeds a side, or while validation accuracy still rises. Drawn faces
are no evidence about methods and are left out."""
SCALE = """\
A claim that is contradicted here may hold for the paper's networks, and the reverse: backbones,
start weights and numbers of epochs are others."""
NOTHING_MEASURED = (
    "No two models of a claim have scores on photographs, so nothing is measured for this page yet."
)
VERDICTS = {
    "better": {"better": "supported", "worse": "contradicted", "equivalent": "contradicted"},
    "as_good": {"better": "supported", "worse": "contradicted", "equivalent": "supported"},
    "same": {"better": "contradicted", "worse": "contradicted", "equivalent": "supported"},
}
"""By the claim's way and what the faces say of the first model."""
TRAINED = (LONGER, "")
"""What names of rows end in: those that were trained longer count, where both models were."""
SAID = {
    "too_few": "too few faces or people",
    "too_few_seeds": "undecided: too few seeds",
}


@dataclass(frozen=True)
class Tested:
    """A claim on one set.

    Attributes:
        claim: the claim.
        set: whose test faces.
        rows: the first model's and the second's.
        judged: what the faces say; None where the rows share none.
    """

    claim: Claim
    set: str
    rows: tuple[Row, Row]
    judged: Judged | None = None

    @property
    def verdict(self) -> str:
        """`supported`, `contradicted` or `undecided`, or why there is none."""
        if self.judged is None:
            return "not on the same faces"
        said = self.judged.verdict
        if said == "held":
            return f"undecided: {'; '.join(self.judged.held)}"
        if said in ("better", "worse") and self.judged.equivalent and self.claim.way != "better":
            said = "equivalent"  # told apart, but by less than the margin
        verdict = SAID.get(said) or VERDICTS[self.claim.way].get(said, "undecided")
        small = said == "better" and self.judged.equivalent
        return f"{verdict}, by less than {margin_text(self.judged.margin)}" if small else verdict


def markdown(scores: Scores, claims: Sequence[Claim]) -> str:
    """The page: a section a dataset of photographs, a line a claim that can be tested there."""
    parts = [opening(INTRODUCTION)]
    found = _tested(scores, tuple(claims))
    for dataset in dict.fromkeys(_base(one) for one in found):
        here = [one for one in found if _base(one) == dataset]
        rows = list({row_key(row): row for one in here for row in one.rows}.values())
        parts += [f"## {describe.title(dataset)}", f"{describe.place(rows)} {describe.setup(rows)}"]
        parts += describe.warnings(rows, list(dict.fromkeys(one.set for one in here)), scores)
        parts.append(page_table(COLUMNS, here))
        missing = [c.claim for c in claims if c not in [one.claim for one in here]]
        if missing:
            listed = "\n".join(f"- {said}" for said in missing)
            parts.append(fold(f"Not measured here: {len(missing)} claims", listed))
    parts.append(SCALE if found else NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


def csv_text(scores: Scores, claims: Sequence[Claim]) -> str:
    """A line a claim and set; points with four decimals."""
    return columns.csv_text(COLUMNS, _tested(scores, tuple(claims)))


@lru_cache(maxsize=1)
def _tested(scores: Scores, claims: tuple[Claim, ...]) -> list[Tested]:
    """Every claim whose two models were measured, with p corrected over all of them."""
    found = [one for dataset in scores.datasets() for one in _of(dataset, scores, claims)]
    compared = [
        comparisons(one.rows, one.set, "all", [(row_key(one.rows[0]), row_key(one.rows[1]))], None)
        for one in found
    ]
    rows = [row for one in found for row in one.rows]
    judged = corrected(compared, rows, MARGIN, "the {} of this page")
    return [
        Tested(one.claim, one.set, one.rows, said[0] if said else None)
        for one, said in zip(found, judged, strict=True)
    ]


def _of(dataset: str, scores: Scores, claims: Sequence[Claim]) -> Iterator[Tested]:
    if masked_base(dataset) or rendered(dataset):
        return
    masked = [f"{dataset}{suffix}" for suffix in reversed(MASK_SUFFIXES)]
    for claim in claims:
        for set_ in [dataset] if claim.on == "own" else masked:
            for more in TRAINED:
                names = claim.one, claim.other
                one, other = (_row(scores, dataset, set_, name, more) for name in names)
                if one and other:
                    yield Tested(claim, set_, (one, other))
                    break


def _row(scores: Scores, dataset: str, set_: str, names: str, more: str) -> Row | None:
    """The first measured row of `names` that was scored on the set; see `Claim` and `TRAINED`."""
    for name in names.split("|"):
        where, model = set_, name + more
        if name.endswith("_not_fine_tuned"):
            where, model = dataset, name.removesuffix("_not_fine_tuned")
        elif name.endswith("_fine_tuned"):
            model = transferred(name.removesuffix("_fine_tuned"), dataset)
        row = scores.get(where, model)
        if row is not None and row.has(set_):
            return row
    return None


def _base(one: Tested) -> str:
    return masked_base(one.set) or one.set


def _models(one: Tested) -> str:
    return " − ".join(f"`{row.model}`" for row in one.rows)


def _seeds(one: Tested) -> str:
    return " / ".join(str(len(row.cells)) for row in one.rows)


def _difference(one: Tested) -> float | None:
    return None if one.judged is None else one.judged.comparison.difference


def _end(one: Tested, which: str) -> float | None:
    return None if one.judged is None else float(getattr(one.judged.comparison.main, which))


def _interval(one: Tested) -> str:
    low, high = _end(one, "low"), _end(one, "high")
    return NOTHING if low is None or high is None else f"{points(low)} to {points(high)}"


COLUMNS: Columns[Tested] = (
    plain("dataset", _base),
    plain("section", lambda x: x.claim.section, "Section"),
    plain("claim", lambda x: x.claim.claim, "The paper claims", left=True),
    plain("set", lambda x: x.set, "Test faces", left=True),
    plain("one", lambda x: x.rows[0].model),
    plain("other", lambda x: x.rows[1].model, "Models", _models, left=True),
    plain("seeds", _seeds, "Seeds"),
    share("difference", _difference, "Difference",
          lambda gap: NOTHING if gap is None else signed(gap)),
    share("low", lambda x: _end(x, "low")),
    share("high", lambda x: _end(x, "high")),
    shown("95 % interval", _interval),
    plain("holm_p", lambda x: x.judged and x.judged.holm_p, "Holm p",
          lambda x: NOTHING if x.judged is None else p_value(x.judged.holm_p)),
    plain("verdict", lambda x: x.verdict, "At this scale",
          lambda x: f"**{x.verdict}**" if x.verdict in ("supported", "contradicted") else x.verdict,
          left=True),
)  # fmt: skip
