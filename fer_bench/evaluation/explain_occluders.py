"""How much attention falls on things before the face, where it is known which pixels they are.

Two kinds of packs tell. In a masked pack the pixels that differ from its unmasked twin are the
mask's. A rendered face is drawn again without its occluder, everything else unchanged, in a
noiseless and sharp picture; what differs is cut out with the landmarks the face was aligned by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench import datasets as registry
from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.explain_faithfulness import centre_saliency, ratio, summary, tidy
from fer_bench.faces.geometry import cut_out
from fer_bench.records.explanation import Occluders, OnOccluders

LEVELS = 2
"""Pixels whose channels differ by more than this (of 255) differ. Elsewhere the two pictures are
equal to the bit, but for a faint halo that a drawn hand's soft edge leaves beside it."""


@dataclass(frozen=True)
class Occluder:
    """What stands before one face.

    Attributes:
        mask: (S, S) bool, its pixels in the aligned face; at least one.
        clean: (S, S, 3) uint8, the same face without it.
        kind: e.g. `hand` or `surgical_blue`.
    """

    mask: np.ndarray
    clean: np.ndarray
    kind: str


def occluded(rows: pd.DataFrame) -> np.ndarray:
    """(N,) bool: which faces have an occluder whose pixels `known_occluder` can tell."""
    packs = registry.packs()
    drawn = np.zeros(len(rows), bool)
    own = rows["occluder"].to_numpy() if "occluder" in rows.columns else np.full(len(rows), "none")
    for i, (name, kind) in enumerate(zip(rows["pack"], own, strict=True)):
        pack = packs.get(name)
        if pack is None:
            continue
        # A masked face that also has a hand before it: two occluders, of which one is known.
        masked = pack.mask_style is not None
        drawn[i] = kind == "none" if masked else kind != "none" and is_drawn(pack.source)
    return drawn


def is_drawn(source: str) -> bool:
    """Whether a source's faces are drawn by the renderer, so that one can be drawn again."""
    from fer_bench.datasets.synthetic import Synthetic

    return isinstance(registry.get_source(source), Synthetic)


def known_occluder(
    row: Mapping[str, Any], face: np.ndarray, packs: Path, options: Mapping[str, Mapping[str, Any]]
) -> Occluder | None:
    """The occluder of a face that `occluded` names; None where none of it is in the crop.

    Args:
        row: its manifest row, with the column `pack`.
        face: (S, S, 3) uint8, the aligned face.
        packs: `data/aligned`.
        options: the source options each source was aligned with (`data` of params.yaml).

    Raises:
        FerBenchError: the face drawn again is not the one in the pack, or the unmasked twin is
            missing.
    """
    pack = registry.get_pack(row["pack"])
    if pack.mask_style is not None:
        clean = _twin(row, pack.source, packs)
        mask, kind = _differs(face, clean), str(row["mask_kind"])
    else:
        mask, clean = _drawn_again(row, face, options.get(pack.source, {}))
        kind = str(row["occluder"])
    return Occluder(mask, clean, kind) if mask.any() else None


def _twin(row: Mapping[str, Any], source: str, packs: Path) -> np.ndarray:
    """The unmasked face of a masked one."""
    name = next(p.name for p in registry.packs().values()
                if p.source == source and p.mask_style is None)  # fmt: skip
    base = Pack.open(packs / name)
    at = np.flatnonzero(base.manifest["sample_id"].to_numpy() == row["sample_id"])
    if len(at) != 1:
        raise FerBenchError(
            f"{packs / name} lacks the unmasked faces of {row['pack']}: run `fer-bench sweep`"
        )
    return np.asarray(base.faces[int(at[0])])


