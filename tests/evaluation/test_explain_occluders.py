"""Attention on occluders: by hand, on faces drawn for the purpose, and on masked twins."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawn_packs import OPTIONS, SIZE, make_packs

from fer_bench.datasets.pack import Pack
from fer_bench.datasets.synthetic import SOURCE
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.explain_occluders import (
    Occluder,
    attention_on_occluders,
    known_occluder,
    mass,
    occluded,
)
from fer_bench.faces.geometry import apply, cut_out, reference, similarity
from fer_bench.records.explanation import Mean


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("aligned")
    make_packs(root, 40)
    return root


def rows(root: Path, name: str) -> tuple[pd.DataFrame, np.ndarray]:
    pack = Pack.open(root / name)
    return pack.manifest.assign(pack=name), np.asarray(pack.faces)


@cache
def found(root: Path, name: str) -> list[tuple[dict[str, Any], np.ndarray, Occluder]]:
    table, faces = rows(root, name)
    which = np.flatnonzero(occluded(table))
    records = [{str(k): v for k, v in table.iloc[i].items()} for i in which]
    known = [
        (record, faces[i], known_occluder(record, faces[i], root, {"synthetic": OPTIONS}))
        for i, record in zip(which, records, strict=True)
    ]
    return [(record, face, o) for record, face, o in known if o is not None]


def test_mass_is_the_share_of_the_map_on_the_mask() -> None:
    cam = np.array([[0.2, 0.6], [0.0, 0.2]])
    mask = np.array([[False, True], [True, False]])
    assert mass(cam, mask) == pytest.approx(0.6)
    assert np.isnan(mass(np.zeros((2, 2)), mask))


def test_numbers_by_hand() -> None:
    mask = np.zeros((2, 2), bool)
    mask[0, 0] = True
    half = np.array([[1, 1], [0, 0]], bool)
    clean = np.zeros((2, 2, 3), np.uint8)
    cams = np.array([[[0.5, 0.5], [0, 0]], [[0, 0], [1, 1]], np.zeros((2, 2))])
    clean_cams = np.array([[[1, 0], [0, 0]], [[1, 1], [1, 1]], np.ones((2, 2))])
    given = [Occluder(mask, clean, "hand"), Occluder(half, clean, "scarf"),
             Occluder(half, clean, "scarf")]  # fmt: skip
    numbers = attention_on_occluders(cams, clean_cams, given, np.array([7, 7, 3]))
    assert numbers is not None
    # Masses 0.5 and 0 on areas 0.25 and 0.5; without the occluder 1 and 0.5; the third is empty.
    assert (numbers.n, numbers.empty) == (2, 1)
    assert numbers.area.units == 1  # both are faces of one person, which says nothing of others
    assert numbers.ratio.low is None
    assert numbers.mass.mean == pytest.approx(0.25)
    assert numbers.area.mean == pytest.approx(0.375)
    assert numbers.ratio.mean == pytest.approx(0.25 / 0.375, abs=1e-6)
    assert numbers.clean_mass.mean == pytest.approx(0.75)
    assert numbers.change.mean == pytest.approx(-0.5)
    assert numbers.clean_ratio.mean == pytest.approx(2.0)
    assert numbers.centre_mass == pytest.approx(0.375)
    assert numbers.kinds["hand"].n == 1
    assert numbers.kinds["hand"].ratio == Mean(2.0, None, None, 1, 1)
    assert numbers.kinds["scarf"].n == 1


def test_nothing_known_is_none_and_all_empty_has_no_mean() -> None:
    assert attention_on_occluders(np.zeros((0, 2, 2)), np.zeros((0, 2, 2)), [], np.zeros(0)) is None
    one = [Occluder(np.ones((2, 2), bool), np.zeros((2, 2, 3), np.uint8), "hand")]
    numbers = attention_on_occluders(np.zeros((1, 2, 2)), np.ones((1, 2, 2)), one, np.zeros(1))
    assert numbers is not None
    assert (numbers.n, numbers.empty, numbers.ratio.mean) == (0, 1, None)


def test_an_even_map_has_ratio_one(drawn: Path) -> None:
    given = [o for _, _, o in found(drawn, "synthetic")]
    even = np.ones((len(given), SIZE, SIZE))
    numbers = attention_on_occluders(even, even, given, np.arange(len(given)))
    assert numbers is not None
    assert numbers.n == len(given)
    assert numbers.ratio == Mean(1.0, 1.0, 1.0, len(given), len(given))
    assert numbers.change.mean == 0


def test_occluders_are_found_where_the_renderer_drew_them(drawn: Path) -> None:
    given = found(drawn, "synthetic")
    assert {o.kind for _, _, o in given} == {"hand", "sunglasses", "hair", "scarf"}
    for record, face, occluder in given:
        changed = np.abs(face.astype(int) - occluder.clean).max(axis=2)
        # All that clearly changed is the occluder or its soft edge; all of the rest is equal.
        edge = np.pad(occluder.mask, 3)
        near = sum(
            edge[3 + dy : 3 + dy + SIZE, 3 + dx : 3 + dx + SIZE].astype(int)
            for dy in range(-3, 4) for dx in range(-3, 4)
        ) > 0  # fmt: skip
        assert changed[~near].max(initial=0) <= 6, record["occluder"]
        assert (changed[occluder.mask] > 2).mean() > 0.8, record["occluder"]


def test_sunglasses_lie_on_the_eyes_and_scarves_on_the_mouth(drawn: Path) -> None:
    seen = set()
    for record, _, occluder in found(drawn, "synthetic"):
        limit = {"sunglasses": 20, "scarf": 90}.get(occluder.kind, 0)
        if abs(record["yaw"]) > limit:
            continue
        landmarks = np.array(record["landmarks"]).reshape(5, 2)
        where = apply(similarity(landmarks, reference(SIZE)), landmarks).round().astype(int)
        covered = [bool(occluder.mask[y, x]) for x, y in where]
        if occluder.kind == "sunglasses":
            assert covered[:2] == [True, True]
            assert covered[3:] == [False, False]
        else:
            assert covered[:2] == [False, False]
            assert occluder.mask[SIZE // 2 :].mean() > 3 * occluder.mask[: SIZE // 2].mean()
        seen.add(occluder.kind)
    assert seen == {"sunglasses", "scarf"}


def test_glasses_below_sunglasses_do_not_leave_gaps(tmp_path: Path) -> None:
    # Their frames have one colour: against the person's own glasses, parts would not differ.
    from scipy.ndimage import label

    options = {**OPTIONS, "identities_test": 60, "occluded": 1.0}
    index = SOURCE.index(tmp_path, options)
    both = index[index["glasses"] & (index["occluder"] == "sunglasses") & (index["yaw"].abs() < 30)]
    assert len(both) >= 5
    for record in both[:5].to_dict("records"):
        row = {str(k): v for k, v in record.items()} | {"pack": "synthetic"}
        row |= {"box": row["true_box"], "landmarks": row["true_landmarks"]}
        landmarks = np.array(row["landmarks"]).reshape(5, 2)
        face = cut_out(SOURCE.load(tmp_path, row, options), landmarks, row["box"], SIZE)
        occluder = known_occluder(row, face, tmp_path, {"synthetic": options})
        assert occluder is not None
        pieces = np.bincount(label(occluder.mask, np.ones((3, 3)))[0].ravel())[1:]
        assert pieces.max() > 0.9 * pieces.sum()  # both lenses, joined by the bridge
        assert label(~occluder.mask)[1] <= 2  # around them, and below an arm cut by the edge


def test_masks_are_what_differs_from_the_unmasked_twin(drawn: Path) -> None:
    given = found(drawn, "synthetic_masked")
    table = rows(drawn, "synthetic_masked")[0]
    plain = rows(drawn, "synthetic")[1]
    # A masked face with a hand before it is left out: its hand is not in the difference.
    assert len(given) == (table["occluder"] == "none").sum() < len(table)
    at = {sample: i for i, sample in enumerate(table["sample_id"])}
    for record, face, occluder in given:
        i = at[record["sample_id"]]
        assert np.array_equal(occluder.clean, plain[i])
        assert np.abs(face.astype(int) - plain[i])[~occluder.mask].max() <= 2
        assert 0.1 < occluder.mask.mean() < 0.6
        assert occluder.kind == "surgical_blue"


def test_other_options_are_noticed(drawn: Path) -> None:
    table, faces = rows(drawn, "synthetic")
    i = int(np.flatnonzero(occluded(table))[0])
    record = {str(k): v for k, v in table.iloc[i].items()}
    with pytest.raises(FerBenchError, match="align them again"):
        known_occluder(record, faces[i], drawn, {"synthetic": {**OPTIONS, "seed": 4}})


def test_photographs_and_unknown_packs_have_no_known_occluder() -> None:
    table = pd.DataFrame({"pack": ["rafdb", "toy", "rafdb_masked"], "sample_id": ["a", "b", "c"]})
    assert occluded(table).tolist() == [False, False, True]
