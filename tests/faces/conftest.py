import numpy as np
import pytest
from PIL import Image
from tiny_source import TinySource, spec

from fer_bench.faces import align as align_module
from fer_bench.faces import geometry


@pytest.fixture(scope="session")
def drawn_faces():
    """Rendered pictures with their truth: three easy faces, frontal, mild, with nothing on."""
    from fer_bench.datasets.synthetic import SOURCE
    from fer_bench.labels import Expression

    options = {"identities_train": 8, "identities_test": 1, "images_per_identity": 14}
    index = SOURCE.index(None, options)
    plain = index[
        (index["yaw"].abs() < 12)
        & (index["occluder"] == "none")
        & ~index["glasses"]
        & (index["label"] <= Expression.happiness)
    ]
    rows = plain.drop_duplicates("subject").head(3).to_dict("records")
    assert len(rows) == 3
    return [
        (SOURCE.load(None, r, options), np.array(r["true_landmarks"]).reshape(5, 2)) for r in rows
    ]


@pytest.fixture(scope="session")
def detector():
    import torch

    from fer_bench.faces.detect import Detector

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Detector()
    torch.set_num_threads(threads)


@pytest.fixture
def plain_face():
    """A grey 300 x 300 picture and the landmarks of an upright frontal face in its middle."""
    landmarks = (geometry.REFERENCE_112 - 56) * 1.9 + np.array([150, 130])
    rng = np.random.default_rng(0)
    image = rng.integers(120, 150, (300, 300, 1), dtype=np.uint8).repeat(3, axis=2)
    image[..., 0] += 20  # some colour, or masks are drawn in grey
    return image, landmarks


class Crops(TinySource):
    """Tight 48 x 48 crops that their owner aligned, and one picture without a face."""

    pixels = ("official", "mtcnn")

    def __init__(self, drawn):
        super().__init__(rows=4)
        self.drawn = drawn

    def load(self, root, row, options):
        number = int(row["sample_id"][1:])
        if number == 3:
            return np.full((48, 48, 3), 140, np.uint8)
        image, truth = self.drawn[number]
        box = tuple(int(v) for v in self.box(truth))
        return np.asarray(Image.fromarray(image).crop(box).resize((48, 48)))

    @staticmethod
    def box(truth):
        """What is cut out around landmarks (5, 2), before it is on whole pixels."""
        middle, reach = truth.mean(axis=0), 1.1 * (truth[1, 0] - truth[0, 0])
        return (*(middle - reach), *(middle + reach))

    def places(self, number, size):
        """The landmarks (5, 2) of a face in its crop of `size` pixels."""
        truth = self.drawn[number][1]
        x0, y0, x1, y1 = np.trunc(self.box(truth))
        return (truth + 0.5 - [x0, y0]) * size / [x1 - x0, y1 - y0] - 0.5


@pytest.fixture
def crops(monkeypatch, drawn_faces):
    """The source `tiny` holds such crops."""
    source = Crops(drawn_faces)
    monkeypatch.setattr(align_module, "get_source", lambda name: source)
    return source


@pytest.fixture
def official(crops, tmp_path):
    """They and their pack, of 96 px."""
    given = spec("official", size=96)
    align_module.align(given, tmp_path / "tiny", workers=1, work=tmp_path / "work")
    return crops, tmp_path / "tiny"
