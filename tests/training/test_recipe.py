import pytest

from fer_bench.errors import FerBenchError
from fer_bench.training.recipe import Recipe


def test_defaults_are_the_papers():
    recipe = Recipe()
    assert (recipe.epochs, recipe.batch_size) == (60, 64)
    assert (recipe.backbone_lr, recipe.heads_lr, recipe.decay) == (1e-4, 1e-2, 0.95)
    assert recipe.optimizer == "sgd"
    assert (recipe.momentum, recipe.weight_decay, recipe.sampler) == (0.9, 1e-3, "oversample")


def test_json_round_trip():
    recipe = Recipe(epochs=3, jitter=(0.1, 0.2, 0.3, 0.0))
    assert Recipe().with_(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"epoch": 3}, ["datasets.x.recipe.epoch", "'epochs'"]),
        ({"epochs": 0}, ["epochs", "0", "between 1"]),
        ({"epochs": "ten"}, ["epochs", "'ten'", "int"]),
        ({"epochs": True}, ["epochs", "True"]),
        ({"backbone_lr": "1e-3"}, ["backbone_lr", "1.0e-3"]),
        ({"sampler": "over"}, ["sampler", "oversample"]),
        ({"optimizer": "adamw"}, ["optimizer", "adamw", "adam"]),
        ({"jitter": [0.1, 0.1]}, ["jitter", "four"]),
        ({"jitter": [0.1, 0.1, 0.1, 0.9]}, ["jitter", "0.5"]),
        ({"decay": 1.5}, ["decay", "1.5"]),
    ],
)
def test_bad_overrides_name_key_value_and_remedy(overrides, words):
    with pytest.raises(FerBenchError) as caught:
        Recipe().with_(overrides, "datasets.x.recipe")
    for word in words:
        assert word in str(caught.value)
