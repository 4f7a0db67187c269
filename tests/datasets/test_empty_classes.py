"""Classes without faces to train or test on."""

from fer_bench.datasets.empty_classes import sentences, without_faces
from fer_bench.files import write_json
from fer_bench.receiving import empty_classes
from fer_bench.receiving.receipt import summary

COUNTS = {
    "train": {"neutral": 3, "happiness": 2, "fear": 0},
    "val": {"neutral": 0, "happiness": 0, "fear": 0},
    "test": {"neutral": 1, "happiness": 0, "fear": 1},
}


def test_of_each_split_that_has_faces():
    found = without_faces(COUNTS, ["neutral", "happiness", "fear"])
    assert found == {"train": ["fear"], "test": ["happiness"]}
    assert sentences(found) == [
        "There are no training faces of fear.", "There are no test faces of happiness.",
    ]  # fmt: skip
    only_tested_on = {"train": {"fear": 0}, "test": {"fear": 1}}
    assert without_faces(only_tested_on, ["fear", "anger"]) == {"test": ["anger"]}


def test_adding_says_so():
    receipt = {
        "source": "rafdb", "images": {"published": 0, "listed": 7, "present": 7},
        "partial": False, "unreadable": 0, "notes": [], "counts": COUNTS,
        "subjects": {"train": 0, "val": 0, "test": 0},
    }  # fmt: skip
    lines = summary(receipt)
    # Those that do not occur at all are classes of the dataset all the same.
    absent = "surprise, sadness, anger"
    assert f"There are no training faces of {absent}, disgust and fear." in lines
    assert f"There are no test faces of happiness, {absent} and disgust." in lines
    assert "contempt" not in str(lines)


def test_of_a_dataset_by_its_receipt(tmp_path):
    assert empty_classes("rafdb", tmp_path) == []
    full = dict.fromkeys(
        ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"), 1
    )
    counts = {"train": full | {"disgust": 0}, "val": {}, "test": full}
    write_json(tmp_path / "rafdb/source.json", {"counts": counts})
    assert empty_classes("rafdb", tmp_path) == ["There are no training faces of disgust."]
