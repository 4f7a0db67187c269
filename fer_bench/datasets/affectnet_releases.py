"""AffectNet's three releases: how each is known, what it holds, where its files go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fer_bench.datasets.affectnet_labels import (
    CODES,
    FOLDERS,
    LISTS,
    Labels,
    new_release,
    old_release,
)
from fer_bench.datasets.affectnet_plus import plus_release
from fer_bench.datasets.receivable import Collected, Expected, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

_TRAIN = dict(
    zip(
        (code.name for code in CODES),
        (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882, 3_750),
        strict=True,
    )
)
_TEST = dict.fromkeys(_TRAIN, 500)


@dataclass(frozen=True)
class Release:
    """One release.

    Attributes:
        title: what a reader sees.
        pattern: the path of a file that only this release has.
        archives: how it comes.
        expected: images by split and class as published.
        totals: annotated images by split, where the counts by class are not known.
    """

    title: str
    pattern: str
    archives: tuple[str, ...]
    expected: Expected = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)


_FOLDER = r"(train_set|val_set|validation_set)"
_IMAGE = rf"{_FOLDER}/images/(\d+\.jpg)"
_NPY = rf"{_FOLDER}/annotations/(\d+_(?:exp|val|aro)\.npy)"
_JSON = rf"{_FOLDER}/annotations/(\d+\.json)"

RELEASES = {
    "csv": Release(
        "the first release (training.csv and Manually_Annotated_Images)",
        r"(?:training|validation)\.csv|Manually_Annotated_Images/.*",
        ("Manually_Annotated.part*.rar (unpacked)", "Manually_Annotated_file_lists.zip"),
        {"train": _TRAIN, "test": _TEST},
    ),
    "npy": Release(
        "the release of 2021 (train_set and val_set with .npy annotations)",
        _NPY,
        ("train_set", "val_set"),
        {"train": _TRAIN, "test": {**_TEST, "contempt": 499}},
    ),
    "json": Release(
        "AffectNet+ (train_set and validation_set with .json annotations)",
        _JSON,
        ("human_annotated/train_set", "human_annotated/validation_set"),
        totals={"train": 414_799, "test": 5_500},
    ),
}

_CLASSES = "anger|contempt|disgust|fear|happy|happiness|neutral|sad|sadness|surprise"
_PROCESSED = rf"(?:(?:train|valid|val|test)/(?:[0-7]|{_CLASSES})|{_CLASSES})/[^/]+\.(?:jpe?g|png)"
_PACKED = r"[^/]+\.(?:rar|r\d\d|7z|z\d\d|(?:7z|zip)\.\d+)|Manually_Annotated[^/]*\.zip"


def collect(tree: Tree) -> Collected:
    """The files of whichever release is there.

    Raises:
        FerBenchError: none, more than one, or a part of one.
    """
    found = [name for name, release in RELEASES.items() if _has(tree, release.pattern)]
    if len(found) > 1:
        titles = " and ".join(RELEASES[name].title for name in found)
        raise FerBenchError(f"these are more releases of AffectNet than one: {titles}. Give one.")
    if found == ["csv"]:
        return _collect_lists(tree)
    if found or _has(tree, _IMAGE):
        return _collect_numbered(tree, _NPY if found == ["npy"] else _JSON)
    raise FerBenchError(_not_affectnet(tree))


def kept_release(root: Path) -> str:
    """Which release lies in `root`, the source's folder.

    Raises:
        FerBenchError: none, a part of one, or two.
    """
    lists = [(root / name).is_file() for name in LISTS.values()]
    folders = [(root / folder).is_dir() for folder in FOLDERS.values()]
    if any(lists) and any(folders):
        raise FerBenchError(f"{root} holds two releases of AffectNet: remove it, add one of them.")
    if any(folders):
        places = (root / folder / "annotations" for folder in FOLDERS.values())
        return "json" if any(next(place.glob("*.json"), None) for place in places) else "npy"
    if not all(lists):
        raise FerBenchError(
            f"{root} does not hold AffectNet ({' and '.join(LISTS.values())}, or train_set and "
            "val_set): run `fer-bench data add affectnet PATH`."
        )
    return "csv"


def labels(root: Path) -> Labels:
    """The labels of whichever release lies in `root`; raises FerBenchError as its reader does."""
    release = kept_release(root)
    if release == "csv":
        return old_release({split: root / name for split, name in LISTS.items()})
    return plus_release(root) if release == "json" else new_release(root)


def _collect_lists(tree: Tree) -> Collected:
    collected: Collected = {}
    lists = {split: tree.one(name.replace(".", r"\."), name) for split, name in LISTS.items()}
    listed = set(old_release(lists).rows["path"])
    for match, file in tree.matching(r"([\w-]+/[\w-]+\.\w+)"):
        path = f"images/{match[1].lower()}"
        # The other half of AffectNet, labelled by a network, has folders of the same names.
        if path in listed and "automatically_annotated" not in match.string.lower():
            put(collected, path, file)
    if not collected:
        raise FerBenchError(
            f"none of the {len(listed):,} images that training.csv and validation.csv list is "
            f"there.\n  expected: Manually_Annotated_Images/<folder>/<name>\n"
            f"  found:    {tree.outline()}{_packed(tree)}"
        )
    for split, name in LISTS.items():
        put(collected, name, lists[split])
    return collected


def _collect_numbered(tree: Tree, annotation: str) -> Collected:
    """Images and annotations of both folders, of 2021's release or AffectNet+."""
    collected: Collected = {}
    kinds: set[tuple[str, str]] = set()
    for kind, pattern in (("images", _IMAGE), ("annotations", annotation)):
        for match, file in tree.matching(pattern):
            folder = match[1].lower().replace("validation", "val")
            put(collected, f"{folder}/{kind}/{match[2].lower()}", file)
            kinds.add((folder, kind))
    for folder in FOLDERS.values():
        for kind in ("images", "annotations"):
            if (folder, kind) not in kinds:
                raise FerBenchError(
                    f"{folder}/{kind} is missing.\n  expected: train_set and val_set (of "
                    "AffectNet+ validation_set), each with images/ and annotations/ (.npy or "
                    f".json)\n  found:    {tree.outline()}{_packed(tree)}"
                )
    return collected


def _not_affectnet(tree: Tree) -> str:
    if _has(tree, _PROCESSED):
        return (
            "these are class folders made from AffectNet, not the published set: how the images "
            "were chosen, cropped and resized is not known, and their names no longer say which "
            "they are, so results on them cannot be compared.\n"
            "  expected: one of the three releases, as its authors send it (docs/layouts.md)\n"
            f"  found:    {tree.outline()}\n"
            "Ask the authors for a release, or add this copy as a set of your own "
            "(docs/add_a_dataset.md)."
        )
    releases = "\n            or ".join(release.title for release in RELEASES.values())
    return (
        f"this is not AffectNet.\n  expected: {releases}\n"
        f"  found:    {tree.outline()}{_packed(tree)}"
    )


def _packed(tree: Tree) -> str:
    if not _has(tree, _PACKED):
        return ""
    return (
        "\nArchives inside a folder have to be unpacked first, of several parts with the first "
        "one: `7z x`."
    )


def _has(tree: Tree, pattern: str) -> bool:
    return next(tree.matching(pattern), None) is not None
