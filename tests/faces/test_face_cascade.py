import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

from fer_bench.faces import proposals
from fer_bench.faces.areas import DeviceAreas, HostAreas, is_grey
from fer_bench.faces.boxes import suppress_each, suppress_inner, windows
from fer_bench.faces.cascade import Cascade
from fer_bench.faces.networks import Networks, _First, _Layout
from fer_bench.faces.proposals import Candidates, SearchedImage, scales

THRESHOLDS = (0.6, 0.7, 0.8)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def cascade():
    return Cascade(THRESHOLDS, 0.709, "cpu")


@pytest.fixture(scope="module")
def pictures(drawn_faces):
    """Of several sizes, one grey, one with two faces, one cut close, one without a face."""
    first, second, third = (image for image, _ in drawn_faces)
    grey = np.repeat(third.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    two = np.full((200, 360, 3), 90, np.uint8)
    two[:160, :160], two[20:180, 190:350] = first[:160, :160], second[:160, :160]
    noise = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    return [first, second, np.ascontiguousarray(third[10:, 5:-9]), grey, two, noise, first]


def _looks(cascade, pictures):
    return [SearchedImage(cascade.areas(picture), 20) for picture in pictures]


def _assert_close(found, expected, within):
    assert [len(f) for f in found] == [len(e) for e in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.boxes, other.boxes, atol=within)
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=within)
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)


def test_faces_are_those_of_facenet_pytorch_called_image_by_image(cascade, pictures):
    reference = MTCNN(keep_all=True, thresholds=list(THRESHOLDS)).eval()
    found = cascade.find(_looks(cascade, pictures))
    assert sum(map(len, found)) >= 6
    for faces, picture in zip(found, pictures, strict=True):
        boxes, probabilities, landmarks = reference.detect(picture, landmarks=True)
        if boxes is None:
            assert len(faces) == 0
            continue
        order = np.argsort(-np.array(probabilities.tolist()), kind="stable")
        np.testing.assert_allclose(faces.boxes, np.array(boxes.tolist())[order], atol=0.005)
        np.testing.assert_allclose(faces.landmarks, np.array(landmarks.tolist())[order], atol=0.005)


def test_a_batch_gives_what_single_images_give(cascade, pictures):
    looks = _looks(cascade, pictures)
    _assert_close(cascade.find(looks), [cascade.find([look])[0] for look in looks], 0.002)


def test_strips_and_small_calls_change_nothing(cascade, pictures, monkeypatch):
    expected = cascade.find(_looks(cascade, pictures))
    monkeypatch.setattr(cascade._proposer, "_budget", 1000)
    monkeypatch.setattr("fer_bench.faces.cascade.BOXES", 3)
    _assert_close(cascade.find(_looks(cascade, pictures)), expected, 0.002)


def test_the_code_for_gpus_gives_the_same_on_a_cpu(cascade, pictures, monkeypatch):
    expected = cascade.find(_looks(cascade, pictures))
    monkeypatch.setattr(cascade, "_host", False)
    monkeypatch.setattr(cascade._proposer, "_budget", proposals.DEVICE_BATCH)
    looks = _looks(cascade, pictures)
    assert isinstance(looks[0].areas, DeviceAreas)
    _assert_close(cascade.find(looks), expected, 0.002)


def test_a_border_is_as_good_as_black_pixels(cascade, pictures):
    image = pictures[0]
    (seen,) = cascade.find([SearchedImage(cascade.areas(image), 20, border=40)])
    padded = np.pad(image, ((40, 40), (40, 40), (0, 0)))
    (expected,) = cascade.find([SearchedImage(cascade.areas(padded), 20)])
    assert len(seen) == 1
    _assert_close([seen], [expected.shifted(-40)], 0.002)


def test_nothing_to_look_at_and_nothing_found(cascade):
    assert cascade.find([]) == []
    grey = SearchedImage(cascade.areas(np.full((60, 60, 3), 128, np.uint8)), 20)
    tiny = SearchedImage(cascade.areas(np.zeros((1, 5, 3), np.uint8)), 20)
    assert [len(f) for f in cascade.find([grey, tiny])] == [0, 0]


def test_candidates_wholly_outside_the_image_are_left_out(cascade, pictures):
    """facenet-pytorch fails on them: it counts their scores but not their crops."""
    looks = _looks(cascade, pictures[:1])
    own = cascade.propose(looks)
    outside = np.array([[-90, -90, -20, -20], [500, 20, 560, 80]], np.float32)
    both = Candidates(
        np.zeros(len(own) + 2, np.int64),
        np.concatenate([outside, own.boxes]),
        np.append(np.ones(2, np.float32), own.scores),
        np.concatenate([outside * 0, own.offsets]),
    )
    _assert_close(cascade.confirm(looks, both), cascade.confirm(looks, own), 0.002)


