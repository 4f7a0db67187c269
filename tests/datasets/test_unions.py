"""The unions of AffectNet and RAF-DB, on manifests with the published numbers of faces."""

import numpy as np
import pandas as pd
import pytest

from fer_bench.datasets import get_dataset
from fer_bench.datasets.view_rows import view_rows
from fer_bench.labels import EIGHT, SEVEN, Expression

AFFECTNET = {
    "train": {"neutral": 74_874, "happiness": 134_415, "sadness": 25_459, "surprise": 14_090,
              "fear": 6_378, "disgust": 3_803, "anger": 24_882, "contempt": 3_750},
    "test": dict.fromkeys(EIGHT, 500),
}  # fmt: skip
RAFDB = {
    "train": {"surprise": 1_290, "fear": 281, "disgust": 717, "happiness": 4_772,
              "sadness": 1_982, "anger": 705, "neutral": 2_524},
    "test": {"surprise": 329, "fear": 74, "disgust": 160, "happiness": 1_185,
             "sadness": 478, "anger": 162, "neutral": 680},
}  # fmt: skip


def manifest(counts: dict, prefix: str) -> pd.DataFrame:
    rows = [
        pd.DataFrame({"label": np.repeat([Expression[name] for name in c], list(c.values()))})
        .sample(frac=1, random_state=1)
        .assign(split=split)
        for split, c in counts.items()
    ]
    frame = pd.concat(rows, ignore_index=True)
    return frame.assign(sample_id=[f"{prefix}{k}" for k in range(len(frame))])


@pytest.fixture(scope="module")
def manifests():
    return {"affectnet": manifest(AFFECTNET, "a"), "rafdb": manifest(RAFDB, "r")}


def rows_of(name: str, manifests: dict) -> pd.DataFrame:
    dataset = get_dataset(name)
    return view_rows([part.to_json() for part in dataset.parts], dataset.classes, manifests)


@pytest.mark.parametrize(
    ("name", "classes", "train", "test"),
    [
        ("affectnet7_rafdb", SEVEN, 46_074, 3_500 + 3_068),
        ("affectnet8_rafdb", EIGHT, 49_824, 4_000 + 3_068),
    ],
)
def test_sizes(manifests, name, classes, train, test):
    rows = rows_of(name, manifests)
    assert get_dataset(name).classes == classes
    assert rows["split"].value_counts().to_dict() == {"train": train, "test": test}
    assert dict(get_dataset(name).sizes) == {"train": train, "test": test}
    assert get_dataset(name).packs == ("affectnet", "rafdb")


def test_the_first_5000_of_affectnet_and_all_of_rafdb(manifests):
    rows = rows_of("affectnet8_rafdb", manifests)
    train = rows[rows["split"] == "train"]
    everything = manifests["affectnet"]
    for expression in Expression:
        kept = train[(train["label"] == expression) & (train["pack"] == "affectnet")]
        candidates = (everything["split"] == "train") & (everything["label"] == expression)
        assert list(kept["row"]) == list(np.flatnonzero(candidates)[:5_000])
        of_rafdb = ((train["label"] == expression) & (train["pack"] == "rafdb")).sum()
        assert of_rafdb == RAFDB["train"].get(expression.name, 0)


def test_without_contempt_nothing_else_changes(manifests):
    seven, eight = (rows_of(f"affectnet{n}_rafdb", manifests) for n in (7, 8))
    contempt = eight["label"] == Expression.contempt
    assert set(eight.loc[contempt, "pack"]) == {"affectnet"}
    assert list(seven["sample_id"]) == list(eight.loc[~contempt, "sample_id"])
