"""Archives inside what was given, as some owners put them (RAF-DB's `Image/aligned.zip`)."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections import defaultdict
from pathlib import Path, PurePosixPath

from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.receiving.foreign import have_library
from fer_bench.receiving.guards import Limits
from fer_bench.receiving.unpack import FOREIGN, SUFFIX, bare_name, unpack
from fer_bench.receiving.volumes import whole


def unpack_nested(
    tree: Tree, workshop: Path, limits: Limits, password: str | None, progress: bool
) -> list[Path]:
    """Unpack, one level deep, every archive in `tree`.

    Each goes into a folder named like it, so `Image/aligned.zip` becomes `Image/aligned/...`. An
    archive that lies beside its own content is passed by: somebody has unpacked it already.

    Returns:
        Folders to add to the tree.
    """
    named = tree.matching(nested_name())
    found = whole((PurePosixPath(match.string), file) for match, file in named)
    sizes = _by_name_and_size(tree) if found else {}
    roots = []
    for number, (inside, archive) in enumerate(found):
        place = workshop / "nested" / str(number)
        target = place / inside.parent / bare_name(inside.name)
        target.mkdir(parents=True)
        try:
            unpack(archive.parts, target, limits, password, progress)
        except FerBenchError as error:
            raise FerBenchError(
                f"{inside}, an archive inside what was given: {error} If it does not belong to the "
                "set, take it out of the folder."
            ) from error
        if _there_already(target, sizes):
            shutil.rmtree(place)
        else:
            roots.append(place / inside.parts[0])
    return roots


def nested_name() -> str:
    """How archives inside what was given end that are unpacked (a regular expression)."""
    return rf"[^/]+(?:{SUFFIX}|{FOREIGN})" if have_library() else rf"[^/]+{SUFFIX}"


def _by_name_and_size(tree: Tree) -> dict[tuple[str, int], list[Path]]:
    found = defaultdict(list)
    for _, file in tree.matching(r"[^/]+"):
        if file.is_file():
            found[file.name, file.stat().st_size].append(file)
    return found


def _there_already(folder: Path, sizes: dict[tuple[str, int], list[Path]]) -> bool:
    """Whether every file below `folder` is also, byte by byte, in what was given."""
    files = [Path(place) / name for place, _, names in os.walk(folder) for name in names]
    twins = [sizes.get((file.name, file.stat().st_size), []) for file in files]
    return all(twins) and all(
        any(filecmp.cmp(file, twin, shallow=False) for twin in of)
        for file, of in zip(files, twins, strict=True)
    )
