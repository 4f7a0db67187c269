"""The recipe of a cell: the paper's by default, strict about what goes together."""

import pytest

from fer_bench import params
from fer_bench.errors import FerBenchError
from fer_bench.training.recipe import Recipe, whole


def test_defaults_are_the_papers():
    recipe = Recipe()
    assert (recipe.epochs, recipe.batch_size) == (60, 64)
    assert (recipe.backbone_lr, recipe.heads_lr, recipe.decay) == (1e-4, 1e-2, 0.95)
    assert recipe.optimizer == "sgd"
    assert (recipe.momentum, recipe.weight_decay, recipe.sampler) == (0.9, 1e-3, "oversample")


def test_json_round_trip():
    recipe = Recipe(epochs=3, jitter=(0.1, 0.2, 0.3, 0.0))
    assert Recipe.of(recipe.to_json()) == recipe
    assert Recipe.of({}) == Recipe()


PLAIN = {
    "epochs", "batch_size", "backbone_lr", "heads_lr", "decay", "optimizer", "momentum",
    "weight_decay", "sampler", "class_weight", "flip", "jitter", "train_on", "validation",
    "label_noise", "noise_kind",
}  # fmt: skip


def test_a_row_without_rare_options_has_the_spec_that_it_always_had():
    assert set(Recipe().to_json()) == PLAIN
    rare = Recipe.of({"sam": 0.05, "no_decay": ["norms"], "schedule": "exponential"}).to_json()
    assert set(rare) - PLAIN == {"sam", "no_decay"}
    assert Recipe.of(rare) == Recipe(sam=0.05, no_decay=("norms",))


def test_what_a_record_leaves_out_is_at_its_default():
    assert whole({"epochs": 3})["sam"] == 0
    assert whole({"sam": 0.1})["sam"] == 0.1
    assert whole({})["milestones"] == []
    assert "epochs" not in whole({})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"schedule": "step"}, r"schedule: step needs milestones, e.g. \[15, 30\]"),
        ({"milestones": [3]}, "milestones are of schedule: step"),
        ({"schedule": "step", "milestones": [5, 3]}, r"milestones: \[5, 3\] must rise"),
        ({"steady": 3}, "steady is of schedule: cosine or linear"),
        ({"moved": 0.5, "resized_crop": [0.5, 1.0]}, "moved is of rotation, translation, scale"),
        ({"aspect": [1.0, 1.0]}, "aspect does nothing without resized_crop"),
        ({"erased": [0.1, 0.2]}, "erased does nothing without erasing"),
        ({"erase_with": "noise"}, "erase_with does nothing without erasing"),
        ({"repeat_below": 0.2}, "repeat_below does nothing without sampler: class_repeat"),
        ({"jittered": 0.8, "jitter": [0.0, 0.0, 0.0, 0.0]}, "jittered does nothing without jitter"),
        ({"noise_kind": "confusion"}, "noise_kind does nothing without label_noise"),
        ({"temperature": 2.0}, "temperature does nothing without a teacher: name the row"),
        ({"rand_augment": [0, 9]}, r"rand_augment: \[0, 9\] is no operation, e.g. \[2, 9\]"),
        ({"erased": [0.3, 0.1]}, "erased: 0.3 is the least and 0.1 the most"),
        ({"sampler": "quadruplets", "batch_size": 18}, "batch_size: 18 cuts a group of sampler"),
        ({"epochs": 5, "warmup": 5}, "5 epochs leave none of the 5"),
    ],
)
def test_options_that_do_nothing_are_refused(keys, said):
    with pytest.raises(FerBenchError, match=said):
        Recipe.of(keys)


def test_every_declared_recipe_holds_together():
    variants = params.load().every_variant.items()
    own = {name: variant.recipe for name, variant in variants if variant.recipe}
    assert {"dan_own_recipe", "ran_own_recipe"} <= set(own)
    for name, keys in own.items():
        teacher = {"teacher": "some"} if name.endswith("_taught") else {}
        assert Recipe.of({**keys, **teacher}).epochs == keys.get("epochs", 60)
