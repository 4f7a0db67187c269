"""RAF-DB's labels in every form that people hold: lists, CSV files, class folders.

Each form is one `FormLabels`. Where several are there they have to agree; codes that are not the
official 1 to 7 are never trusted, because people number the classes from 0 in at least two orders:
another form, or the published counts, must show which class each of them is.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fer_bench.datasets.challenge_lists import LISTS, parse
from fer_bench.datasets.receivable import Expected
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

CODES = {
    1: Expression.surprise,
    2: Expression.fear,
    3: Expression.disgust,
    4: Expression.happiness,
    5: Expression.sadness,
    6: Expression.anger,
    7: Expression.neutral,
}

WORDS = {
    **{label.name: label for label in CODES.values()},
    "happy": Expression.happiness,
    "sad": Expression.sadness,
    "angry": Expression.anger,
}
"""Class names that stand for codes in some copies."""

STEM = r"(?:train|test)_\d+"

NEUTRAL_TRAIN = range(9_748, 12_272)
"""The numbers of the neutral train faces in the official list, which holds no other neutral train
face [verified in a public copy; the published count, 2,524, agrees]."""

OFFICIAL = re.compile(r"list_(?:patition|partition)_label\.txt", re.IGNORECASE)
CHALLENGE = {one.file: part for part, one in LISTS["rafdb"].items()}
"""The lists of RAN, which repeat the labels of some test faces: file -> part."""

_LINE = re.compile(
    rf"({STEM})(?:_aligned)?(?:\.(?:jpe?g|png))?(?:\s*,\s*|\s+)([^\s,]+)", re.IGNORECASE | re.ASCII
)
_HEADING = re.compile(r"[\w\s]*,?\s*(?:label|emotion|expression|class)\w*", re.IGNORECASE)
_FROM_ZERO = {str(code) for code in range(7)}
_OFFICIAL_CODES = {str(code): label for code, label in CODES.items()}
_OFFICIAL = _OFFICIAL_CODES | WORDS


@dataclass(frozen=True)
class FormLabels:
    """What one form says.

    Attributes:
        name: the form, for messages.
        keys: stem -> `1` to `7`, a class name, or `0` to `6`.
        repeated: lines for a face that was listed before with the same label.
        only_checks: it is no list of faces, it only repeats labels.
    """

    name: str
    keys: Mapping[str, str]
    repeated: int = 0
    only_checks: bool = False

    @property
    def from_zero(self) -> bool:
        """Whether its codes are not the official ones."""
        return "0" in self.keys.values()


def read_list(text: str, name: str) -> FormLabels:
    """Read a list: a face and its label on each line, with space or comma between them.

    Raises:
        FerBenchError: names the first line that cannot be understood.
    """
    official = OFFICIAL.search(name) is not None
    allowed = _OFFICIAL_CODES.keys() if official else _OFFICIAL.keys() | _FROM_ZERO
    keys: dict[str, str] = {}
    lines = 0
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.replace('"', " ").strip()
        if not words or (not lines and _HEADING.fullmatch(words)):
            continue
        where = f"{name} line {number}"
        if not (match := _LINE.fullmatch(words)):
            raise FerBenchError(
                f"{where}: {line.strip()[:60]!r} is not `<train_00001.jpg|test_0001.jpg> <1..7>`."
            )
        stem, label = match[1].lower(), match[2].lower()
        if label not in allowed:
            raise FerBenchError(f"{where}: label {match[2]!r} is none of 1 to 7.")
        if keys.setdefault(stem, label) != label:
            raise FerBenchError(f"{where}: {stem} was listed with another label before.")
        lines += 1
    if not keys:
        raise FerBenchError(f"{name} lists no face of RAF-DB: get it again.")
    return FormLabels(name, keys, lines - len(keys))


def read_challenge(content: bytes, file: str, name: str) -> FormLabels:
    """A list of RAN, whose labels are the official codes less one, as something to check with."""
    entries = parse("rafdb", CHALLENGE[file], content)
    return FormLabels(name, {stem: str(label + 1) for stem, label in entries}, only_checks=True)


def settle(forms: Sequence[FormLabels], expected: Expected) -> dict[str, Expression]:
    """The label of every face that a list, CSV file or class folder names, in their order.

    Args:
        forms: all that was found; lists before folders.
        expected: images by split and class of the whole set, by which folders numbered from 0 are
            told apart when nothing else names their faces.

    Raises:
        FerBenchError: two forms disagree, codes from 0 cannot be settled, or labels cannot be the
            official ones.
    """
    labels: dict[str, Expression] = {}
    by: dict[str, str] = {}
    for form in sorted(forms, key=lambda form: form.from_zero):
        order = _order(form, labels, expected) if form.from_zero else _OFFICIAL
        named = {stem: order[key] for stem, key in form.keys.items()}
        _compare(labels, by, named, form.name)
        if not form.only_checks:
            labels.update(named)
        by.update(dict.fromkeys(named.keys() - by.keys(), form.name))
    _check_numbers(labels)
    return labels


def pairs_sha256(labels: Mapping[str, Expression]) -> str:
    """One hash of all names and labels, whatever their order: equal wherever the labels are."""
    pairs = sorted(f"{stem} {label.name}\n" for stem, label in labels.items())
    return hashlib.sha256("".join(pairs).encode()).hexdigest()


def number_of(stem: str) -> tuple[bool, int]:
    """Sorts stems as the official list does: train before test, each by number."""
    split, number = stem.split("_")
    return split != "train", int(number)


def _compare(
    known: Mapping[str, Expression],
    by: Mapping[str, str],
    named: Mapping[str, Expression],
    who: str,
) -> None:
    common = [stem for stem in named if stem in known]
    differing = [stem for stem in common if named[stem] != known[stem]]
    if differing:
        stem = differing[0]
        raise FerBenchError(
            f"two sources of labels disagree, first about {stem}: {known[stem].name} by "
            f"{by[stem]}, {named[stem].name} by {who} ({len(differing):,} of {len(common):,} "
            "differ). One of them is shifted, in another order or from another set: give only the "
            "right one, which is the official EmoLabel/list_patition_label.txt where you have it."
        )


def _order(
    form: FormLabels, known: Mapping[str, Expression], expected: Expected
) -> dict[str, Expression]:
    """Which class each of the codes 0 to 6 is, by labels that are known or by the counts."""
    faces = defaultdict(list)
    for stem, key in form.keys.items():
        faces[key].append(stem)
    if not faces.keys() <= _FROM_ZERO:
        raise FerBenchError(
            f"{form.name}: {', '.join(sorted(faces))} are neither the official 1 to 7 nor 0 to 6."
        )
    if any(stem in known for stem in form.keys):
        order = {key: _most(known[s] for s in stems if s in known) for key, stems in faces.items()}
    else:
        order = {key: _by_counts(stems, expected) for key, stems in faces.items()}
    found = [label for label in order.values() if label is not None]
    if len(set(found)) != len(order):
        raise FerBenchError(
            f"{form.name}: the classes are numbered from 0, and nothing shows which is which. "
            "People use at least two orders (surprise first as in the official list, neutral first "
            "as in AffectNet), so they are not guessed.\n"
            "Give the official EmoLabel/list_patition_label.txt, or CSV files with the codes 1 to "
            "7, as well."
        )
    return {key: label for key, label in order.items() if label is not None}


def _most(labels: Iterable[Expression]) -> Expression | None:
    counted = Counter(labels)
    return counted.most_common(1)[0][0] if counted else None


def _by_counts(stems: Sequence[str], expected: Expected) -> Expression | None:
    """The class that has just as many faces in train and in test; these numbers tell all seven."""
    here = Counter(stem.split("_")[0] for stem in stems)
    for label in CODES.values():
        if all(counts.get(label.name) == here[split] for split, counts in expected.items()):
            return label
    return None


def _check_numbers(labels: Mapping[str, Expression]) -> None:
    wrong = [
        stem
        for stem, label in labels.items()
        if stem.startswith("train_")
        and (label == Expression.neutral) != (int(stem.split("_")[1]) in NEUTRAL_TRAIN)
    ]
    if wrong:
        first, last = NEUTRAL_TRAIN[0], NEUTRAL_TRAIN[-1]
        raise FerBenchError(
            f"these labels cannot be RAF-DB's: officially train_{first:05d} to train_{last:05d} "
            f"are the neutral train faces, and here {wrong[0]} is {labels[wrong[0]].name} "
            f"({len(wrong):,} such). They are shifted or in another order: get the official "
            "EmoLabel/list_patition_label.txt."
        )
