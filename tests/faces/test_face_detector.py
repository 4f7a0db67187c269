import numpy as np
import pytest

from fer_bench.errors import FerBenchError
from fer_bench.faces import detect
from fer_bench.faces.cascade import Detections
from fer_bench.faces.detect import Detector, as_rgb, most_central, overlap
from fer_bench.faces.proposals import SearchedImage


def _error(found, truth):
    """Largest landmark error in inter-ocular distances."""
    return np.linalg.norm(found - truth, axis=1).max() / np.hypot(*(truth[1] - truth[0]))


def test_a_face_is_found_where_it_is(detector, drawn_faces):
    for image, truth in drawn_faces:
        found = detector.detect(image)
        assert found.faces_found == 1
        assert 0.8 < found.probability <= 1
        assert found.landmarks.shape == (5, 2)
        assert _error(found.landmarks, truth) < 0.25
        x0, y0, x1, y1 = found.box
        assert x0 < truth[:, 0].min() < truth[:, 0].max() < x1
        assert y0 < truth[:, 1].min() < truth[:, 1].max() < y1


def test_coordinates_are_rounded_so_that_the_record_is_what_was_used(detector, drawn_faces):
    found = detector.detect(drawn_faces[0][0])
    np.testing.assert_array_equal(found.landmarks, np.round(found.landmarks, 2))
    assert all(v == round(v, 2) for v in found.box)


def test_no_face_gives_none(detector):
    assert detector.detect(np.full((120, 120, 3), 128, np.uint8)) is None


@pytest.mark.parametrize("shape", [(12, 200, 3), (200, 19, 3), (1, 1, 3)])
def test_sides_shorter_than_the_smallest_face_give_none(detector, shape):
    assert detector.detect(np.zeros(shape, np.uint8)) is None


def test_a_larger_smallest_face_moves_that_limit():
    assert Detector(min_face=60).detect(np.zeros((50, 300, 3), np.uint8)) is None


def test_grey_and_rgba_arrays_are_taken(detector, drawn_faces):
    image, truth = drawn_faces[0]
    grey = image.mean(axis=2).astype(np.uint8)
    rgba = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    assert _error(detector.detect(grey).landmarks, truth) < 0.25
    plain, with_alpha = detector.detect(image), detector.detect(rgba)
    np.testing.assert_array_equal(with_alpha.landmarks, plain.landmarks)
    assert with_alpha.box == plain.box


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 1), (5, 6, 2), (5, 6, 3), (5, 6, 4)])
def test_as_rgb_gives_three_contiguous_channels(shape):
    image = as_rgb(np.arange(np.prod(shape), dtype=np.uint8).reshape(shape))
    assert image.shape == (5, 6, 3)
    assert image.flags.c_contiguous


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((5, 5, 3)),
        np.zeros((5, 5, 3), np.int16),
        np.zeros((5, 5, 5), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
    ],
)
def test_as_rgb_refuses_what_is_no_8_bit_image(image):
    with pytest.raises(FerBenchError, match="image must"):
        as_rgb(image)


def test_as_rgb_takes_16_bit_and_binary_images():
    deep = np.array([[0, 255, 256, 65535]], np.uint16)
    np.testing.assert_array_equal(as_rgb(deep)[0, :, 0], [0, 0, 1, 255])
    np.testing.assert_array_equal(as_rgb(deep > 300)[0, :, 2], [0, 0, 0, 255])


def test_images_of_mixed_sizes_one_after_the_other(detector, drawn_faces):
    image, truth = drawn_faces[0]
    alone = detector.detect(image)
    detector.detect(np.pad(image, ((30, 0), (0, 70), (0, 0))))
    detector.detect(image[40:90, 30:100])
    again = detector.detect(image)
    np.testing.assert_array_equal(again.landmarks, alone.landmarks)
    assert _error(again.landmarks, truth) < 0.25


def test_of_several_faces_the_largest_is_taken_and_all_are_counted(detector, drawn_faces):
    (large, truth), (other, _), _ = drawn_faces
    canvas = np.full((240, 420, 3), 90, np.uint8)
    canvas[40 : 40 + len(large), 150 : 150 + len(large)] = large
    small = other[::2, ::2]
    canvas[20 : 20 + len(small), 20 : 20 + len(small)] = small
    found = detector.detect(canvas)
    assert found.faces_found == 2
    assert _error(found.landmarks, truth + [150, 40]) < 0.25


