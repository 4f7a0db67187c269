from fer_bench.training.recipe import Recipe


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
