"""Drawn faces and archives for the miniatures: everything they have in common."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from PIL import Image

from fer_bench.labels import SEVEN, Expression
from fer_bench.rendering.action_units import ActionUnits
from fer_bench.rendering.factors import Settings, plan
from fer_bench.rendering.identity import person
from fer_bench.rendering.scene import render

DATE = (2020, 1, 1, 0, 0, 0)
SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from Python 3.11.4 on
SMIRK = ActionUnits(lip_corner_pull=0.9, cheek_raise=0.3, asymmetry=1.0)


@cache
def _drawn(expression: Expression, subject: int, shot: int) -> Image.Image:
    settings = Settings(image_size=100, frontal=1.0, occluded=0.0, shadow=0.2)
    name = f"miniature {subject}"
    wanted = "neutral" if expression is Expression.contempt else expression.name
    first = len(SEVEN) * shot  # a person shows all seven expressions in every seven pictures
    number = next(
        n for n in range(first, first + len(SEVEN)) if plan(settings, name, n).expression == wanted
    )
    factors = plan(settings, name, number)
    if expression is Expression.contempt:  # which the renderer does not know: a one-sided smile
        factors = replace(factors, units=SMIRK)
    return Image.fromarray(render(settings, person(settings.seed, name), factors, name, number))


def face(
    expression: Expression,
    subject: int,
    shot: int,
    size: int | tuple[int, int] = 100,
    zoom: float = 1.0,
) -> Image.Image:
    """A drawn face in RGB; equal arguments give equal pixels.

    Args:
        expression: one of the eight.
        subject: the person's number.
        shot: tells pictures of one person and expression apart.
        size: side, or (width, height), in pixels; no detail is drawn beyond 100.
        zoom: above 1, only the middle is taken: 1.4 leaves little but the face.
    """
    wanted = size if isinstance(size, tuple) else (size, size)
    drawn = _drawn(Expression(expression), subject, shot)
    edge = drawn.width * (1 - 1 / zoom) / 2
    middle = (edge, edge, drawn.width - edge, drawn.width - edge)
    return drawn.resize(wanted, Image.Resampling.BILINEAR, box=middle)


def save(image: Image.Image, format: str = "JPEG") -> bytes:
    """The bytes of an image file (`JPEG`, `PNG`, `TIFF`, ...)."""
    out = io.BytesIO()
    image.save(out, format)
    return out.getvalue()


def zip_of(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a zip archive of `files` (path inside -> content), the same bytes every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def tar_of(path: Path, files: Mapping[str, bytes], mode: str = "w:gz") -> Path:
    """Write a tar archive of `files` (path inside -> content)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def lay_out(root: Path, files: dict[str, bytes]) -> Path:
    """Write `files` (path inside -> content) below `root`; `root`."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def counted(index) -> dict[str, dict[str, int]]:
    """The rows of a source's index by split and class, as `EXPECTED` has them."""
    found: dict[str, dict[str, int]] = {split: {} for split in index["split"].unique()}
    for (split, label), n in index.groupby(["split", "label"]).size().items():
        found[split][Expression(label).name] = n
    return found


def unpack(archives: list[Path], folder: Path) -> list[Path]:
    """Unpack each archive into a folder of its own, as receiving does; the folders.

    A file that is no archive is copied into one.
    """
    roots = []
    for number, path in enumerate(archives):
        root = folder / str(number)
        root.mkdir(parents=True)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(root)
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                archive.extractall(root, **SAFELY)
        else:
            (root / path.name).write_bytes(path.read_bytes())
        roots.append(root)
    return roots


def place(source, roots: list[Path], raw: Path) -> Path:
    """Collect a source's files from unpacked folders into its one layout under `raw`; `raw`."""
    from fer_bench.datasets.tree import Tree

    for target, found in source.collect(Tree(roots)).items():
        (raw / target).parent.mkdir(parents=True, exist_ok=True)
        (raw / target).write_bytes(found.read_bytes())
    return raw
