"""A set of one's own: every form, class names, splits, and the definition it writes."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from miniatures import my_faces
from miniatures.drawing import lay_out
from PIL import Image

from fer_bench.datasets import datasets, get_dataset, get_source, packs
from fer_bench.datasets.own import definition
from fer_bench.datasets.spelling import expression_of, split_of_file, split_of_name
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, SEVEN, Expression
from fer_bench.receiving import add, remove, status, verify
from fer_bench.reports.dataset_table import dataset_table

SOURCE_YAML = "benchmarks/my_faces/source.yaml"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The folder of a project, which is the current one."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def add_mine(*inputs, name="my_faces", **options):
    return add(name, list(inputs), progress=False, **options)


def index_of(added):
    return get_source(added.folder.name).index(added.folder, {})


def written(project):
    return yaml.safe_load((project / SOURCE_YAML).read_text())


def grey(shade):
    return my_faces.save(Image.new("L", (20, 24), shade), "PNG")


@pytest.mark.parametrize("form", my_faces.FORMS)
def test_every_form_gives_the_same_faces_with_their_labels(form, tmp_path, project):
    added = add_mine(my_faces.FORMS[form](tmp_path / "given"))
    source, index = get_source("my_faces"), index_of(added)
    found = {
        (row["split"], row["label"], source.load(added.folder, row, {}).tobytes())
        for row in index.to_dict("records")
    }
    expected = set()
    for number, (split, label, _, content) in enumerate(my_faces.pictures()):
        file = tmp_path / f"{number}.png"
        file.write_bytes(content)
        expected.add((split, int(label), np.asarray(Image.open(file).convert("RGB")).tobytes()))
    assert found == expected
    assert len(index) == len(expected) == added.receipt["images"]["present"]
    assert index["sample_id"].is_unique
    assert written(project)["labels"] == {v: k for k, v in my_faces.SPELT.items()}
    assert verify("my_faces", progress=False) == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_people_are_known_where_a_list_names_them_and_are_not_printed(form, tmp_path, project):
    added = add_mine(my_faces.FORMS[form](tmp_path / "given"))
    index = index_of(added)
    assert index.groupby("split")["subject"].nunique().to_dict() == {"train": 3, "test": 1}
    assert not index["subject"].str.contains("9000").any()
    assert added.receipt["subjects"]["train"] == 3


def test_it_is_a_source_with_packs_and_datasets_like_any_other(tmp_path, project):
    add_mine(my_faces.folders(tmp_path / "given"))
    assert {"my_faces", "my_faces_masked", "my_faces_masked_mixed"} <= packs().keys()
    assert get_dataset("my_faces_masked").title == "My faces, blue masks"
    assert get_dataset("my_faces").classes == SEVEN
    assert get_dataset("my_faces").protocol == "split"
    table = dataset_table()  # of docs/datasets.md, which is about what the project knows
    assert "`rafdb`" in table
    assert "my_faces" not in table


def test_sample_ids_do_not_depend_on_where_the_files_lie(tmp_path, project):
    one = set(index_of(add_mine(my_faces.folders(tmp_path / "given")))["sample_id"])
    other = add_mine(my_faces.embedded(tmp_path / "elsewhere"), name="others")
    assert {name.replace("others", "my_faces") for name in index_of(other)["sample_id"]} == one


def test_the_mapping_is_printed_with_counts(tmp_path, project):
    report = add_mine(my_faces.folders(tmp_path / "given")).report
    assert "  3_happy -> happiness (4)" in report
    assert "  fearful -> fear (4)" in report
    assert "Not used: 1 lists and texts in given/" in report


def test_an_unknown_class_stops_it_and_is_completed_by_hand(tmp_path, project):
    given = my_faces.folders(tmp_path / "given")
    lay_out(given, {"train/smug/1.png": grey(9), "train/bored/1.png": grey(10)})
    with pytest.raises(FerBenchError, match=r"'bored', 'smug' are") as caught:
        add_mine(given)
    assert SOURCE_YAML in str(caught.value)
    assert "3_happy -> happiness" in str(caught.value)
    assert list((project / "data/raw").iterdir()) == []
    said = written(project)
    assert said["labels"]["smug"] is None
    with pytest.raises(FerBenchError, match="'bored', 'smug'"):
        add_mine(given)
    said["labels"] |= {"smug": "contempt", "bored": "ignore"}
    text = "# a comment of mine\n" + yaml.safe_dump(said | {"protocol": "split", "splits": "given"})
    (project / SOURCE_YAML).write_text(text)
    added = add_mine(given)
    assert (project / SOURCE_YAML).read_text() == text
    assert added.receipt["counts"]["train"]["contempt"] == 1
    assert added.receipt["left_out"]["pictures"] == 1
    assert get_dataset("my_faces").classes == EIGHT


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("happy", "happiness"), ("Happiness", "happiness"), ("JOY", "happiness"),
        ("3_happy", "happiness"), ("04 - Sad", "sadness"), ("suprise", "surprise"),
        ("AN", "anger"), ("Neutral ", "neutral"), ("scared", "fear"), ("contempt", "contempt"),
        ("sad_1", "sadness"), ("joy faces", "happiness"),
        ("3", None), ("", None), ("happy_sad", None), ("unhappy", None), ("none", None),
    ],
)  # fmt: skip
def test_spellings(name, meant):
    assert expression_of(name) == (None if meant is None else Expression[meant])


def test_names_of_splits():
    named = {"Training": "train", "valid": "val", "PrivateTest": "test", "dev": "val", "x": None}
    assert {name: split_of_name(name) for name in named} == named
    assert split_of_file("fer_test_labels") == "test"
    assert split_of_file("train_test") is None


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\x07"])
def test_a_class_with_an_invisible_character_is_refused_by_name(sign, tmp_path, project):
    lay_out(tmp_path / "given", {f"happy{sign}/1.png": grey(1), "sad/2.png": grey(2)})
    with pytest.raises(FerBenchError, match=rf"the class 'happy.*U\+{ord(sign):04X}") as caught:
        add_mine(tmp_path / "given")
    assert "\n" not in str(caught.value)
    assert not (project / SOURCE_YAML).exists()


def test_numbers_are_never_guessed(tmp_path, project):
    given = lay_out(tmp_path / "given", {f"train/{n}/1.png": grey(n) for n in range(7)})
    with pytest.raises(FerBenchError, match="'0', '1', '2'"):
        add_mine(given)
    assert written(project)["labels"] == {str(n): None for n in range(7)}


def test_numbers_in_folders_of_splits_are_the_classes(tmp_path, project):
    files = {f"{s}/{n}/{s}.png": grey(n) for s in ("train", "test") for n in range(3)}
    with pytest.raises(FerBenchError, match="expression '0', '1', '2' are"):
        add_mine(lay_out(tmp_path / "given", files))
    assert written(project)["labels"] == {"0": None, "1": None, "2": None}


def test_without_splits_people_stay_together_and_so_do_equal_pictures(tmp_path, project):
    rows, files = [], {}
    for person in range(30):
        for shot in range(4):
            files[f"f/{person}_{shot}.png"] = grey(4 * person + shot)
            rows.append({"image": f"f/{person}_{shot}.png", "label": "happy", "id": str(person)})
    given = lay_out(tmp_path / "given", files | {"a.csv": my_faces.as_csv(rows)})
    (project / "benchmarks/my_faces").mkdir(parents=True)
    (project / SOURCE_YAML).write_text("title: Mine\ncolumns: {subject: id}\n")
    added = add_mine(given)
    index = index_of(added)
    assert set(index["split"]) == {"train", "val", "test"}
    assert (index.groupby("subject")["split"].nunique() == 1).all()
    assert any("by a hash of the person." in line for line in added.report)
    remove("my_faces")

    twins = {f"happy/{n}.png": grey(n // 2) for n in range(60)}
    added = add_mine(lay_out(tmp_path / "twins", twins), name="twins")
    index = index_of(added)
    stems = index["sample_id"].str.split("_").str[1]
    assert (index.groupby(stems)["split"].nunique() == 1).all()
    assert index["sample_id"].is_unique
    assert any("by a hash of the picture" in line for line in added.report)


def test_the_person_may_stand_in_the_path(tmp_path, project):
    definition_of("person: '(\\w+)_\\d+\\.png$'")
    added = add_mine(my_faces.unsplit(tmp_path / "given"))
    assert index_of(added)["subject"].nunique() == 4


def test_people_that_the_paths_name_only_sometimes_are_counted(tmp_path, project):
    definition_of("person: '(900[01])_'")
    added = add_mine(my_faces.unsplit(tmp_path / "given"))
    assert "The expression `person` finds nobody in 14 paths." in added.report
    assert any("person, and by picture for the 14 faces of nobody" in x for x in added.report)
    index = index_of(added)
    assert (index["subject"].nunique(), index["subject"].isna().sum()) == (2, 14)
    assert (index.groupby("subject")["split"].nunique() == 1).all()


def definition_of(*lines):
    from pathlib import Path

    path = Path(SOURCE_YAML)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["title: Mine", *lines]) + "\n")


def test_a_set_may_be_only_tested_on(tmp_path, project):
    added = add_mine(my_faces.unsplit(tmp_path / "given"), test_only=True)
    assert set(index_of(added)["split"]) == {"test"}
    assert get_dataset("my_faces").protocol == "test"
    assert added.params_lines == ["    evaluate_on: [my_faces]"]
    assert "protocol: test" in (project / SOURCE_YAML).read_text()


def test_folds_are_taken(tmp_path, project):
    rows = [row | {"fold": str(n % 3)} for n, row in enumerate(my_faces.rows())]
    given = my_faces.csv_list(tmp_path / "given")
    for row in rows:
        del row["split"]
    (given / "list.csv").write_bytes(my_faces.as_csv(rows))
    index = index_of(add_mine(given))
    assert get_dataset("my_faces").protocol == "folds"
    assert sorted(index["fold"].unique()) == [0, 1, 2]
    assert set(index["split"]) == {"test"}


def test_validation_faces_are_tested_on_where_there_are_no_others(tmp_path, project):
    files = {f"{split}/{name}/1.png": grey(n + 7 * (split == "train"))
             for split in ("train", "valid") for n, name in enumerate(SEVEN)}  # fmt: skip
    added = add_mine(lay_out(tmp_path / "given", files))
    assert index_of(added).groupby("split").size().to_dict() == {"test": 7, "train": 7}
    assert any("the validation faces are it" in line for line in added.report)


def test_a_box_is_cut_out_with_a_border(tmp_path, project):
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[20:60, 40:80] = 255
    files = {"a.png": my_faces.save(Image.fromarray(picture), "PNG")}
    lists = {
        "corners": "image,label,left,top,right,bottom\na.png,happy,40,20,80,60\n",
        "sized": "image,label,x,y,w,h\na.png,happy,40,20,40,40\n",
        "xywh": "image,label,bbox\na.png,happy,40 20 40 40\n",
    }
    definition_of("box: xywh")
    for number, text in enumerate(lists.values()):
        given = lay_out(tmp_path / str(number), files | {"list.csv": text.encode()})
        added = add_mine(given, test_only=True)
        (row,) = index_of(added).to_dict("records")
        cut = get_source("my_faces").load(added.folder, row, {})
        assert cut.shape == (60, 60, 3)
        assert np.array_equal(cut, picture[10:70, 30:90])
        remove("my_faces")


def test_a_box_beside_a_picture_in_parquet_is_a_list_of_numbers(tmp_path, project):
    picture = np.arange(100 * 200, dtype=np.uint8).reshape(100, 200)
    table = {"image": pa.array([my_faces.save(Image.fromarray(picture), "PNG")]),
             "label": ["happy"], "bbox": [[40.0, 20, 40, 40]]}  # fmt: skip
    (tmp_path / "given").mkdir()
    pq.write_table(pa.table(table), tmp_path / "given/a.parquet")
    definition_of("box: xywh")
    added = add_mine(tmp_path / "given", test_only=True)
    (row,) = index_of(added).to_dict("records")
    cut = get_source("my_faces").load(added.folder, row, {})
    assert np.array_equal(cut[..., 0], picture[10:70, 30:90])


def test_a_box_in_one_column_must_be_explained(tmp_path, project):
    text = b"image,label,bbox\na.png,happy,40 20 40 40\n"
    with pytest.raises(FerBenchError, match="`box: xyxy` or `box: xywh`"):
        add_mine(lay_out(tmp_path / "given", {"a.png": grey(1), "list.csv": text}))


def test_a_listed_picture_that_is_missing_is_said_and_admitted_only_as_partial(tmp_path, project):
    given = my_faces.csv_list(tmp_path / "given")
    next((given / "faces").iterdir()).unlink()
    with pytest.raises(FerBenchError, match="1 of 28 pictures that are listed are missing"):
        add_mine(given)
    assert add_mine(given, allow_partial=True).receipt["partial"] is True


def test_pictures_that_are_not_listed_are_counted(tmp_path, project):
    given = my_faces.csv_list(tmp_path / "given")
    lay_out(given, {"faces/stranger.png": grey(3)})
    with open(given / "list.csv", "a") as stream:
        stream.write("faces/stranger.png,,train,1\n")
        stream.write((given / "list.csv").read_text().splitlines()[1] + "\n")
    added = add_mine(given)
    assert added.receipt["left_out"] == {
        "pictures": 1, "lines without an image or a label": 1, "lines that repeat another": 1,
    }  # fmt: skip
    assert "Not used: 1 pictures in given/faces/" in added.report


def test_blank_lines_of_a_list_are_no_faces_but_count_as_lines(tmp_path, project):
    given = my_faces.csv_list(tmp_path / "given")
    lines = (given / "list.csv").read_text().splitlines()
    (given / "list.csv").write_text("\n\n".join(lines) + "\n\n\n")
    added = add_mine(given)
    assert added.receipt["images"]["listed"] == 28
    assert added.receipt["left_out"] == {}
    (given / "list.csv").write_text("\n\n".join([*lines, "faces/x.png,sad"]))
    with pytest.raises(
        FerBenchError, match=r"list\.csv line 59 has 2 fields, its first line has 4"
    ):
        add_mine(given, name="others")


def test_what_has_no_label_in_json_or_parquet_is_left_out_and_counted(tmp_path, project):
    lines = [{"file_name": "a.png", "label": "happy"}, {"file_name": "b.png", "label": None},
             {"file_name": "c.png"}]  # fmt: skip
    files = {f"{name}.png": grey(n) for n, name in enumerate("abc")}
    text = "\n".join(map(json.dumps, lines)).encode()
    given = lay_out(tmp_path / "json", files | {"metadata.jsonl": text})
    added = add_mine(given, test_only=True)
    assert added.receipt["counts"]["test"] == {"happiness": 1}
    assert added.receipt["left_out"] == {"lines without an image or a label": 2, "pictures": 2}

    # -1 is how Hugging Face marks what has no label.
    features = {"label": {"names": ["sad", "happy"], "_type": "ClassLabel"}}
    said = {"huggingface": json.dumps({"info": {"features": features}})}
    kinds = pa.schema([("image", pa.binary()), ("label", pa.int64())], metadata=said)
    table = pa.table({"image": list(files.values()), "label": [-1, 0, None]}, schema=kinds)
    (tmp_path / "parquet").mkdir()
    pq.write_table(table, tmp_path / "parquet/a.parquet")
    added = add_mine(tmp_path / "parquet", name="others", test_only=True)
    assert added.receipt["counts"]["test"] == {"sadness": 1}
    assert added.receipt["left_out"] == {"rows without a label": 2}
    assert "Left out: 2 rows without a label" in added.report


def test_a_list_of_something_else_is_passed_by(tmp_path, project):
    given = my_faces.folders(tmp_path / "given")
    (given / "prices.csv").write_text("camera,label\nA,dear\n")
    added = add_mine(given)
    assert added.receipt["images"]["present"] == 28
    assert "Not used: 2 lists and texts in given/" in added.report


@pytest.mark.parametrize("what", ["emotion", "split", "person"])
def test_lines_that_contradict_each_other_are_refused(what, tmp_path, project):
    given = my_faces.csv_list(tmp_path / "given")
    row = my_faces.rows()[0]
    row[what] = {"emotion": "sad", "split": "test", "person": "8"}[what]
    (given / "list.csv").write_bytes(my_faces.as_csv([*my_faces.rows(), row]))
    with pytest.raises(FerBenchError, match=r"line 2 and .* line 30 list one picture with two"):
        add_mine(given)


def test_an_edit_of_the_labels_after_adding_is_noticed(tmp_path, project):
    added = add_mine(my_faces.folders(tmp_path / "given"))
    text = (project / SOURCE_YAML).read_text()
    (project / SOURCE_YAML).write_text(text.replace("title: My faces", "title: Ours"))
    assert get_source("my_faces").title == "Ours"
    index_of(added)
    (project / SOURCE_YAML).write_text(text.replace("fearful: fear", "fearful: sadness"))
    with pytest.raises(FerBenchError, match="was changed after the set was added"):
        index_of(added)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["protocol: folds"], "source.yaml says `protocol: folds`, but no face has a fold"),
        (["splits: given"], "source.yaml says `splits: given`, but no face has a split"),
        (["labels: {happy: ignore}"], "every class is mapped to ignore, so that no face is left"),
        (["columns: {left: a, top: b}"],
         "list.csv: a face's box needs left, top, right .* source.yaml names left, top only"),
    ],
)  # fmt: skip
def test_a_definition_that_asks_for_what_the_faces_do_not_have(lines, says, tmp_path, project):
    definition_of(*lines)
    text = b"image,label,a,b\nx.png,happy,1,2\n"
    with pytest.raises(FerBenchError, match=says):
        add_mine(lay_out(tmp_path / "given", {"x.png": grey(1), "list.csv": text}))
    assert list((project / "data/raw").iterdir()) == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([["train", ""]] * 2, r"no test faces \(only train\)"),
        ([["test", ""], ["val", ""]], r"no train faces \(only test, val\)"),
        ([["train", ""], ["test", ""], ["", ""]],
         r"2 of 3 faces have a split, the others none \(first: given/list.csv line 4\)"),
        ([["", ""], ["", "2"]],
         r"1 of 2 faces have a fold, the others none \(first: given/list.csv line 2\)"),
    ],
)  # fmt: skip
def test_splits_and_folds_are_for_all_faces_and_for_both_sides(cells, says, tmp_path, project):
    rows = [{"image": f"{n}.png", "label": "happy", "split": split, "fold": fold}
            for n, (split, fold) in enumerate(cells)]  # fmt: skip
    files = {row["image"]: grey(n) for n, row in enumerate(rows)}
    given = lay_out(tmp_path / "given", files | {"list.csv": my_faces.as_csv(rows)})
    with pytest.raises(FerBenchError, match=says):
        add_mine(given)
    assert not (project / SOURCE_YAML).exists()


def test_terms_and_link_are_those_of_the_definition(tmp_path, project):
    definition_of("licence: with written consent", "homepage: https://example.org/faces")
    added = add_mine(my_faces.folders(tmp_path / "given"))
    (row,) = (row for row in status() if row.source == "my_faces")
    assert (row.licence, row.how_to_get) == (
        "with written consent", "your own: fer-bench data add my_faces FOLDER"
    )  # fmt: skip
    source = get_source("my_faces")
    assert source.homepage == "https://example.org/faces"
    # Packs are made again for what decides about faces, and not for words.
    assert source.decides["labels"]["3_happy"] == "happiness"
    assert not {"title", "licence", "homepage"} & source.decides.keys()
    index_of(added)


def test_a_list_that_is_gone_or_was_changed_is_noticed(tmp_path, project):
    added = add_mine(my_faces.folders(tmp_path / "given"))
    listed = added.folder / "faces.csv"
    listed.write_text(listed.read_text().replace("subject", "person", 1))
    with pytest.raises(FerBenchError, match=r"faces\.csv was changed: remove the set and add it"):
        index_of(added)
    listed.unlink()
    with pytest.raises(FerBenchError, match="does not hold my_faces: `fer-bench data add my_faces"):
        index_of(added)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("labels: {happy: hapiness}", "happy: 'hapiness'; did you mean 'happiness'"),
        ("lables: {happy: happiness}", "unknown key; did you mean 'labels'"),
        ("protocol: tests", "protocol"),
        ("columns: {picture: a}", "columns"),
        ("person: '['", "no regular expression"),
        ("person: 'abc'", "one group"),
        ("labels: [1]", "labels"),
        ("title: [", "not valid YAML"),
    ],
)
def test_a_definition_that_is_wrong_is_refused_by_name(lines, says, project):
    definition_of(lines)
    with pytest.raises(FerBenchError, match=says):
        datasets()


def test_a_definition_without_a_title_is_refused_by_name(project):
    definition_of()
    (project / SOURCE_YAML).write_text("licence: ours\n")
    with pytest.raises(FerBenchError, match=r"my_faces/source\.yaml:\n  title: missing"):
        datasets()


def test_numbers_in_a_definition_are_names_of_classes(tmp_path, project):
    definition_of("labels: {0: happiness, 1: sadness}")
    given = lay_out(tmp_path / "given", {f"{s}/{n}/1.png": grey(n + 5 * (s == "train"))
                                         for s in ("train", "test") for n in (0, 1)})  # fmt: skip
    added = add_mine(given)
    assert added.receipt["counts"]["test"] == {"happiness": 1, "sadness": 1}
    assert get_dataset("my_faces").classes == ("happiness", "sadness")


@pytest.mark.parametrize("name", ["rafbd", "my_faces_masked", "a_from_b", "My", "paper"])
def test_a_name_that_cannot_be_used_or_is_a_slip(name, tmp_path, project):
    lay_out(project / "benchmarks", {"paper/table01.csv": b"1"})
    with pytest.raises(FerBenchError, match=f"unknown source '{name}'"):
        add_mine(my_faces.unsplit(tmp_path / "given"), name=name)
    assert not (project / "data/raw").exists() or not list((project / "data/raw").iterdir())


def test_nothing_that_is_a_face_is_said_with_what_was_expected(tmp_path, project):
    for files in ({"a/b.txt": b"x"}, {"a.png": grey(1)}):
        with pytest.raises(FerBenchError, match="folders that are classes"):
            add_mine(lay_out(tmp_path / str(len(str(files))), files))
    assert not (project / SOURCE_YAML).exists()


def test_a_failed_add_leaves_no_definition(tmp_path, project):
    given = my_faces.folders(tmp_path / "given")
    lay_out(given, {"train/sad/broken.png": b"\x89PNG broken"})
    with pytest.raises(FerBenchError, match="cannot be used"):
        add_mine(given)
    assert not (project / SOURCE_YAML).exists()
    assert list((project / "data/raw").iterdir()) == []


def test_the_receipt_holds_no_names_of_pictures_or_people(tmp_path, project):
    add_mine(my_faces.csv_list(tmp_path / "given"))
    text = (project / "benchmarks/my_faces/source.json").read_text()
    assert "9000" not in text
    assert "given" not in text
    assert "9000" not in (project / SOURCE_YAML).read_text()
    assert json.loads(text)["counts"]["train"]["fear"] == 3


def test_a_definition_is_written_as_it_is_read(project):
    said = definition.Definition(title="Mine", labels={"wow": "surprise", "x": None}, box="xywh")
    path = definition.path_of(project, "mine")
    definition.write(path, "mine", said)
    assert definition.read(path) == said


def test_two_folders_of_one_name_do_not_hide_each_others_pictures(tmp_path, project):
    one = lay_out(tmp_path / "a/faces", {"happy/1.png": grey(1)})
    other = lay_out(tmp_path / "b/faces", {"happy/1.png": grey(2), "sad/1.png": grey(3)})
    with pytest.raises(FerBenchError, match="found twice"):
        add_mine(one, other)
    (other / "list.csv").write_text("image,label\nhappy/1.png,happy\n")
    with pytest.raises(FerBenchError, match="found twice"):
        add_mine(one, other)
    packed = [my_faces.embedded(tmp_path / part / "packed") for part in "ab"]
    twice = r"packed/data/test-00000-of-00001/0000001\.png was found twice: give folders of differe"
    with pytest.raises(FerBenchError, match=twice):
        add_mine(*packed)


def test_several_faces_of_one_picture(tmp_path, project):
    text = b"image,label,x,y,w,h\na.png,happy,0,0,9,9\na.png,sad,9,9,9,9\n"
    added = add_mine(lay_out(tmp_path / "given", {"a.png": grey(1), "l.csv": text}), test_only=True)
    index = index_of(added)
    assert len(index) == 2
    assert index["sample_id"].is_unique
    assert index["path"].nunique() == 1
