"""68 points by a network: where it looks, where its points lie, and when they are not believed.

The real weights are no part of the project; these tests make networks that say what they are told.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny_source import TinySource, spec

from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.faces import align as align_module
from fer_bench.faces import align_job, face_landmarks
from fer_bench.faces.align import align
from fer_bench.faces.align_job import AlignJob, AlignOptions
from fer_bench.faces.dense_net import SIDE, DenseNet
from fer_bench.faces.detect import Detection
from fer_bench.faces.face_frame import jaw_of_68, jaw_points
from fer_bench.faces.face_landmarks import FaceLandmarks, square
from fer_bench.faces.face_points import MeanShape, affine, face_points
from fer_bench.faces.geometry import apply, centre_square, reference
from fer_bench.faces.mask import mask
from fer_bench.faces.mean_face import MEAN_FACE, five_of
from fer_bench.faces.wear_mask import STYLES, wear_mask

BOX = (0.0, 0.0, 300.0, 300.0)


def on_crop() -> np.ndarray:
    """The mean face laid onto what the network looks at, its mouth a little open."""
    five = reference(SIDE)
    points = affine(five_of(MEAN_FACE), five, MEAN_FACE)
    points[55:60, 1] += 8  # the lower lip, of which the five know nothing
    return apply(square(five), points)


def says(file, points: np.ndarray):
    """Weights of a small network that gives `points` (68, 2), in its pixels, of every face."""
    network = DenseNet(136, (2, 2, 2, 2))
    with torch.no_grad():
        network.fc.weight.zero_()
        network.fc.bias.copy_(torch.from_numpy(((points + 0.5) / SIDE).ravel()))
    save_file(network.state_dict(), file)
    return file


def turned(degrees: float, scale: float, shift) -> np.ndarray:
    """(2, 3): turn, enlarge and shift."""
    c, s = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


def test_the_networks_size():
    assert sum(p.numel() for p in DenseNet(136).parameters()) == 356840
    assert sum(p.numel() for p in DenseNet(7).parameters()) == 323687


@pytest.mark.parametrize("move", [turned(0, 1, (0, 0)), turned(35, 2.5, (120, 40))])
def test_points_come_back_to_where_the_face_is(tmp_path, move):
    net = FaceLandmarks(says(tmp_path / "w.safetensors", on_crop()))
    five = apply(move, reference(SIDE))
    found = net.find(np.zeros((400, 500, 3), np.uint8), five)
    upright = net.find(np.zeros((400, 500, 3), np.uint8), reference(SIDE))
    np.testing.assert_allclose(found, apply(move, upright), atol=1e-3)
    np.testing.assert_allclose(five_of(found)[:3], five[:3], atol=0.05 * np.ptp(five[:, 0]))


def test_the_network_sees_the_face_upright_down_to_its_chin(tmp_path):
    net = FaceLandmarks(says(tmp_path / "w.safetensors", on_crop()))
    given = []
    net._network.register_forward_pre_hook(lambda _, x: given.append(x[0][0]))
    five = apply(turned(30, 2, (200, 60)), reference(SIDE))
    image = np.zeros((500, 500, 3), np.uint8)
    x, y = np.round(five[2]).astype(int)
    image[y - 4 : y + 5, x - 4 : x + 5, 0] = 250
    net.find(image, five)
    (pixels,) = given
    assert pixels.max() > 200, "as bytes, not shares"
    weight = pixels[0].numpy()
    rows, columns = np.mgrid[:SIDE, :SIDE]
    middle = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
    np.testing.assert_allclose(middle, apply(square(five), five)[2], atol=0.5)
    assert pixels[1:].max() == 0
    eyes = apply(square(five), five)[:2]
    assert abs(eyes[0, 1] - eyes[1, 1]) < 1
    assert jaw_points(apply(square(five), five)).chin[1] < SIDE


def test_points_that_contradict_the_five_are_not_believed(tmp_path):
    face, five = np.zeros((SIDE, SIDE, 3), np.uint8), reference(SIDE)
    eyes = np.linalg.norm(five[1] - five[0]) / face_landmarks.SCALE
    mean = MeanShape()(None, five)
    for share, believed in ((0.1, True), (0.2, False)):
        moved = on_crop()
        moved[30, 0] += share * eyes  # the tip of the nose alone
        net = FaceLandmarks(says(tmp_path / "w.safetensors", moved))
        assert (net.find(face, five) is not None) is believed
        points, visible = net(face, five)
        assert np.array_equal(points, mean[0]) is not believed
        np.testing.assert_array_equal(visible, mean[1])
    assert np.array_equal(net(None, five)[0], mean[0]), "without pixels there is nothing to see"


def test_missing_or_strange_weights_say_what_to_run(tmp_path):
    with pytest.raises(FerBenchError, match="weights add face_landmark_68 FILE"):
        FaceLandmarks(tmp_path / "none.safetensors")
    save_file({"fc.bias": torch.zeros(3)}, tmp_path / "w.safetensors")
    with pytest.raises(FerBenchError, match=r"w\.safetensors cannot be read"):
        FaceLandmarks(tmp_path / "w.safetensors")


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Aligns a tiny source; `points` of the network where that is asked for."""
    monkeypatch.setattr(align_module, "get_source", lambda name: TinySource(rows=4))
    file = tmp_path / "w.safetensors"
    monkeypatch.setattr(face_landmarks.FaceLandmarks.__init__, "__defaults__", (file,))

    def found(detector, images):
        """Where an aligned crop has landmarks; none in the last picture."""
        boxes = [centre_square(*image.shape[1::-1]) for image in images]
        on = [(reference(64) + 0.5) * (b[2] - b[0]) / 64 + b[:2] - 0.5 for b in boxes]
        return [*on[:-1], None]

    def run(said: np.ndarray | None = None, **options):
        monkeypatch.setattr(align_job, "find_landmarks", found)
        if said is not None:
            says(file, said)
        given = spec(size=64)
        given["options"] |= options
        align(given, tmp_path / "tiny", workers=1, work=tmp_path / "work")
        return Pack.open(tmp_path / "tiny")

    return run


