"""What somebody else's list, pictures or Parquet may not do to us."""

import io
import json
import os
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from miniatures import my_faces
from miniatures.drawing import lay_out
from PIL import Image

from fer_bench.datasets.own import embedded, tables
from fer_bench.errors import FerBenchError
from fer_bench.receiving import add

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder
    # Whatever is refused, nothing is left: no picture, no receipt, no half definition.
    raw = folder / "data/raw"
    assert not raw.exists() or list(raw.iterdir()) == []
    assert not list(folder.rglob("source.*"))


def grey(shade=9, size=(20, 24)):
    return my_faces.save(Image.new("L", size, shade), "PNG")


def refused(given, match, **options):
    with pytest.raises(FerBenchError, match=match) as caught:
        add("my_faces", [given], progress=False, **options)
    return str(caught.value)


def listed(tmp_path, path, name="list.csv"):
    text = {
        "list.csv": f"image,label\n{path},happy\n",
        "metadata.jsonl": json.dumps({"file_name": path, "label": "happy"}) + "\n",
    }[name]
    return lay_out(tmp_path / "given", {"a.png": grey(), name: text.encode()})


@pytest.mark.parametrize("name", ["list.csv", "metadata.jsonl"])
@pytest.mark.parametrize(
    "path", ["../secret.png", "/etc/passwd", "a/../../secret.png", "C:\\secret.png", "..\\s.png"]
)
def test_a_path_in_a_list_that_leaves_the_folder(path, name, tmp_path):
    (tmp_path / "secret.png").write_bytes(grey())
    refused(listed(tmp_path, path, name), r"(line 2|line 1): .* leads out of the folder")


def test_a_path_in_a_parquet_list_that_leaves_the_folder(tmp_path):
    given = lay_out(tmp_path / "given", {"a.png": grey()})
    table = pa.table({"image": ["../secret.png"], "label": ["happy"]})
    pq.write_table(table, given / "list.parquet")
    refused(given, "leads out of the folder")


def test_a_link_that_leaves_the_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(grey())
    given = lay_out(tmp_path / "given", {"sad/a.png": grey(), "happy/b.png": grey(1)})
    os.symlink(tmp_path / "secret.png", given / "happy/c.png")
    refused(given, "is a link that leads out of the folder")
    (given / "happy/c.png").unlink()
    os.symlink(given / "nowhere.png", given / "happy/c.png")
    refused(given, "is a link that leads out of the folder|broken link")
    (given / "happy/c.png").unlink()
    os.mkfifo(given / "happy/c.png")
    refused(given, "broken link, pipe or device")


def huge(width=60_000, height=60_000):
    """A small PNG that says it has 3.6 billion pixels."""
    raw = io.BytesIO()
    Image.new("L", (1, 1)).save(raw, "PNG")
    data = bytearray(raw.getvalue())
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + data[24:29]
    data[12:29] = header
    data[29:33] = zlib.crc32(header).to_bytes(4, "big")
    return bytes(data)


def test_a_huge_picture(tmp_path):
    given = lay_out(tmp_path / "given", {"sad/a.png": grey(), "happy/b.png": huge()})
    refused(given, "too large to be a photograph", test_only=True)


def test_json_nested_deeply(tmp_path):
    deep = '{"file_name": "a.png", "label": ' + "[" * 200_000 + "]" * 200_000 + "}\n"
    given = lay_out(tmp_path / "given", {"a.png": grey(), "metadata.jsonl": deep.encode()})
    refused(given, "line 1 is no JSON .is nested too deeply")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[1, 2]\n", "is no object"), (b"{'a': 1}\n", "is no JSON"), (b"\xff\xfe\x00", "UTF-8"),
        pytest.param(b'{"file_name": "a.png", "label": "sad"}\n' * 999 + b"\xff\n",
                     r"metadata\.jsonl is not UTF-8 text: save it", id="late in it no UTF-8"),
        (b'{"file_name": "a.png", "label": {"x": 1}}\n', "is not known which expression"),
    ],
)  # fmt: skip
def test_json_that_is_none(text, says, tmp_path, project):
    given = lay_out(tmp_path / "given", {"a.png": grey(), "metadata.jsonl": text})
    refused(given, says)
    for path in project.rglob("source.yaml"):  # classes to be decided are written down
        path.unlink()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"image,label\na.png,happy,1,2\n", "line|fields|CSV"), (b"\xff\xfe", "UTF-8|no faces"),
        (b"image,path,label\na.png,a.png,happy\n", "several columns that may hold the image"),
        (b"image,shade\na.png,dark\n", "no column that is known to hold the label"),
        (b"image,label,split\na.png,happy,somewhere\n", "none of train, val and test"),
        (b"image,label,fold\na.png,happy,first\n", "no whole number"),
        (b"image,label,x,y,w,h\na.png,happy,1,2,nan,4\n", "no box of a face"),
        (b"image,label,x,y,w,h\na.png,happy,1,2,1e400,4\n", "no box of a face"),
        (b"image,label,x,y,w,h\na.png,happy,1,2,0,4\n", "no box of a face"),
        (b"image,label,x,y,w,h\na.png,happy,1,2,wide,4\n", r"line 2: '1 2 wide 4' is no box"),
        pytest.param(b"image,label\n" + b"a.png,happy\n" * 2000 + b"\xff\n",
                     r"list\.csv is not UTF-8 text: save it", id="late in it no UTF-8"),
        pytest.param(b"image,label\n" + b"a" * 200_000 + b",happy\n",
                     r"list\.csv cannot be read as a CSV .field larger", id="long field"),
    ],
)  # fmt: skip
def test_a_csv_that_cannot_be_understood(text, says, tmp_path):
    refused(lay_out(tmp_path / "given", {"a.png": grey(), "list.csv": text}), says)


