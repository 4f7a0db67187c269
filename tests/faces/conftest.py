import numpy as np
import pytest

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