def test_a_packs_points_can_come_from_the_network(tiny, capsys):
    plain = tiny()
    assert "points_from" not in plain.manifest
    plain_points, plain_faces = np.stack(plain.manifest["points"]), np.array(plain.faces)
    capsys.readouterr()
    pack = tiny(on_crop(), points="face_landmark_68")
    said = "tiny: landmarks found on 3 of 4 faces (75.0%); points of the network on 3 of 4 faces"
    assert said in capsys.readouterr().out
    assert list(pack.manifest["points_from"]) == ["face_landmark_68"] * 3 + ["mean_face"]
    assert list(pack.manifest["landmarks_found"]) == [True] * 3 + [False]
    points = np.stack(pack.manifest["points"]).reshape(4, 24, 3)
    expected = face_points([None] * 3, 64, list(pack.faces)[:3], FaceLandmarks())
    np.testing.assert_allclose(points[:3], expected, atol=1e-5)
    np.testing.assert_array_equal(points[3].ravel(), plain_points[3])
    np.testing.assert_array_equal(np.array(pack.faces), plain_faces)
    moved = np.abs(points.reshape(4, -1) - plain_points).reshape(4, 24, 3)[:3]
    assert moved[:, 14, 1].min() > 0.03, "the lower lip"
    assert moved[:, :8, :2].max() < 0.02, "brows and eyes"


