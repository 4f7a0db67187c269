from collections.abc import Iterator

import pytest
import torch
from networks import small_options

from fer_bench import models


@pytest.fixture(autouse=True)
def deterministic() -> Iterator[None]:
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(0)
    yield
    torch.use_deterministic_algorithms(before)


@pytest.fixture
def small():
    """Builds a model as the small runs use it: quarter width, 80 px."""

    def build(name: str, num_classes: int = 7, seed: int = 0, **options) -> models.FERModel:
        torch.manual_seed(seed)
        options = {**small_options(name), "size": 80, **options}
        return models.build(name, num_classes, **options)

    return build
