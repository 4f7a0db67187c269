"""How far our five-point mask lies from the paper's, on photographs.

python benchmarks/mask_geometry/measure.py facial_expressions

In the project's folder, the set received and aligned and the network of 68 points added
(`fer-bench weights add face_landmark_68 FILE`). Writes `results/mask_geometry/<dataset>.json`:
counts and distances, no face and no name; see README.md beside this file.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fer_bench import datasets, params
from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.faces.align_job import read_image
from fer_bench.faces.face_frame import estimate_yaw, jaw_of_68, jaw_points
from fer_bench.faces.face_landmarks import FAR, FILE, FaceLandmarks, disagreement
from fer_bench.faces.geometry import align_face
from fer_bench.faces.wear_mask import STEEP, wear_mask
from fer_bench.files import sha256_file, write_json
from fer_bench.stages import paths

FACES, SIDE, DIGITS = 500, 112, 4
OUT = Path("results/mask_geometry")


def covered(landmarks: np.ndarray, points: np.ndarray | None, size: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: where the blue mask hides more than half of what lies below.

    Args:
        landmarks: (5, 2).
        points: 68 points for the paper's geometry; None for ours.
        size: H and W.
    """
    find = None if points is None else lambda *_: points
    black, white = (
        wear_mask(np.full((*size, 3), value, np.uint8), landmarks, (0, 0, 1, 1), "", "blue", find)
        for value in (0, 255)
    )
    hidden: np.ndarray = white.image[..., 0].astype(int) - black.image[..., 0] < 128
    return hidden


def compare(landmarks: np.ndarray, points: np.ndarray) -> dict[str, float]:
    """One face: the two masks' overlap, whole and in the aligned face, and where the chin lies.

    `chin` is the distance of the two chins and `chin_lower` how much lower ours is along the
    line from bridge to chin, both in % of the face's height (nasion to chin of the 68 points).
    """
    eyes = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    corner = np.concatenate([landmarks, points]).min(axis=0) - 1.5 * eyes
    moved, moved68 = (landmarks - corner) * 50 / eyes, (points - corner) * 50 / eyes
    far = np.concatenate([moved, moved68]).max(axis=0) + 75
    size = int(far[1]), int(far[0])
    ours, theirs = covered(moved, None, size), covered(moved, moved68, size)
    cut = [
        align_face(np.repeat(mask[..., None], 3, 2).astype(np.uint8) * 255, moved, SIDE)[..., 0]
        for mask in (ours, theirs)
    ]
    mean, found = jaw_points(landmarks), jaw_of_68(points)
    height = float(np.linalg.norm(points[8] - points[27]))
    line = (found.chin - found.bridge) / np.linalg.norm(found.chin - found.bridge)
    off = mean.chin - found.chin
    return {
        "iou": overlap(ours, theirs),
        "iou_in_aligned_face": overlap(cut[0] > 127, cut[1] > 127),
        "chin": 100 * float(np.linalg.norm(off)) / height,
        "chin_lower": 100 * float(off @ line) / height,
    }


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union."""
    return float((a & b).sum() / (a | b).sum())


def summary(values: Sequence[float]) -> dict[str, float]:
    """The median and what nine of ten values lie between."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    found = {"median": middle, "low": low, "high": high}
    return {name: round(float(value), DIGITS) for name, value in found.items()}


def measure(dataset: str, faces: int, net: FaceLandmarks) -> dict[str, Any]:
    """All of the record but the network's hash.

    Args:
        dataset: a source, received and aligned from whole photographs.
        faces: as many, at equal distances among those in which a face was detected.
        net: gives the 68 points.

    Raises:
        FerBenchError: no photograph of it has landmarks.
    """
    source, root = datasets.get_source(dataset), Path(paths.RAW) / dataset
    options = dict(params.load().data.get(dataset, {}))
    listed = source.index(root, options).set_index("sample_id", drop=False)
    manifest = Pack.open(paths.pack(dataset)).manifest
    rows = manifest[manifest["landmarks"].notna()]
    if rows.empty:
        raise FerBenchError(f"{dataset} has no detected landmarks: it was not aligned by mtcnn")
    rows = rows.iloc[np.linspace(0, len(rows) - 1, min(faces, len(rows))).astype(int)]
    off, kinds, compared = [], [], []
    for sample, flat in zip(rows["sample_id"], rows["landmarks"], strict=True):
        five = np.asarray(flat, np.float64).reshape(5, 2)
        image = read_image(source, root, listed.loc[sample].to_dict(), options)
        points = net.look(image, five)
        off.append(disagreement(points, five))
        if off[-1].max() <= FAR:
            kinds.append("turned" if abs(estimate_yaw(five)) > STEEP else "frontal")
            compared.append(compare(five, points))
    groups = {"all": compared}
    for kind in ("frontal", "turned"):
        groups[kind] = [c for c, k in zip(compared, kinds, strict=True) if k == kind]
    return {
        "dataset": dataset,
        "photographs": len(rows),
        "misread": len(rows) - len(compared),
        "distance_to_the_five_in_eye_distances": {
            name: summary(values)
            for name, values in zip(
                ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth"),
                np.transpose(off),
                strict=True,
            )
        },
        "masks": {
            group: {"faces": len(some)}
            | {name: summary([c[name] for c in some]) for name in (some[0] if some else ())}
            for group, some in groups.items()
        },
    }


def main() -> None:
    """Read the arguments, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("dataset")
    parser.add_argument("--faces", type=int, default=FACES)
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        found = measure(given.dataset, given.faces, FaceLandmarks())
        write_json(OUT / f"{given.dataset}.json", found | {"network_sha256": sha256_file(FILE)})
    except FerBenchError as error:
        raise SystemExit(f"Error: {error}") from error


if __name__ == "__main__":
    main()