@pytest.mark.parametrize("areas", [HostAreas, lambda image: DeviceAreas(image, "cpu")])
@pytest.mark.parametrize("channels", [1, 3])
def test_areas_are_area_pooling_to_the_last_bit(areas, channels):
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (70, 91, channels), dtype=np.uint8).repeat(4 - channels, axis=2)
    image = image[:, :, :3]
    table = areas(image)
    assert table.channels == channels
    for border in (0, 13):
        padded = np.pad(image, ((border, border), (border, border), (0, 0)))
        pixels = torch.from_numpy(padded).permute(2, 0, 1)[None, :channels].float()
        for size in ((43, 56), (12, 15), (96, 117)):
            expected = _normal(torch.nn.functional.interpolate(pixels, size=size, mode="area"))
            level = np.asarray(table.level(*size, border=border))
            np.testing.assert_array_equal(level, expected[0].numpy())
        where = np.array([[3, 5, 40, 60], [0, 0, 91, 70], [17, 20, 18, 22]])
        crops = np.asarray(table.crops(where, 24, border=border))
        for crop, (x0, y0, x1, y1) in zip(crops, where, strict=True):
            part = pixels[:, :, y0:y1, x0:x1]
            expected = torch.nn.functional.interpolate(part, size=(24, 24), mode="area")
            np.testing.assert_array_equal(crop, _normal(expected)[0].numpy())


def _normal(pixels):
    return (pixels - 127.5) * 0.0078125


def test_sums_that_wrap_around_are_still_exact():
    image = np.full((3000, 3000, 3), 255, np.uint8)  # the sum of all is above 2^31
    image[-12:, -12:] = 7
    corner = HostAreas(image).crops(np.array([[2988, 2988, 3000, 3000]]), 12)
    np.testing.assert_array_equal(corner, np.full((1, 1, 12, 12), (7 - 127.5) / 128, np.float32))


def test_grey_is_every_pixel_grey():
    image = np.arange(72, dtype=np.uint8).reshape(9, 8, 1).repeat(3, axis=2)
    assert is_grey(image)
    for channel in range(3):
        one_off = image.copy()
        one_off[8, 7, channel] += 1
        assert not is_grey(one_off)


@pytest.mark.parametrize("blocked", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(12, 12), (13, 14), (40, 31)])
def test_the_first_network_rearranged_is_the_first_network(blocked, channels, size):
    pixels = torch.randn(2, channels, *size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        offsets, faces = PNet().eval()(pixels.expand(-1, 3, -1, -1))
        ours = _First(PNet().eval(), _Layout(blocked))(pixels)
    torch.testing.assert_close(ours[0], offsets, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours[1], faces[:, 1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_other_networks_are_themselves(channels):
    networks = Networks(torch.device("cpu"))
    small, large = torch.randn(5, channels, 24, 24), torch.randn(5, channels, 48, 48)
    with torch.inference_mode():
        offsets, faces = RNet().eval()(small.expand(-1, 3, -1, -1))
        for one, other in zip(networks.second(small), (offsets, faces[:, 1]), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
        offsets, points, faces = ONet().eval()(large.expand(-1, 3, -1, -1))
        for one, other in zip(networks.third(large), (offsets, faces[:, 1], points), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_the_pyramid_reaches_from_the_smallest_face_to_the_whole_image():
    found = scales(100, 160, 20, 0.5)
    assert found == [0.6, 0.3, 0.15]
    assert scales(100, 160, 101, 0.5) == []


def test_inner_suppression_by_hand():
    boxes = np.array([[0, 0, 9, 9], [2, 2, 5, 5], [8, 8, 17, 17], [0, 0, 9, 9]], np.float32)
    scores = np.array([0.9, 0.95, 0.8, 0.9], np.float32)
    # the best is the inner one; both outer ones contain it wholly; the third only touches
    assert suppress_inner(boxes, scores, 0.7).tolist() == [1, 2]
    assert suppress_inner(boxes[[0, 3]], scores[[0, 3]], 0.7).tolist() == [1]  # equal: the last


def test_of_many_equal_scores_the_order_is_always_the_same():
    corners = np.arange(60, dtype=np.float32)[:, None] * 20  # far apart; short arrays sort stably
    boxes = np.hstack([corners, corners, corners + 9, corners + 9])
    scores = np.where(np.arange(60) % 3 == 0, 0.9, 0.8).astype(np.float32)
    best = [i for i in range(59, -1, -1) if i % 3 == 0]
    rest = [i for i in range(59, -1, -1) if i % 3]
    assert suppress_inner(boxes, scores, 0.7).tolist() == [*best, *rest]


def test_boxes_of_different_images_do_not_suppress_each_other():
    boxes = np.array([[0, 0, 9, 9], [0, 0, 9, 8], [0, 0, 9, 9]], np.float32)
    scores = np.array([0.7, 0.9, 0.8], np.float32)
    kept = suppress_each(np.array([0, 0, 2]), boxes, scores, 0.7)
    assert kept.tolist() == [1, 2]
    assert suppress_each(np.zeros(0, np.int64), boxes[:0], scores[:0], 0.7).tolist() == []


def test_windows_count_from_one_and_end_in_the_image():
    boxes = np.array([[1, 1, 5, 6], [-3.7, 2.9, 4.2, 90], [11, 1, 20, 5], [-9, -9, 0, 0]])
    found, some = windows(boxes.astype(np.float32), np.array([[10, 8]] * 4))
    assert found.tolist() == [[0, 0, 5, 6], [0, 1, 4, 8]]
    assert some.tolist() == [True, True, False, False]
