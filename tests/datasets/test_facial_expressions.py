"""The facial_expressions source on a drawn miniature of its published layout."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_bench.datasets import get_dataset, get_pack, get_source
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN, Expression

SOURCE = get_source("facial_expressions")
ROWS = [
    ("Ann_Lee_0001.jpg", "neutral"),
    ("Ann_Lee_0002.jpg", "HAPPINESS"),
    ("ann-lee-3.jpg", "Surprise"),
    ("BobRoy_17.jpg", "sadness"),
    ("BobRoy_18.jpg", "FEAR"),
    ("people_1234567k.jpg", "contempt"),
]


def draw(path: Path, shade: int = 120, mode: str = "L", **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (6, 4), shade if mode == "L" else (shade,) * len(mode)).save(path, **options)


def miniature(root: Path, rows=ROWS, drawn=None) -> Path:
    legend = root / "data" / "legend.csv"
    legend.parent.mkdir(parents=True)
    lines = ["user.id,image,emotion", *(f"7,{name},{emotion}" for name, emotion in rows)]
    legend.write_bytes("\r\n".join(lines).encode() + b"\r\n")
    for i, name in enumerate(drawn if drawn is not None else sorted({n for n, _ in rows})):
        draw(root / "images" / name, 20 * i)
    return root


def test_index_lists_every_labelled_face(tmp_path):
    frame = SOURCE.index(miniature(tmp_path), {})
    assert len(frame) == len(ROWS)
    by_path = frame.set_index("path")["label"]
    for name, emotion in ROWS:
        assert by_path[f"images/{name}"] == Expression[emotion.lower()]
    assert frame["sample_id"].is_monotonic_increasing
    assert frame["sample_id"].str.fullmatch("fe_[0-9a-f]{12}").all()
    assert frame["subject"].str.fullmatch("fe_[0-9a-f]{12}").all()


def test_a_person_is_one_subject_in_one_split(tmp_path):
    frame = SOURCE.index(miniature(tmp_path), {})
    assert frame["subject"].nunique() == 3
    assert (frame.groupby("subject")["split"].nunique() == 1).all()
    ann = frame[frame["path"].str.contains("nn.lee", case=False)]
    assert ann["subject"].nunique() == 1


def test_ids_do_not_depend_on_what_else_is_there(tmp_path):
    whole = SOURCE.index(miniature(tmp_path / "a"), {}).set_index("path")
    part = SOURCE.index(miniature(tmp_path / "b", drawn=[ROWS[3][0], ROWS[0][0]]), {})
    part = part.set_index("path")
    assert len(part) == 2
    assert part.equals(whole.loc[part.index])


def test_labels_given_twice(tmp_path):
    rows = [*ROWS, ("Ann_Lee_0001.jpg", "Neutral"), ("BobRoy_17.jpg", "anger")]
    root = miniature(tmp_path, rows)
    draw(root / "images" / "stranger_1.jpg")
    frame = SOURCE.index(root, {})
    assert len(frame) == len(ROWS) - 1
    assert "images/BobRoy_17.jpg" not in set(frame["path"])
    inventory = SOURCE.inventory(root)
    assert (inventory.listed, inventory.present) == (5, 5)
    assert inventory.notes == (
        "1 image listed more than once with the same label: taken once",
        "1 image listed with different labels: left out",
        "1 image without a label: left out",
    )


def test_an_empty_label_is_no_label_and_missing_images_are_counted(tmp_path):
    rows = [*ROWS, ("Cleo_1.jpg", "")]
    inventory = SOURCE.inventory(miniature(tmp_path, rows, drawn=["Cleo_1.jpg", ROWS[0][0]]))
    assert (inventory.listed, inventory.present) == (len(ROWS), 1)
    assert inventory.notes == ("1 image without a label: left out",)


@pytest.mark.parametrize(
    ("legend", "message"),
    [
        ("user.id,image,emotion\n7,a_1.jpg,hapiness\n", "line 2: unknown emotion 'hapiness'; did"),
        ("user.id,image,emotion\n7,a_1.jpg,9\n", "line 2: unknown emotion '9'; valid names"),
        ("user.id,image,emotion\n7,../a_1.jpg,fear\n", "line 2: '../a_1.jpg' is not the name"),
        ("user.id,image,emotion\n7,a_1.jpg,fear\n7,a_", "line 3: 2 fields instead of 3"),
        ("image,emotion\na_1.jpg,fear\n", "wrong columns"),
        ("", "an empty file"),
        ('user.id,image,emotion\n7,"a_1.jpg,' + "x" * 200_000, "line 2: "),
    ],
)
def test_a_legend_that_cannot_be_understood(tmp_path, legend, message):
    root = miniature(tmp_path, drawn=["a_1.jpg"])
    (root / "data" / "legend.csv").write_text(legend)
    with pytest.raises(FerBenchError) as caught:
        SOURCE.index(root, {})
    assert message in str(caught.value)


def test_blank_lines_of_the_legend_list_nothing_but_count_as_lines(tmp_path):
    root = miniature(tmp_path)
    legend = root / "data" / "legend.csv"
    legend.write_bytes(legend.read_bytes().replace(b"\r\n", b"\r\n\r\n"))
    assert len(SOURCE.index(root, {})) == SOURCE.inventory(root).listed == len(ROWS)
    legend.write_bytes(legend.read_bytes() + b"7,a_1.jpg,hapiness\r\n")
    with pytest.raises(FerBenchError, match=r"legend\.csv line 15: unknown emotion 'hapiness'"):
        SOURCE.index(root, {})


def test_a_legend_that_is_not_text(tmp_path):
    root = miniature(tmp_path)
    (root / "data" / "legend.csv").write_bytes(b"\xff\xfe\x00u")
    with pytest.raises(FerBenchError, match="not UTF-8"):
        SOURCE.inventory(root)


def test_not_added_and_nothing_present(tmp_path):
    with pytest.raises(FerBenchError, match="fer-bench data add facial_expressions"):
        SOURCE.index(tmp_path / "nowhere", {})
    root = miniature(tmp_path, drawn=["stranger_1.jpg"])
    with pytest.raises(FerBenchError, match="none of the images"):
        SOURCE.index(root, {})


@pytest.mark.parametrize(("mode", "suffix"), [("L", "jpg"), ("RGB", "jpg"), ("RGBA", "png")])
def test_load_gives_rgb(tmp_path, mode, suffix):
    draw(tmp_path / f"images/x.{suffix}", 120, mode)
    pixels = SOURCE.load(tmp_path, {"path": f"images/x.{suffix}"}, {})
    assert (pixels.shape, pixels.dtype) == ((4, 6, 3), np.uint8)
    assert np.abs(pixels.astype(int) - 120).max() <= 2


def test_load_turns_a_rotated_photograph_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera on its side
    draw(tmp_path / "images/x.jpg", exif=exif)
    assert SOURCE.load(tmp_path, {"path": "images/x.jpg"}, {}).shape == (6, 4, 3)


def test_load_survives_damaged_exif(tmp_path):
    draw(tmp_path / "images/x.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert SOURCE.load(tmp_path, {"path": "images/x.jpg"}, {}).shape == (4, 6, 3)


def spoil_truncate(path):
    path.write_bytes(path.read_bytes()[:-40])


def spoil_empty(path):
    path.write_bytes(b"")


def spoil_text(path):
    path.write_text("<html>not found</html>")


def spoil_pointer(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_truncate, "damaged or truncated"),
        (spoil_empty, "0 bytes"),
        (spoil_text, "not an image"),
        (spoil_pointer, "git lfs pull"),
        (Path.unlink, "missing"),
    ],
)
def test_load_says_what_is_wrong_with_a_file(tmp_path, spoil, message):
    path = tmp_path / "images" / "x.jpg"
    path.parent.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    spoil(path)
    with pytest.raises(FerBenchError, match=message):
        SOURCE.load(tmp_path, {"path": "images/x.jpg"}, {})


def test_load_refuses_an_image_of_unreasonable_size(tmp_path, monkeypatch):
    draw(tmp_path / "images/x.jpg")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(FerBenchError, match="too large"):
        SOURCE.load(tmp_path, {"path": "images/x.jpg"}, {})


def test_packs_and_datasets():
    styles = {"facial_expressions": None, "facial_expressions_masked": "blue",
              "facial_expressions_masked_mixed": "mixed"}  # fmt: skip
    for name, style in styles.items():
        assert get_pack(name).mask_style == style
        assert get_pack(name).source == "facial_expressions"
        assert get_dataset(name).packs == (name,)
        assert get_dataset(name).classes == SEVEN


def collected(*roots):
    return {str(k): v.read_bytes() for k, v in SOURCE.collect(Tree(roots)).items()}


def test_collect_takes_the_set_and_leaves_the_rest(tmp_path):
    root = miniature(tmp_path / "mine" / "deeper")
    (root / "LICENSE").write_text("Apache")
    (root / "README.md").write_text("hello")
    (tmp_path / "mine" / "LICENSE").write_text("of something else")
    found = collected(tmp_path / "mine")
    assert found.keys() == {"LICENSE", "data/legend.csv", *(f"images/{name}" for name, _ in ROWS)}
    assert found["LICENSE"] == b"Apache"
    (tmp_path / "elsewhere").mkdir()
    (root / "images").rename(tmp_path / "elsewhere" / "Images")
    assert collected(root, tmp_path / "elsewhere") == found


def test_collect_says_what_is_not_the_set(tmp_path):
    root = miniature(tmp_path / "mine")
    with pytest.raises(FerBenchError, match=r"found:    no data/legend\.csv, 6 images"):
        SOURCE.collect(Tree([root / "images"]))
    with pytest.raises(FerBenchError, match=r"found:    1 data/legend\.csv, no images"):
        SOURCE.collect(Tree([root / "data"]))
    other = miniature(tmp_path / "other")
    with pytest.raises(FerBenchError, match=r"found:    2 data/legend\.csv, 12 images"):
        SOURCE.collect(Tree([root, other]))
    (other / "data" / "legend.csv").unlink()
    with pytest.raises(FerBenchError, match="was found twice"):
        SOURCE.collect(Tree([root, other]))


def test_the_published_size():
    assert SOURCE.published == 13_681