def test_of_equal_boxes_the_central_one_is_taken():
    boxes = np.array([[0, 0, 40, 40], [130, 130, 170, 170], [260, 260, 300, 300]], float)
    assert most_central(boxes, 300, 300) == 1
    boxes[2] = [100, 100, 300, 300]  # 25 times as large, only a little off the centre
    assert most_central(boxes, 300, 300) == 2


def test_overlap_of_boxes():
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]], float)
    np.testing.assert_allclose(overlap(boxes, np.array([0.0, 0, 2, 2])), [1, 1 / 3, 0])


def _tight(image, truth, below, beside):
    """The picture cut close around the face, in inter-ocular distances; and the truth there."""
    eyes = truth[1, 0] - truth[0, 0]
    top, left = int(truth[0, 1] - 0.6 * eyes), int(truth[:, 0].min() - beside * eyes)
    bottom, right = int(truth[3:, 1].max() + below * eyes), int(truth[:, 0].max() + beside * eyes)
    return image[top:bottom, left:right], truth - [left, top]


def test_faces_at_the_border_are_found_and_measured_right(detector, drawn_faces):
    """facenet-pytorch clips such a box and then scales the landmarks by the full one."""
    crops = [
        _tight(*face, below, beside)
        for face in drawn_faces
        for below, beside in ((0.2, 0.4), (0.35, 0.6), (0.35, 0.3), (0.5, 0.5))
    ]
    cascade = detector._cascade
    plain, ours = [], []
    for tight, truth in crops:
        (first,) = cascade.find([SearchedImage(cascade.areas(tight), detector.min_face)])
        found = detector.detect(tight)
        plain.append(_error(first.landmarks[0], truth) if len(first) else np.nan)
        ours.append(_error(found.landmarks, truth) if found else np.nan)
    plain, ours = np.array(plain), np.array(ours)
    assert np.isfinite(ours).sum() > np.isfinite(plain).sum()  # some need the margin to be seen
    both = np.isfinite(plain) & np.isfinite(ours)
    assert both.any()
    assert ours[both].mean() < 0.7 * plain[both].mean()
    assert np.nanmedian(ours) < 0.25


def test_a_face_that_is_lost_with_a_border_stays_as_it_was(detector, drawn_faces, monkeypatch):
    tight, _ = _tight(*drawn_faces[0], 0.5, 0.5)
    cascade = detector._cascade
    (plain,) = cascade.find([SearchedImage(cascade.areas(tight), detector.min_face)])
    confirm = cascade.confirm

    def without_borders(looks, candidates):
        faces = confirm(looks, candidates)
        pairs = zip(faces, looks, strict=True)
        return [Detections.none() if look.border else found for found, look in pairs]

    monkeypatch.setattr(cascade, "confirm", without_borders)
    found = detector.detect(tight)
    np.testing.assert_allclose(found.landmarks, plain.landmarks[0], atol=0.01)


def test_faces_that_only_a_border_shows_are_found(detector, drawn_faces):
    cascade = detector._cascade
    hidden = []
    for image, truth in drawn_faces:
        for below in (0.1, 0.2, 0.3):
            tight, there = _tight(image, truth, below, 0.35)
            (plain,) = cascade.find([SearchedImage(cascade.areas(tight), detector.min_face)])
            found = detector.detect(tight)
            if not len(plain) and found:
                hidden.append(_error(found.landmarks, there))
    assert hidden
    assert np.median(hidden) < 0.3


def test_an_image_beyond_the_limit_is_searched_smaller(detector, drawn_faces, monkeypatch):
    image, _ = drawn_faces[0]
    large = image.repeat(2, axis=0).repeat(2, axis=1)
    monkeypatch.setattr(detect, "MOST_PIXELS", image.shape[0] * image.shape[1])
    found, small = detector.detect(large), detector.detect(image)
    np.testing.assert_allclose(found.landmarks, small.landmarks * 2 + 0.5, atol=0.02)
    np.testing.assert_allclose(found.box, np.array(small.box) * 2, atol=0.02)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"thresholds": (0.6, 0.7)}, "thresholds"),
        ({"thresholds": (0.6, 0.7, 1.5)}, "thresholds"),
        ({"min_face": 3}, "min_face"),
        ({"factor": 1.0}, "factor"),
    ],
)
def test_impossible_options_are_named(options, named):
    with pytest.raises(FerBenchError, match=named):
        Detector(**options)
