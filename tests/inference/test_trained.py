"""A trained run on pictures: the answers that were scored, and clear words where there is none."""

from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from made_specs import made_spec
from PIL import Image
from rendered_pack import OPTIONS
from safetensors.torch import save_file

import fer_bench
from fer_bench import cli, models
from fer_bench.datasets.pack import Pack
from fer_bench.datasets.synthetic import SOURCE
from fer_bench.errors import FerBenchError
from fer_bench.faces.align import align
from fer_bench.faces.face_points import face_points
from fer_bench.files import write_json
from fer_bench.inference.annotate import PANEL, SIDE, annotate
from fer_bench.labels import SEVEN

NETWORK = {"backbone": "resnet18_slim", "size": 80, "input": "half"}
ALIGN = {"size": 80, "pixels": "mtcnn", "thresholds": [0.6, 0.7, 0.8], "min_face": 20,
         "factor": 0.709}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A folder with two runs, trained as little as possible: batch statistics have moved."""
    root = tmp_path_factory.mktemp("project")
    make_run(root, "net", "baseline1")
    make_run(root, "pointed", "oadn")
    return root


def make_run(root: Path, model_name: str, base: str, **align: str) -> None:
    run = root / f"runs/synthetic/{model_name}/0/train"
    write_json(
        run / "spec.json",
        made_spec(
            dataset="synthetic", model=model_name, base=base, align=ALIGN | align,
            options=models.configure(base, NETWORK).as_dict(),
        ),
    )  # fmt: skip
    write_json(run / "train.json", {})
    torch.manual_seed(0)
    model = models.build(base, 7, **NETWORK)
    model.train()(torch.rand(8, 3, 80, 80))
    (run / "weights").mkdir()
    save_file(model.state_dict(), run / "weights/last.safetensors")


@pytest.fixture
def inside(project, monkeypatch) -> Path:
    monkeypatch.chdir(project)
    return project


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    files = []
    for row in SOURCE.index(Path(), OPTIONS).iloc[:4].to_dict("records"):
        files.append(folder / f"{row['sample_id']}.png")
        Image.fromarray(SOURCE.load(Path(), row, OPTIONS)).save(files[-1])
    return files


def test_pictures_get_the_answers_that_the_pipeline_gives_their_faces(inside, pictures, tmp_path):
    spec = {"pack": "synthetic", "source": "synthetic", "mask_style": None, "root": "none",
            "source_options": OPTIONS, "options": ALIGN}  # fmt: skip
    align(spec, tmp_path / "pack", workers=1, work=tmp_path / "work")
    pack = Pack.open(tmp_path / "pack")
    place = [list(pack.manifest["sample_id"]).index(file.stem) for file in pictures]
    network = fer_bench.load("synthetic/net/0")
    found = network.predict(pictures)
    faces = np.stack([prediction.face for prediction in found])
    assert np.array_equal(faces, pack.faces[place])
    # The expected answers by the model itself, past everything in `inference`.
    with torch.inference_mode():
        images = torch.from_numpy(pack.faces[place]).permute(0, 3, 1, 2).float() / 255
        expected = torch.softmax(network.network(images).logits, 1).numpy()
    said = np.array([list(prediction.probabilities.values()) for prediction in found])
    np.testing.assert_allclose(said, expected, atol=1e-5)
    assert [list(SEVEN)[i] for i in expected.argmax(1)] == [p.answer for p in found]
    assert not network.network.training
    box = pack.manifest["box"].iloc[place[0]]
    assert np.allclose(found[0].box, box)


def test_a_run_whose_points_a_network_gave_asks_for_it(tmp_path, monkeypatch, pictures):
    make_run(tmp_path, "pointed", "oadn", points="face_landmark_68")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FerBenchError, match="`fer-bench weights add face_landmark_68 FILE`"):
        fer_bench.load("synthetic/pointed/0").predict(pictures[0])


def test_a_network_that_looks_at_landmarks_gets_those_of_the_picture(inside, pictures):
    network = fer_bench.load("synthetic/pointed/0")
    assert network.network.fields == ("points",)
    (found,) = network.predict(pictures[:1])
    points = face_points([found.detection.landmarks.ravel()], 80)
    with torch.inference_mode():
        image = torch.from_numpy(found.face.copy())[None].permute(0, 3, 1, 2).float() / 255
        expected = network.network(image, points=torch.from_numpy(points)).logits
        without = network.network(image, points=None).logits
    said = np.log(list(found.probabilities.values()))
    np.testing.assert_allclose(said, torch.log_softmax(expected, 1)[0], rtol=0, atol=1e-5)
    assert not np.allclose(said, torch.log_softmax(without, 1)[0], rtol=0, atol=1e-4)


def test_arrays_files_and_strings_are_the_same_picture(inside, pictures):
    network = fer_bench.load(inside / "runs/synthetic/net/0")
    array = np.asarray(Image.open(pictures[0]))
    one, two, three = network.predict([pictures[0], str(pictures[0]), array])
    assert one.probabilities == two.probabilities
    assert list(three.probabilities.values()) == pytest.approx(list(one.probabilities.values()))
    assert (one.picture, three.picture) == (pictures[0], None)
    assert network.predict([]) == []


def test_without_a_face_the_centre_is_taken_and_said(inside, tmp_path):
    flat = np.full((60, 100, 3), 90, np.uint8)
    (found,) = fer_bench.load("synthetic/net/0").predict([flat])
    assert found.detection is None
    assert found.box == (20, 0, 80, 60)
    assert (found.face == 90).all()
    annotate(found, tmp_path / "drawn.png", flat)
    assert Image.open(tmp_path / "drawn.png").width == SIDE + PANEL


def test_cut_faces_are_taken_whole(inside, pictures):
    network = fer_bench.load("synthetic/net/0")
    (found,) = network.predict(pictures[:1])
    (again,) = network.predict([found.face], cut=True)
    assert again.detection is None
    assert again.probabilities == pytest.approx(found.probabilities)


def test_the_annotated_picture_marks_the_face(inside, pictures, tmp_path):
    (found,) = fer_bench.load("synthetic/net/0").predict(pictures[:1])
    annotate(found, tmp_path / "drawn.png")
    drawn = np.asarray(Image.open(tmp_path / "drawn.png"))
    scale = SIDE / max(np.asarray(Image.open(pictures[0])).shape[:2])
    for x, y in found.detection.landmarks * scale:
        assert tuple(drawn[round(y), round(x)]) == (0x17, 0x69, 0xAA)


def test_a_missing_run_names_the_nearest(inside, tmp_path, monkeypatch):
    with pytest.raises(FerBenchError, match="no trained run synthetic/nett/0: did you mean "
                                            "'synthetic/net/0'"):  # fmt: skip
        fer_bench.load("synthetic/nett/0")
    with pytest.raises(FerBenchError, match="no weights 'best_on_val': valid names: last"):
        fer_bench.load("synthetic/net/0", selection="best_on_val")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FerBenchError, match="fer-bench sweep"):
        fer_bench.load("synthetic/net/0")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("bad.jpg", r"bad\.jpg is not an image"),
        ("none.jpg", r"none\.jpg is not there"),
        ("folder", r"folder is a folder: give the pictures in it"),
        ("https://example.org/me.jpg", "is an address: save the picture"),
        ("phone.heic", "export it as JPEG"),
        (np.zeros((8, 8, 3)), r"array of float64 .* \(height, width, 3\) uint8"),
    ],
)
def test_what_is_no_picture_is_told_in_words_of_its_owner(inside, tmp_path, given, said):
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "phone.heic").write_bytes(b"ftypheic")
    (tmp_path / "folder").mkdir()
    place = str(tmp_path / given) if isinstance(given, str) and "://" not in given else given
    with pytest.raises(FerBenchError, match=said):
        fer_bench.load("synthetic/net/0").predict(place)


def test_one_bad_picture_loses_only_itself(inside, pictures, tmp_path, capsys):
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    said = [str(pictures[0]), str(tmp_path / "bad.jpg"), str(pictures[1])]
    out = tmp_path / "drawn"
    assert cli.run(["predict", *said, "--run", "synthetic/net/0", "--out", str(out)]) == 1
    printed = capsys.readouterr()
    assert pictures[0].name in printed.out
    assert pictures[1].name in printed.out
    assert "1 of 3 pictures have no answer:\n- " in printed.err
    assert len(list(out.iterdir())) == 2


def test_pictures_are_read_one_at_a_time(inside, tmp_path):
    files = [tmp_path / f"{i}.png" for i in range(5)]
    for file in files:
        Image.new("RGB", (1000, 1000)).save(file)
    network = fer_bench.load("synthetic/net/0")
    peaks = []
    for given in (files[:1], files[:1], files):  # once before, for what stays
        tracemalloc.start()
        network.predict(given, cut=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 3 * 1000**2, "less than one picture more"


def test_an_image_of_pillow_is_a_picture(inside, pictures):
    network = fer_bench.load("synthetic/net/0")
    (one,), (other,) = network.predict(pictures[0]), network.predict(Image.open(pictures[0]))
    assert one.probabilities == other.probabilities


def test_a_copied_run_predicts_anywhere(inside, tmp_path, pictures, monkeypatch):
    before = fer_bench.load("synthetic/net/0").predict(pictures[:1])
    shutil.copytree(inside / "runs/synthetic/net/0", tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    after = fer_bench.load(tmp_path / "mine").predict(pictures[:1])
    assert after[0].probabilities == before[0].probabilities


@pytest.mark.parametrize("device", ["gpu", "mps", "cuda:7"])
def test_a_device_is_one_that_params_know(inside, device):
    with pytest.raises(FerBenchError, match="use cpu or cuda"):
        fer_bench.load("synthetic/net/0", device=device)
