"""A folder a class: `happy/1.jpg`, `train/happy/1.jpg`, or any other order of such folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence

from fer_bench.datasets.own.listing import Listing, OwnFace, images
from fer_bench.datasets.spelling import expression_of, split_of_name
from fer_bench.datasets.tree import Tree

_DEEPEST = 6


def read_folders(tree: Tree, known: Container[str]) -> Listing | None:
    """The faces of a tree whose folders are classes; None when it holds no pictures in folders.

    The level whose folders bear most names of expressions is the one of the classes; where none
    does, it is the level below the splits, or the first of several folders. A level of nothing but
    splits is that of the splits. Other levels mean nothing.

    Args:
        tree: what was given.
        known: names that are classes though they are no usual spelling.
    """
    found = [(path.split("/"), file) for path, file in images(tree)]
    if not found:
        return None
    folders = [parts[:-1] for parts, _ in found]
    of_splits = _split_level(folders)
    of_classes = _class_level(folders, known, of_splits)
    faces = [
        _face(parts, file, of_classes, of_splits)
        for parts, file in found
        if len(parts) - 1 > max(of_classes, of_splits or 0)
    ]
    form = "a folder a class" + ("" if of_splits is None else ", in folders of splits")
    return Listing(form, faces) if faces else None


def _face(parts: list[str], file: str, of_classes: int, of_splits: int | None) -> OwnFace:
    split = None if of_splits is None else split_of_name(parts[of_splits])
    where = "/".join(parts)
    return OwnFace(where, file, parts[of_classes], split=split, found=where)


def _names(folders: Sequence[list[str]], level: int) -> Counter[str]:
    return Counter(parts[level] for parts in folders if len(parts) > level)


def _split_level(folders: Sequence[list[str]]) -> int | None:
    for level in range(_DEEPEST):
        names = _names(folders, level)
        if len(names) > 1 and all(split_of_name(name) for name in names):
            return level
    return None


def _class_level(folders: Sequence[list[str]], known: Container[str], of_splits: int | None) -> int:
    best, level = (0, 0), None
    for candidate in range(_DEEPEST):
        names = _names(folders, candidate)
        meant = [name for name in names if name in known or expression_of(name)]
        # Several classes before many pictures: the folder given may itself be called `happy`.
        score = (len(meant), sum(names[name] for name in meant))
        if candidate != of_splits and score > best:
            best, level = score, candidate
    if level is not None:
        return level
    if of_splits is not None:
        return of_splits + 1
    several = (lv for lv in range(1, _DEEPEST) if len(_names(folders, lv)) > 1)
    return next(several, 1)
