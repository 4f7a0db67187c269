"""Random erasing: what is erased, how often, and that a device or a neighbour changes nothing."""

import pytest
import torch

from fer_bench.models.erasing import RATIO, erase


def erased_boxes(images: torch.Tensor) -> list[tuple[int, int, int, int]]:
    boxes = []
    for image in images:
        assert (image == image[:1]).all(), "a channel has a rectangle of its own"
        rows, columns = torch.where(image[0] == 0)
        if len(rows):
            top, bottom = int(rows.min()), int(rows.max()) + 1
            left, right = int(columns.min()), int(columns.max()) + 1
            assert (bottom - top) * (right - left) == len(rows), "no rectangle"
            boxes.append((top, bottom, left, right))
    return boxes


def test_rectangles_have_the_area_and_the_shape_that_was_asked_for():
    torch.manual_seed(0)
    boxes = erased_boxes(erase(torch.ones(2000, 2, 100, 100), 1.0, (0.02, 0.25)))
    assert len(boxes) == 2000
    height = torch.tensor([b - t for t, b, _, _ in boxes]).double()
    width = torch.tensor([r - le for _, _, le, r in boxes]).double()
    share = height * width / 100**2
    assert 0.015 < share.min() < 0.03
    assert 0.23 < share.max() < 0.27
    assert share.mean() == pytest.approx(0.135, abs=0.006)
    whole = (height < 100) & (width < 100)
    ratio = (height / width)[whole]
    assert ratio.log().mean() == pytest.approx(0.0, abs=0.05)
    assert ratio.min() > RATIO[0] * 0.9
    assert ratio.max() < RATIO[1] * 1.1
    # Every place is reached: the first and the last row and column too.
    assert min(t for t, *_ in boxes) == min(b[2] for b in boxes) == 0
    assert max(b[1] for b in boxes) == max(b[3] for b in boxes) == 100


def test_probability_and_stream():
    torch.manual_seed(1)
    images = torch.ones(2000, 1, 20, 20)
    some = erase(images, 0.3, (0.1, 0.2))
    touched = (some == 0).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(0.3, abs=0.04)
    assert torch.equal(erase(images, 0.0, (0.1, 0.2)), images)
    torch.manual_seed(1)
    assert torch.equal(erase(images, 0.3, (0.1, 0.2)), some)