def test_a_name_that_may_be_any_of_several_pictures(tmp_path):
    files = {"b/1.png": grey(1), "c/1.png": grey(2), "list.csv": b"image,label\n1.png,happy\n"}
    said = refused(lay_out(tmp_path / "given", files), "line 2: '1.png' may be any of 2 pictures")
    assert "(given/b/1.png, given/c/1.png): write paths that begin where the list lies" in said


def test_a_box_outside_the_picture(tmp_path):
    text = b"image,label,x,y,w,h\na.png,happy,500,500,20,20\n"
    given = lay_out(tmp_path / "given", {"a.png": grey(), "list.csv": text})
    refused(given, "the box of its face lies outside it", test_only=True)


def test_a_list_with_more_lines_than_a_list_of_faces_has(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    text = "image,label\n" + "a.png,happy\n" * 5
    given = lay_out(tmp_path / "given", {"a.png": grey(), "list.csv": text.encode()})
    refused(given, "more than 3 rows")
    monkeypatch.setattr(tables, "MOST_BYTES", 10)
    refused(given, "too much for a list")


def parquet(tmp_path, columns, **options):
    given = tmp_path / "given"
    given.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), given / "train.parquet", **options)
    return given


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"image": pa.array([[1, 2]]), "label": ["happy"]}, "pictures that are listed|image"),
        ({"image": pa.array([{"path": "a.png"}]), "label": ["happy"]}, "holds struct"),
        ({"image": pa.array([{"bytes": None, "path": "a.png"}], IMAGE), "label": ["happy"]},
         "holds no picture"),
        ({"image": pa.array([b""]), "label": ["happy"]}, "holds no picture"),
        ({"image": pa.array([b"abc"]), "label": pa.array([{"a": 1}])}, "where text or a number"),
        ({"image": pa.array([b"abc"]), "label": pa.array([b"happy"])}, "where text or a number"),
        ({"image": pa.array([b"abc"]), "labels_of": ["happy"]}, "no column that is known"),
        ({"image": pa.array([b"abc"]), "label": ["happy"]}, "cannot be used"),
    ],
)  # fmt: skip
def test_parquet_with_another_type(columns, says, tmp_path):
    refused(parquet(tmp_path, columns), says, test_only=True)


def test_a_file_that_is_no_parquet(tmp_path):
    for content in (b"PAR1", b"PAR1" + b"\xff" * 99 + b"PAR1", b"hello"):
        given = lay_out(tmp_path / "given", {"a.parquet": content})
        refused(given, "is no Parquet file, or damaged")


@pytest.mark.parametrize("image", [b"abc", "a.png"])
def test_parquet_whose_pages_are_damaged(image, tmp_path):
    columns = {"image": [image] * 50, "label": ["happy"] * 50}
    given = parquet(tmp_path, columns, compression="none", use_dictionary=False)
    data = (given / "train.parquet").read_bytes()
    (given / "train.parquet").write_bytes(data[:4] + b"\xff" * 30 + data[34:])  # the foot is whole
    refused(given, r"given/train\.parquet is damaged \(")


def test_numbers_that_no_declared_class_has(tmp_path):
    features = {"label": {"names": ["happy"], "_type": "ClassLabel"}}
    said = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema([("image", IMAGE), ("label", pa.int64())], metadata=said)
    image = pa.array([{"bytes": grey(), "path": ""}], IMAGE)
    table = pa.table({"image": image, "label": pa.array([5])}, schema=schema)
    (tmp_path / "given").mkdir()
    pq.write_table(table, tmp_path / "given/a.parquet")
    refused(tmp_path / "given", "label 5 is none of the 1 declared")


def test_a_decompression_bomb_in_parquet(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "SMALL", 2**20)
    picture = b"\x89PNG" + bytes(2**16)
    columns = {"image": pa.array([picture] * 2000), "label": ["happy"] * 2000}
    given = parquet(tmp_path, columns, compression="zstd")
    assert (given / "train.parquet").stat().st_size < 2**18
    refused(given, "decompression bomb")


def test_a_picture_in_parquet_that_is_far_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "LARGEST_IMAGE", 2**16)
    given = parquet(tmp_path, {"image": pa.array([bytes(2**17)]), "label": ["happy"]})
    refused(given, "too large to be")
    monkeypatch.setattr(embedded, "LARGEST_IMAGE", 2**11)  # a few of them at once
    refused(given, r"given/train\.parquet holds pictures too large to be of faces")
    monkeypatch.setattr(embedded, "LARGEST_GROUP", 2**10)
    refused(given, "does not fit into memory")
