"""Explain a cell: Grad-CAM on one set's test faces, how faithful it is, and where it falls.

Numbers go to a JSON file without names of faces; pictures and maps, which galleries are drawn from,
to a folder of arrays. Faces are picked by the hash of their ids, so all models and seeds show and
measure the same ones.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fer_bench.evaluation.explain_cam import (
    CONV_3X_OUTPUT,
    PATCH,
    ChannelResponse,
    Logits,
    Maps,
    channel_response,
    grad_cam,
    layer_of,
)
from fer_bench.evaluation.explain_faces import Looked, OpenedCell, choose, digest, open_cell
from fer_bench.evaluation.explain_faithfulness import (
    area,
    centre_saliency,
    curves,
    faithfulness,
    pixel_order,
    tidy,
)
from fer_bench.evaluation.explain_occluders import (
    Occluder,
    attention_on_occluders,
    known_occluder,
    occluded,
)
from fer_bench.files import replacing_folder
from fer_bench.records.explanation import Channels, Explanation, Occluders
from fer_bench.records.faces import people
from fer_bench.records.spec import RowSpec, View
from fer_bench.records.training import FILE as TRAINING
from fer_bench.records.training import Training

FACES = 100
"""How many faces the numbers are of, at most."""

FAILURES = 8


def explain_cell(
    spec_path: Path,
    view_path: Path,
    weights: Path,
    out_json: Path,
    out_dir: Path,
    packs: Path,
    layer: str | None = None,
    faces: int = FACES,
    source_options: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Explain the predictions of a cell's `last` weights on a set's test faces.

    Args:
        spec_path: the cell's spec, which says how to build the model.
        view_path: the set's view, `runs/views/<set>.json`.
        weights: the cell's `train/weights` folder; `train.json` beside it says which seed it is.
        out_json: `results/explain/<dataset>/<model>/<seed>/<set>.json`; gets the numbers.
        out_dir: `runs/explain/<dataset>/<model>/<seed>/<set>`; gets `arrays.npz`.
        packs: `data/aligned`.
        layer: dotted name of the module whose maps are explained; None for Conv_3x's output.
        faces: the numbers are of at most this many faces.
        source_options: the options each source was aligned with (`data` of params.yaml).

    Raises:
        FerBenchError: the set has no test faces of the model's classes or another size, the layer
            is unknown or gives no map, or a rendered face cannot be drawn again as it was.
    """
    spec, view = RowSpec.read(spec_path), View.read(view_path)
    cell = open_cell(spec, view, weights, packs)
    name = layer or CONV_3X_OUTPUT
    module = layer_of(cell.model, name, cell.images(np.arange(1)))
    chosen = choose(cell.rows, faces, cell.classes)
    maps = cell.maps(module, chosen.every)
    found = _occluders(cell, chosen, packs, source_options or {})
    response = channel_response(
        cell.model, module, lambda a, b: cell.images(chosen.measured[a:b]), len(chosen.measured)
    )
    paths = _paths(cell, chosen, maps)
    who, _ = people(cell.rows)
    here = chosen.at(chosen.measured)
    right = maps.predicted[here] == cell.target[chosen.measured]
    empty = maps.cams[here].max(axis=(1, 2)) == 0
    explanation = Explanation(
        spec.dataset,
        spec.model,
        Training.read(weights.parent / TRAINING).seed,
        view.name,
        layer=name,
        selection="last",
        classes=tuple(cell.classes),
        n=len(chosen.measured),
        test_faces=len(cell.rows),
        accuracy=tidy(right.mean()),
        empty_maps=int(empty.sum()),
        faithfulness=faithfulness(paths, who[chosen.measured]),
        occluders=_attention(cell, module, chosen, maps, found, who),
        channels=_channels(response),
    )
    with replacing_folder(out_dir) as folder:
        arrays = _pictures(cell, chosen, maps, found) | _response_arrays(response)
        arrays["layer"], arrays["measured"] = np.array(name), np.array(len(paths))
        arrays["areas"] = area(paths).mean(axis=0)
        write_arrays(folder / "arrays.npz", arrays)
    explanation.write(out_json)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an uncompressed `.npz` whose bytes follow from the arrays alone, for DVC hashes it.

    Those of `np.savez` differ between Python's patch versions, compressed ones between machines.
    """
    with zipfile.ZipFile(path, "w") as file:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.save(entry, array, allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy"), entry.getvalue())


def _paths(cell: OpenedCell, chosen: Looked, maps: Maps) -> np.ndarray:
    """(N, 2, 3, steps + 1) deletion and insertion of the measured faces; see `faithfulness`."""
    model, found = Logits(cell.model), []
    for position, i in zip(chosen.measured, chosen.at(chosen.measured), strict=True):
        cam = maps.cams[i]
        seed = int(digest(cell.rows["sample_id"][position])[:16], 16)
        ties = np.random.Generator(np.random.PCG64(seed)).permutation(cam.size)
        orders = [
            pixel_order(saliency, ties)
            for saliency in (cam, np.zeros(cam.shape), centre_saliency(*cam.shape))
        ]
        image = cell.images(np.array([position]))[0]
        found.append(curves(model, image, int(maps.predicted[i]), orders))
    return np.stack(found)


def _occluders(
    cell: OpenedCell, chosen: Looked, packs: Path, options: Mapping[str, Mapping[str, Any]]
) -> dict[int, Occluder]:
    """The known occluders by position: of the hidden faces, and of those a gallery shows."""
    found = {}
    covered = chosen.shown[occluded(cell.rows.iloc[chosen.shown])]
    for position in dict.fromkeys([*chosen.hidden, *covered]):
        face = cell.faces(np.array([position]))[0]
        row = {str(k): v for k, v in cell.rows.iloc[int(position)].items()}
        if occluder := known_occluder(row, face, packs, options):
            found[int(position)] = occluder
    return found


def _attention(
    cell: OpenedCell,
    module: torch.nn.Module,
    chosen: Looked,
    maps: Maps,
    found: dict[int, Occluder],
    who: np.ndarray,
) -> Occluders | None:
    hidden = np.array([int(p) for p in chosen.hidden if int(p) in found], np.int64)
    if not len(hidden):
        return None
    occluders = [found[int(position)] for position in hidden]
    clean = np.stack([occluder.clean for occluder in occluders])
    without = grad_cam(cell.model, module, lambda a, b: cell.tensor(clean[a:b]), len(clean))
    cams = maps.cams[chosen.at(hidden)]
    return attention_on_occluders(cams, without.cams, occluders, who[hidden])


def _channels(response: ChannelResponse) -> Channels:
    """How differently channels answer to a covered area (Figure 2), as quartiles over channels."""

    def quartiles(values: np.ndarray) -> tuple[float, ...]:
        return tuple(tidy(v) for v in np.quantile(values, (0, 0.25, 0.5, 0.75, 1)))

    inside, outside = quartiles(response.inside()), quartiles(response.outside())
    return Channels(len(response.median), response.silent, PATCH, inside, outside)


def _pictures(
    cell: OpenedCell, chosen: Looked, maps: Maps, found: Mapping[int, Occluder]
) -> dict[str, np.ndarray]:
    """The faces of galleries: PER_CLASS a class, then some of this cell's failures."""
    wrong = maps.predicted[chosen.at(chosen.measured)] != cell.target[chosen.measured]
    failures = chosen.measured[wrong][:FAILURES]
    which = np.concatenate([chosen.shown, failures])
    here, size = chosen.at(which), maps.cams.shape[1]
    nothing = np.zeros((size, size), bool)
    masks = [found[int(p)].mask if int(p) in found else nothing for p in which]
    predicted, truth = maps.predicted[here], cell.target[which]
    return {
        "classes": np.array(cell.classes),
        "faces": cell.faces(which),
        "cams": maps.cams[here].astype(np.float16),
        "occluders": np.stack(masks),
        "labels": truth.astype(np.int16),
        "predictions": predicted.astype(np.int16),
        "probabilities": maps.probabilities[here, predicted],
        "true_probabilities": maps.probabilities[here, truth],
        "is_failure": np.arange(len(which)) >= len(chosen.shown),
    }


def _response_arrays(response: ChannelResponse) -> dict[str, np.ndarray]:
    shown = response.shown()
    return {
        "channel_example": response.example,
        "channel_patch": np.array(PATCH),
        "channels": shown.astype(np.int16),
        "channel_response": response.median[shown].astype(np.float16),
    }
