"""The part of the paper's audit on k of N: what fits, and how much fitting is worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from possible import by_accident, chance, fit, units
from printed import Number

from fer_bench.audit.section import table
from fer_bench.reports.formatting import READING, fold

INTRODUCTION = """\
An accuracy of N faces is k/N. A printed number is possible when some k/N lies within half a unit
of its last digit, or gives it when cut after it (marked *cut*). Means over runs are left out: they
are no fractions of N. Means over ten folds (Table 5) are none of the pooled N either: there a fit
is only indicative. *Stated* is the size the paper prints, *actual* what the files and the released
logs have; both with their sources under *Sizes*.

**How much a fit is worth.** Of all two-decimal numbers, {rounded:.0f} % are some k/3589 by
rounding and {either:.0f} % when cutting is allowed too; with one decimal nearly everything fits. So
one number that fits shows little: the share of all numbers that fit as well stands beside it in
brackets. Only several together tell sizes apart. One number that does not fit shows that N, or the
number, is another.
"""
TOGETHER = """\
### Taken together

Different two-decimal numbers of the authors' own, folds aside. *Expected* is how many unrelated
numbers would fit, *by accident* the probability that so many or more do. A number with several
actual sizes may fit any of them, which is allowed for. One size was itself found by its fit (636,
CK+ in Table 6), so there the fit is no evidence; the sizes of AffectNet-7's parts in the authors'
own runs are not known (the logs are of eight classes).
"""
OTHERS = """\
### Numbers reported of other papers

Other papers may have other test sets: “impossible” says only that a number is none over these
faces.
"""
NAMES = {
    "ferplus": "FERPlus", "rafdb": "RAF-DB", "affectnet7": "AffectNet-7",
    "affectnet8": "AffectNet-8", "sfew": "SFEW", "fedro": "FED-RO", "ckplus7": "CK+7",
    "ckplus8": "CK+8", "oulu_casia": "Oulu-CASIA", "jaffe": "JAFFE",
}  # fmt: skip
SUBSETS = {
    "all": "", "occluded": ", occluded", "pose_gt_30": ", pose > 30°", "pose_gt_45": ", pose > 45°",
    "without_neutral": ", without neutral",
}  # fmt: skip


def name(set_: str, subset: str) -> str:
    """A part of a set as a reader knows it."""
    faces = set_.removesuffix("_masked")
    masked = "Masked " if faces != set_ else ""
    return masked + NAMES.get(faces, faces) + SUBSETS.get(subset, f", {subset}")


def fractions_part(numbers: Sequence[Number]) -> tuple[str, list[str]]:
    """The text, and its headline sentences."""
    own = [number for number in numbers if number.own]
    reported = [number for number in numbers if not number.own]
    rounded, either = (100 * share for share in chance(3589, 2))
    head = ["set", "printed", "tables", "of the stated N", "of an actual N", "reading"]
    text = [
        "## Can they be k of N?\n",
        fold(READING, INTRODUCTION.format(rounded=rounded, either=either).strip()) + "\n",
        "### The authors' own numbers\n",
        table(head, map(_line, own), left=(0, 2, 5)),
        "",
        TOGETHER,
        table(["numbers", "size", "how many", "fit, rounded", "expected", "by accident",
               "fit, cut too", "expected", "by accident"], _together(own), left=(0, 1)),
        "",
        OTHERS,
        table(head, map(_line, reported), left=(0, 2, 5)),
        "",
    ]  # fmt: skip
    return "\n".join(text), _headline(own)


def _headline(own: Sequence[Number]) -> list[str]:
    single = [number for number in own if not number.folded]
    only, stated, none = (
        sum(number.reading.strip("*") == reading for number in single)
        for reading in ("only an actual N", "only the stated N", "impossible")
    )
    lines = [
        f"{len(single)} different accuracies that the authors measured, means over runs and folds "
        f"aside: {only} are possible only for the size that files or logs have and not for the "
        f"stated one, {stated} only for the stated one, {none} for neither."
    ]
    two = [n for n in _two_decimals(own) if n.differ]
    judged = {
        "FERPlus": [n for n in two if (n.faces, n.subset) == ("ferplus", "all")],
        "Occlusion and pose parts": [n for n in two if n.subset != "all"],
    }
    for title, group in judged.items():
        (stated, *_, luck), (actual, *_, other) = (
            _tally(group, kind, cut=True) for kind in ("stated", "actual")
        )
        lines.append(
            f"{title}: of {len(group)} two-decimal numbers {stated} can be fractions of the stated "
            f"size (so many or more by accident: {luck}) and {actual} of the actual ({other})."
        )
    return lines


def _line(number: Number) -> list[object]:
    actual = number.actual if number.differ else ()
    cells = ["; ".join(_cell(number.printed, n) for n in ns) for ns in (number.stated, actual)]
    reading = number.reading + (" (pooled)" if number.folded else "")
    where = ", ".join(number.tables)
    return [name(number.set, number.subset), number.printed, where, *(c or "–" for c in cells),
            reading]  # fmt: skip


def _cell(printed: str, n: int) -> str:
    found = fit(printed, n)
    if found is None:
        return f"not of {n}"
    share = chance(n, units(printed)[1])[found.cut]
    return f"{found.k}/{n}{' cut' if found.cut else ''} ({100 * share:.0f} %)"


def _two_decimals(numbers: Iterable[Number]) -> list[Number]:
    """Two-decimal numbers, each once for the same faces."""
    found = {
        (n.faces, n.subset, n.printed): n
        for n in numbers
        if units(n.printed)[1] == 2 and not n.folded
    }
    return list(found.values())


def _together(own: Sequence[Number]) -> list[list[object]]:
    groups: dict[str, list[Number]] = {}
    for number in _two_decimals(own):
        title = name(number.faces, "all")
        part = "all faces" if number.subset == "all" else "parts"
        sizes = "two sizes" if number.differ else "one size"
        groups.setdefault(f"{title}, {part}, {sizes}", []).append(number)
    lines: list[list[object]] = []
    for title, group in groups.items():
        for kind in ("stated", "actual") if group[0].differ else ("stated",):
            rounded, either = (_tally(group, kind, cut) for cut in (False, True))
            shown = kind if group[0].differ else "the one"
            lines.append([title.rpartition(", ")[0], shown, len(group), *rounded, *either])
    return lines


def _tally(numbers: Sequence[Number], kind: str, cut: bool) -> tuple[int, str, str]:
    """How many fit one of their sizes of a kind, how many would, and the chance of so many."""
    hits, shares = 0, []
    for number in numbers:
        sizes = number.stated if kind == "stated" else number.actual
        found = [fit(number.printed, n) for n in sizes]
        hits += any(f is not None and (cut or not f.cut) for f in found)
        shares.append(1 - prod(1 - chance(n, 2)[cut] for n in sizes))
    return hits, f"{sum(shares):.1f}", _probability(by_accident(hits, shares))


def _probability(value: float) -> str:
    if value >= 0.01:
        return f"{value:.2f}"
    return f"1 in {float(f'{1 / value:.1g}'):,.0f}"