def _drawn_again(
    row: Mapping[str, Any], face: np.ndarray, options: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The occluder's pixels in the crop, and the crop without it."""
    from scipy.ndimage import binary_fill_holes

    from fer_bench.datasets.synthetic import options_from
    from fer_bench.rendering.factors import plan
    from fer_bench.rendering.identity import person
    from fer_bench.rendering.scene import render

    settings, subject, shot = options_from(options), str(row["subject"]), int(row["shot"])
    who, how = person(settings.seed, subject), plan(settings, subject, shot)
    flat = row["landmarks"]
    landmarks = None if flat is None else np.asarray(flat, np.float64).reshape(5, 2)

    def cut(picture: np.ndarray) -> np.ndarray:
        return cut_out(picture, landmarks, row["box"], len(face))

    if not np.array_equal(cut(render(settings, who, how, subject, shot)), face):
        raise FerBenchError(
            f"the faces of pack {row['pack']} are not those that the renderer draws now (other "
            "options, code or library versions): align them again with `fer-bench sweep`"
        )
    clean = cut(render(settings, who, replace(how, occluder="none"), subject, shot))
    sharp = replace(how, noise=0.0, blur=0.0)
    # Sunglasses replace the person's own glasses, which would hide part of the difference.
    bare = replace(who, glasses=False) if how.occluder == "sunglasses" else who
    pair = (
        render(settings, who, sharp, subject, shot),
        render(settings, bare, replace(sharp, occluder="none"), subject, shot),
    )
    covered = _differs(*pair)
    if how.occluder != "hair":  # between locks the face shows; dark lenses hide dark pupils
        covered = binary_fill_holes(covered)
    stencil = np.repeat(covered[:, :, None], 3, axis=2).astype(np.uint8) * 255
    return cut(stencil)[:, :, 0] >= 128, clean


def _differs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(H, W) bool: where two pictures differ."""
    difference = np.abs(a.astype(np.int16) - b.astype(np.int16))
    return np.asarray(difference.max(axis=2) > LEVELS)


def mass(cam: np.ndarray, mask: np.ndarray) -> float:
    """Share of a map's sum that lies on `mask`; NaN for a map of zeros."""
    total = float(cam.sum())
    return float(cam[mask].sum()) / total if total > 0 else float("nan")


def attention_on_occluders(
    cams: np.ndarray, clean_cams: np.ndarray, occluders: Sequence[Occluder], people: np.ndarray
) -> Occluders | None:
    """Attention mass on occluders beside their share of the face; None without any.

    `mass` and `area` are means over faces; `ratio` is mean mass over mean area, 1 for attention
    spread evenly. Occluders lie where models look anyway, so two references stand beside it:
    `clean_mass`, the mass on the same pixels of the same face without the occluder (`change` is
    mass minus clean mass, negative where attention moves away), and `centre_mass`, that of a
    Gaussian in the middle. `empty` counts faces left out because one of their maps is all zeros.

    Args:
        cams: (N, S, S) maps of the occluded faces.
        clean_cams: (N, S, S) maps of the same faces without their occluders.
        occluders: of each face.
        people: (N,) who is on each face, a number a person.
    """
    if not occluders:
        return None
    prior = centre_saliency(*cams.shape[1:])
    table = np.array(
        [
            (o.mask.mean(), mass(cam, o.mask), mass(clean, o.mask), mass(prior, o.mask))
            for cam, clean, o in zip(cams, clean_cams, occluders, strict=True)
        ]
    )
    kinds = np.array([o.kind for o in occluders])
    known = np.isfinite(table).all(axis=1)
    numbers = _numbers(table[known], people[known])
    each = {str(kind): known & (kinds == kind) for kind in np.unique(kinds)}
    by_kind = {kind: _numbers(table[mask], people[mask]) for kind, mask in each.items()}
    return Occluders(**vars(numbers), empty=int((~known).sum()), kinds=by_kind)


def _numbers(table: np.ndarray, people: np.ndarray) -> OnOccluders:
    area, on, clean, centre = table.T
    return OnOccluders(
        n=len(table),
        area=summary(area, people),
        mass=summary(on, people),
        clean_mass=summary(clean, people),
        change=summary(on - clean, people),
        centre_mass=tidy(centre.mean()) if len(table) else None,
        ratio=ratio(on, area, people),
        clean_ratio=ratio(clean, area, people),
    )
