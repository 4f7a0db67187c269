"""The audit of the paper: can its numbers be fractions, and do its sentences fit its tables?

Writes `results/audit/paper.md` from `benchmarks/paper/table*.csv` and `sizes.csv` beside this file.

    python benchmarks/paper_audit/audit.py
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from claims import TEXT_ONLY, Claim, claims, rounded
from fractions_page import fractions_part, name
from printed import Size, collect, load_sizes, load_tables
from spread import Tables, deviations, leads, maxima, runs_needed

from fer_bench.audit.section import table
from fer_bench.files import write_text
from fer_bench.reports.formatting import opening

HERE = Path(__file__).resolve().parent
PAPER, OUT = HERE.parent / "paper", HERE.parents[1] / "results" / "audit" / "paper.md"
HEAD = """\
# Audit: the paper's printed numbers

Which numbers can be what they are said to be, and which sentences do the paper's own tables bear
out?

Computed by `benchmarks/paper_audit/audit.py` from what the paper prints (`benchmarks/paper/`):
nothing here is measured. A number that is impossible for the stated set is no proof of a
wrong result: it may be one over a set of another size.
"""


def page(paper_dir: Path = PAPER, sizes_file: Path = HERE / "sizes.csv") -> str:
    """The whole page.

    Args:
        paper_dir: has `table*.csv`.
        sizes_file: how many faces each part of a set has.

    Raises:
        FerBenchError: a file is missing or malformed.
    """
    tables, sizes = load_tables(paper_dir), load_sizes(sizes_file)
    said = claims(tables)
    text = [
        (f"text {what.partition(':')[0]}", set_, number)
        for what, set_, number, _ in TEXT_ONLY
        if set_
    ]
    fractions, headline = fractions_part(collect(tables, sizes, text))
    runs, most = _runs(tables)
    lines = leads(tables, sizes)
    inside = sum(line[-1] == "inside" for line in lines)
    wrong = [claim for claim in said if "**" in claim.verdict]
    tested = [claim for claim in said if claim.check is not None]
    summary = [
        *headline,
        most,
        f"{len(wrong)} of the {len(tested)} sentences that can be checked do not fit, or only in "
        "part, the tables they are about.",
        f"{inside} of {len(lines)} differences between Ours and the best other number of Tables 2 "
        "to 4 are smaller than the sampling error of one run.",
    ]
    parts = [opening(HEAD), "\n## In short\n", *(f"- {line}" for line in summary), "", fractions]
    parts += [_claims(said), _text_only(), runs, _leads(lines), _sizes(sizes)]
    return "\n".join(parts).rstrip("\n") + "\n"


def shown(value: Fraction) -> str:
    """A value with two decimals, whole numbers of things without."""
    if value.denominator == 1 and abs(value) < 4:
        return str(value)
    return str(rounded(value, Decimal("0.01"))).replace("-", "−")


def _claims(said: Sequence[Claim]) -> str:
    body = []
    for claim in said:
        gives = "; ".join(f"{name}: {shown(value)}" for name, value in claim.values.items())
        body.append([f"{claim.section}: “{claim.says}”", gives, claim.verdict, claim.note])
    return (
        "## The text against its tables\n\n"
        "Differences in points, rounded as the sentence rounds before they are compared. *Inside*: "
        "the values lie in the range said, which is wider.\n\n"
        + _left(["section and sentence", "the tables give", "verdict", "note"], body)
    )


def _text_only() -> str:
    body = [[what, number, row] for what, _, number, row in TEXT_ONLY]
    return (
        "## Results that stand in the text only\n\n"
        "No table of the paper holds them. They are rows to measure.\n\n"
        + _left(["section", "printed", "our row"], body)
    )


def _left(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table of sentences: not padded, because one long cell would pad all."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _runs(tables: Tables) -> tuple[str, str]:
    """The part on Table 1's maxima, and its headline."""
    body, needs = [], {}
    for row, dataset, top, mean_std in maxima(tables):
        z, least = deviations(top, mean_std)
        needs[row, dataset] = (runs_needed(least), runs_needed(least, 0), z, top, mean_std)
        body.append([f"{row}, {dataset}", top, mean_std, f"{z:.2f}", f"{least:.2f}",
                     runs_needed(least), runs_needed(least, 0)])  # fmt: skip
    (row, dataset), (sample, population, z, top, mean_std) = max(
        needs.items(), key=lambda item: item[1][0]
    )
    headline = (
        f"{row} on {dataset}: the maximum {top} lies {z:.2f} standard deviations above its mean "
        f"{mean_std}. Of fewer than {sample} runs none can (fewer than {population}, if the "
        "deviation was divided by n); the number of runs is not printed."
    )
    head = ["Table 1", "max", "mean ± std", "deviations", "at least", "runs (n − 1)", "runs (n)"]
    text = (
        "## How many runs a maximum needs\n\n"
        "The largest of n values lies at most (n − 1)/√n sample standard deviations above their "
        "mean, or √(n − 1) deviations that were divided by n. *At least*: what rounding of the "
        "three printed numbers allows.\n\n" + table(head, body) + "\n"
    )
    return text, headline


def _leads(lines: Sequence[Sequence[object]]) -> str:
    head = ["place", "faces", "Ours", "best other", "lead", "one run, 95 %", "the lead lies"]
    return (
        "## Leads against the sampling error of one run\n\n"
        "Half the 95 % interval of an accuracy on so many faces (normal approximation), from the "
        "faces alone: chance in training comes on top, and the other number has an error too. "
        "Where both saw the same faces, a paired test might tell smaller leads apart; the "
        "predictions it needs were not published. Where there are several actual sizes, the first "
        "one is taken.\n\n" + table(head, lines, left=(0, 3, 6)) + "\n"
    )


def _sizes(sizes: Sequence[Size]) -> str:
    body = [
        [name(s.set, s.subset) + (f" (Table {s.tables})" if s.tables else ""), s.kind, f"{s.n:,}",
         s.what, s.source]
        for s in sizes
    ]  # fmt: skip
    return "## Sizes\n\n" + _left(["set", "kind", "N", "of what", "known from"], body)


if __name__ == "__main__":
    write_text(OUT, page())
    print(OUT)