def test_of_detected_faces_too_one_that_was_not_found_keeps_the_mean_faces_points(tmp_path):
    """Though the network, which says one thing of all faces, agrees with a mean face's five."""
    file = says(tmp_path / "w.safetensors", on_crop())
    options = AlignOptions(size=64, points="face_landmark_68")
    five = (reference(64) + 7).astype(np.float32)
    face = Detection(np.array([0.0, 0, 60, 60]), five, 0.9, 1)
    detector = SimpleNamespace(detect_all=lambda images: [face, None])
    job = AlignJob(TinySource(), tmp_path, {}, options, "cpu", detector, FaceLandmarks(file))
    made = job._some([np.zeros((90, 90, 3), np.uint8)] * 2)
    assert list(made["points_from"]) == ["face_landmark_68", "mean_face"]
    assert "landmarks_found" not in made
    black = np.zeros((1, 64, 64, 3), np.uint8)
    on_face = face_points([five.ravel()], 64, black, FaceLandmarks(file))
    np.testing.assert_allclose(made["points"][0], on_face[0], atol=1e-6)
    np.testing.assert_array_equal(made["points"][1], face_points([None], 64)[0])


def test_misread_faces_keep_the_mean_faces_points_and_are_counted(tiny):
    plain = np.stack(tiny(points="detected").manifest["points"])
    pack = tiny(on_crop() + 30, points="face_landmark_68")
    assert list(pack.manifest["points_from"]) == ["mean_face"] * 4
    np.testing.assert_array_equal(np.stack(pack.manifest["points"]), plain)


@pytest.mark.parametrize("name", ["points", "masks"])
def test_an_unknown_source_of_points_is_named(name):
    with pytest.raises(FerBenchError, match=f"align option {name} is 'dlib'"):
        AlignOptions.parse({name: "dlib"})


@pytest.mark.parametrize("style", STYLES)
def test_a_mask_reaches_from_the_bridge_to_the_chin_that_is_found(plain_face, style):
    image, landmarks = plain_face
    points = affine(five_of(MEAN_FACE), landmarks, MEAN_FACE)
    plain = wear_mask(image, landmarks, BOX, "s1", style)

    def rows(worn):
        changed = np.abs(worn.image.astype(int) - image.astype(int)).max(axis=2) > 25
        return np.flatnonzero(changed[:, 130:170].any(axis=1))

    low = points.copy()
    low[[8, 28]] += [0, 20]
    usual, lower = (
        wear_mask(image, landmarks, BOX, "s1", style, lambda *_, p=p: p) for p in (points, low)
    )
    assert (usual.status, lower.status) == ("worn", "worn")
    assert rows(lower)[0] - rows(usual)[0] == pytest.approx(20, abs=3)
    assert rows(lower)[-1] - rows(usual)[-1] == pytest.approx(20, abs=3)
    lost = wear_mask(image, landmarks, BOX, "s1", style, lambda *_: None)
    assert lost.status == "worn_mean_face"
    np.testing.assert_array_equal(lost.image, plain.image)


def test_the_papers_four_points():
    jaw = jaw_of_68(np.arange(136).reshape(68, 2))
    assert [p[0] // 2 for p in (jaw.bridge, jaw.chin, jaw.left, jaw.right)] == [28, 8, 2, 14]


def test_a_masked_pack_can_be_laid_like_dlibs(tiny, tmp_path, monkeypatch):
    tiny(on_crop())
    given = spec(size=64, pack="tiny_masked", mask_style="blue")
    given["options"] |= {"pixels": "resize", "masks": "dlib_like"}
    seen = np.array(reference(40)) - [0, 4]
    monkeypatch.setattr("fer_bench.faces.mask.find_landmarks", lambda _, some: [seen] * len(some))
    where = (tmp_path / "tiny", tmp_path / "m", 1, tmp_path / "work")
    assert mask(given, *where) == {"worn": 4}
    like_dlib = np.array(Pack.open(tmp_path / "m").faces)
    says(tmp_path / "w.safetensors", on_crop() + 30)
    assert mask(given, *where) == {"worn_mean_face": 4}
    mean = np.array(Pack.open(tmp_path / "m").faces)
    del given["options"]["masks"]
    assert mask(given, *where) == {"worn": 4}
    np.testing.assert_array_equal(np.array(Pack.open(tmp_path / "m").faces), mean)
    assert (like_dlib != mean).any()
