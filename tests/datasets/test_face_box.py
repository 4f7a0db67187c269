import numpy as np
import pytest

from fer_bench.datasets.face_box import cut_box
from fer_bench.errors import FerBenchError

IMAGE = np.arange(100 * 200 * 3).reshape(100, 200, 3)


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ((60, 40, 80, 60), (35, 65), (55, 85)),  # a quarter of 20 on each side
        ((60, 30, 80, 70), (20, 80), (40, 100)),  # a square about the longer side
        ((-10, -10, 20, 20), (0, 28), (0, 28)),  # over a corner
        ((190, 90, 260, 160), (72, 100), (172, 200)),
        ((0, 0, 1000, 1000), (0, 100), (0, 200)),
    ],
)
def test_the_widened_square_inside_the_image(box, rows, columns):
    cut = cut_box(IMAGE, box, "x.png")
    assert np.array_equal(cut, IMAGE[slice(*rows), slice(*columns)])


@pytest.mark.parametrize(
    "box",
    [(200, 10, 220, 30), (10, 100, 30, 120), (-30, 10, 0, 30), (10, 10, 10, 30), (9, 9, 5, 5)],
)
def test_a_box_with_nothing_in_it(box):
    with pytest.raises(FerBenchError, match=r"x\.png: the box .* 200 x 100 pixels"):
        cut_box(IMAGE, box, "x.png")
