"""RAF-DB's files wherever they lie: among what was given, and in the one layout kept here.

Kept: label files in `EmoLabel/`, photographs in `Image/original/`, attributes in
`Annotation/manual/`, and the aligned faces as `Image/aligned/<stem>_aligned.<ext>`. Where faces
came in class folders these are kept (`Image/aligned/<1..7>/`), because they are a second source of
the labels; what else has to be remembered of a copy is a folder above: `from_zero` (its class
folders were numbered 0 to 6), `train_valid` (it was one with `train/` and `valid/`).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_bench.datasets.rafdb_labels import (
    CHALLENGE,
    OFFICIAL,
    STEM,
    WORDS,
    FormLabels,
    read_challenge,
    read_list,
)
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

LIST = "EmoLabel/list_patition_label.txt"
ALIGNED, ORIGINAL, MANUAL = "Image/aligned", "Image/original", "Annotation/manual"
FROM_ZERO, TRAIN_VALID = "from_zero", "train_valid"
CLASS_FOLDERS = "the class folders"

_IMAGE = rf"({STEM})(_aligned)?\.(jpe?g|png)"
_SPLIT = r"(?:train|test|valid|val)"
_LABELS = (
    rf"(?:list_(?:patition|partition)_label|(?:{_SPLIT}[_-]?)?labels?(?:[_-]{_SPLIT})?|emolabel)"
    r"\.(?:txt|csv)"
)
_CLASS = re.compile(rf"[0-7]|{'|'.join(WORDS)}", re.IGNORECASE)


@dataclass(frozen=True)
class Picture:
    """An aligned face or a photograph among what was given.

    Attributes:
        stem: `train_00001`.
        path: where it lies in the tree.
        file: the file.
        aligned: whether its name or folder says that it is aligned; None when neither says so.
    """

    stem: str
    path: str
    file: Path
    aligned: bool | None

    @property
    def folder(self) -> str:
        """The name of the folder it lies in, in lower case."""
        parts = self.path.lower().split("/")
        return parts[-2] if len(parts) > 1 else ""


def find_pictures(tree: Tree) -> tuple[dict[str, Picture], dict[str, Picture]]:
    """The aligned faces and the photographs, by stem.

    Names without `_aligned` outside the official folders are aligned faces where all have one
    square size, photographs otherwise.

    Raises:
        FerBenchError: one face lies in two places.
    """
    found = [_picture(match, file) for match, file in basic(tree, _IMAGE)]
    unclear = [picture for picture in found if picture.aligned is None]
    square = _of_one_square_size(picture.file for picture in unclear)
    kinds: tuple[dict[str, Picture], dict[str, Picture]] = ({}, {})
    for picture in found:
        is_aligned = square if picture.aligned is None else picture.aligned
        kind = kinds[0] if is_aligned else kinds[1]
        if (other := kind.setdefault(picture.stem, picture)) is not picture:
            raise FerBenchError(
                f"{picture.stem} was found twice ({other.path} and {picture.path}): give one copy "
                "of the set, not several."
            )
    return kinds


def class_folders(pictures: Iterable[Picture]) -> FormLabels | None:
    """What the folders say of the faces in them, where there are several class folders."""
    keys = {p.stem: p.folder for p in pictures if _CLASS.fullmatch(p.folder)}
    return FormLabels(CLASS_FOLDERS, keys) if len(set(keys.values())) > 1 else None


def has_valid(pictures: Iterable[Picture]) -> bool:
    """Whether these are a copy in `train/` and `valid/`."""
    return any({"valid", "val"} & set(p.path.lower().split("/")[:-1]) for p in pictures)


def find_lists(tree: Tree) -> dict[str, tuple[FormLabels, Path]]:
    """Every label file by where it is kept; of several equal ones the first.

    Raises:
        FerBenchError: one cannot be understood.
    """
    found: dict[str, tuple[FormLabels, Path]] = {}
    for match, file in basic(tree, _LABELS):
        said = read_list(_text(file), match.string)
        if any(said.keys == other.keys for other, _ in found.values()):
            tree.leave_out(file, "further copies of a list of labels")
            continue
        name = "list_patition_label.txt" if OFFICIAL.search(file.name) else file.name.lower()
        place = f"EmoLabel/{name}"
        number = 2
        while place in found:  # train/labels.csv and test/labels.csv
            place, number = f"EmoLabel/{number}_{name}", number + 1
        found[place] = said, file
    for name in CHALLENGE:
        for match, file in basic(tree, re.escape(name)):
            said = read_challenge(file.read_bytes(), name, match.string)
            found.setdefault(f"EmoLabel/challenge/{name}", (said, file))
    return found


def kept_forms(root: Path, kept: dict[str, str]) -> list[FormLabels]:
    """Everything kept below `root` that says labels, lists first.

    Args:
        root: the source's folder.
        kept: as `kept_aligned` returns it.
    """
    folder = root / "EmoLabel"
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".txt", ".csv"))
    files.sort(key=lambda path: OFFICIAL.search(path.name) is None)
    forms = [read_list(_text(path), f"EmoLabel/{path.name}") for path in files]
    forms += [
        read_challenge(path.read_bytes(), name, f"EmoLabel/challenge/{name}")
        for name in CHALLENGE
        if (path := folder / "challenge" / name).is_file()
    ]
    codes = {stem: path.split("/")[-2] for stem, path in kept.items()}
    codes = {stem: code for stem, code in codes.items() if re.fullmatch(r"[1-7]", code)}
    return [*forms, FormLabels(CLASS_FOLDERS, codes)] if codes else forms


def kept_aligned(root: Path) -> dict[str, str]:
    """Stem -> path below `root` of every aligned face that is kept."""
    return {
        match[1].lower(): path
        for path in _below(root, ALIGNED)
        if (match := re.search(rf"/({STEM})_aligned\.(?:jpe?g|png)$", path))
    }


def kept_originals(root: Path) -> dict[str, str]:
    """Stem -> path below `root` of every photograph that is kept."""
    return {
        match[1].lower(): path
        for path in _below(root, ORIGINAL)
        if (match := re.search(rf"/({STEM})\.(?:jpe?g|png)$", path))
    }


def sizes(files: Iterable[Path]) -> Counter[tuple[int, int]]:
    """How many images have which size (width, height), by their first bytes alone."""
    from PIL import Image

    found: Counter[tuple[int, int]] = Counter()
    for file in files:
        try:
            with Image.open(file) as image:
                found[image.size] += 1
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # decoding says so later, with its name
    return found


def basic(tree: Tree, pattern: str) -> Iterator[tuple[re.Match[str], Path]]:
    """Files that match and are not of the compound set, whose folders bear the same names."""
    for match, file in tree.matching(pattern):
        if "compound" not in match.string.lower().split("/"):
            yield match, file


def _picture(match: re.Match[str], file: Path) -> Picture:
    folders = match.string.lower().split("/")[-2::-1]  # the innermost first
    says = next((name for name in folders if name in ("aligned", "original")), None)
    aligned = True if match[2] else None if says is None else says == "aligned"
    return Picture(match[1].lower(), match.string, file, aligned)


def _of_one_square_size(files: Iterable[Path]) -> bool:
    found: Sequence[tuple[int, int]] = list(sizes(files))
    return len(found) == 1 and found[0][0] == found[0][1]


def _below(root: Path, folder: str) -> Iterator[str]:
    for place, _, names in os.walk(root / folder):
        inside = Path(place).relative_to(root).as_posix()
        yield from (f"{inside}/{name}" for name in sorted(names))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig", errors="replace")
