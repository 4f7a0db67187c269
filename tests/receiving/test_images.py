"""Decoding on several cores finds what decoding on one does."""

import numpy as np
import pandas as pd
from PIL import Image

from fer_bench.datasets.facial_expressions import SOURCE
from fer_bench.receiving import images
from fer_bench.receiving.images import check_images


def test_processes_find_the_same_in_the_same_order(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "CHUNK", 16)
    for number in range(150):
        path = tmp_path / f"{number:03}.png"
        if number % 40 == 7:
            path.write_bytes(b"no image")
        else:
            Image.fromarray(np.full((9, 9), number, np.uint8)).save(path)
    index = pd.DataFrame({"path": [f"{number:03}.png" for number in range(151)]})
    alone = check_images(SOURCE, tmp_path, index, progress=False, workers=1)
    assert [image.path for image in alone] == [
        "007.png", "047.png", "087.png", "127.png", "150.png",
    ]  # fmt: skip
    assert all(str(tmp_path) not in image.why for image in alone)
    assert check_images(SOURCE, tmp_path, index, progress=False, workers=2) == alone
