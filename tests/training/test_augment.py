"""Each operation against torchvision's, the draws against their distribution."""

import numpy as np
import pytest
import torch
from torchvision.transforms import functional as reference

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json
from fer_bench.models.base import Normalise
from fer_bench.training.augment import Draws, apply, draw, drawn
from fer_bench.training.batches import Faces
from fer_bench.training.loop import fit
from fer_bench.training.recipe import Recipe
from fer_bench.training.streams import CellStreams

SIZE = 6
OPERATIONS = ("adjust_brightness", "adjust_contrast", "adjust_saturation", "adjust_hue")


@pytest.fixture
def images():
    return torch.rand(SIZE, 3, 24, 24, generator=torch.Generator().manual_seed(1))


def plain(order, **factors):
    values = np.ones((4, SIZE))
    values[3] = 0
    for index, value in factors.items():
        values[int(index[1:])] = value
    return Draws(np.zeros(SIZE, bool), values, order)


@pytest.mark.parametrize("operation", range(4))
def test_each_operation_equals_torchvision(images, operation):
    drawn = draw(np.random.default_rng(operation), SIZE, 0.0, (0.4, 0.3, 0.25, 0.05))
    factors = np.ones((4, SIZE))
    factors[3] = 0
    factors[operation] = drawn.factors[operation]
    ours = apply(images, Draws(np.zeros(SIZE, bool), factors, (0, 1, 2, 3)))
    adjust = getattr(reference, OPERATIONS[operation])
    theirs = torch.stack(
        [adjust(x, f) for x, f in zip(images, factors[operation].tolist(), strict=True)]
    )
    assert torch.allclose(ours, theirs, atol=2e-6)
    assert not torch.allclose(ours, images, atol=1e-3)


def test_whole_recipe_equals_torchvision_in_the_drawn_order(images):
    draws = draw(np.random.default_rng(3), SIZE, 0.5, (0.4, 0.3, 0.25, 0.05))
    ours = apply(images, draws)
    for i, image in enumerate(images):
        expected = reference.hflip(image) if draws.flip[i] else image
        for operation in draws.order:
            adjust = getattr(reference, OPERATIONS[operation])
            expected = adjust(expected, float(draws.factors[operation, i]))
        assert torch.allclose(ours[i], expected, atol=5e-6)


def test_the_images_given_stay_as_they_are(images):
    before = images.clone()
    apply(images, draw(np.random.default_rng(3), SIZE, 0.5, (0.4, 0.3, 0.25, 0.05)))
    apply(images, plain((0, 1, 2, 3), f0=1.2, f1=0.8, f2=1.1))
    assert torch.equal(images, before)


def test_the_layout_in_memory_changes_nothing_but_last_bits(images):
    draws = draw(np.random.default_rng(3), SIZE, 0.5, (0.4, 0.3, 0.25, 0.05))
    last = images.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(apply(last, draws), apply(images, draws), rtol=0, atol=1e-6)


def test_grey_and_black_faces_survive_hue():
    images = torch.stack([torch.full((3, 8, 8), v) for v in (0.0, 0.5, 1.0, 0.2, 0.7, 0.9)])
    assert torch.allclose(apply(images, plain((3, 0, 1, 2), f3=0.05)), images, atol=1e-6)


def test_draws_have_the_stated_distribution():
    rng = np.random.default_rng(0)
    draws = [draw(rng, 64, 0.5, (0.4, 0.3, 0.25, 0.05)) for _ in range(200)]
    factors = np.concatenate([d.factors for d in draws], axis=1)
    for i, (centre, strength) in enumerate([(1, 0.4), (1, 0.3), (1, 0.25), (0, 0.05)]):
        assert factors[i].min() >= centre - strength
        assert factors[i].max() <= centre + strength
        assert factors[i].mean() == pytest.approx(centre, abs=strength / 20)
        assert factors[i].std() == pytest.approx(strength / np.sqrt(3), rel=0.05)
    assert np.mean([d.flip.mean() for d in draws]) == pytest.approx(0.5, abs=0.02)
    assert len({d.order for d in draws}) == 24
    # Drawn for each face: no two faces of a batch share a factor.
    assert len(np.unique(draws[0].factors[0])) == 64


STILL = {"flip": 0.0, "jitter": [0.0] * 4}


def made(images, seed=0, normalise=None, **keys):
    recipe = Recipe.of(STILL | keys)
    draws = drawn(len(images), recipe, np.random.default_rng(seed), images.shape[2])
    return apply(images, draws, normalise)


def test_a_recipe_without_more_draws_what_it_always_drew():
    """Not a number more: the streams of a training go on as they did."""
    ours, before = np.random.default_rng(0), np.random.default_rng(0)
    draws, plain = drawn(9, Recipe(), ours, 24), draw(before, 9, 0.5, Recipe.jitter)
    assert ours.bit_generator.state == before.bit_generator.state
    np.testing.assert_array_equal(draws.factors, plain.factors)
    assert draws.moves is draws.grey is draws.erasing is None


def test_grey_faces_are_torchvisions(images):
    many = images.repeat(100, 1, 1, 1)
    after = made(many, grey=0.2)
    wanted = reference.rgb_to_grayscale(many, 3)
    grey = (after == after[:, :1]).flatten(1).all(1)
    assert grey.double().mean() == pytest.approx(0.2, abs=0.05)
    torch.testing.assert_close(after[grey], wanted[grey], atol=1e-6, rtol=0)
    assert torch.equal(after[~grey], many[~grey])


def test_some_faces_are_not_jittered(images):
    many = images.repeat(100, 1, 1, 1)
    after = made(many, jitter=[0.4, 0.3, 0.25, 0.05], jittered=0.6)
    same = (after - many).abs().flatten(1).amax(1) < 1e-5
    assert same.double().mean() == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("kind", ["half", "imagenet", "source_network"])
def test_rectangles_are_zero_to_the_model(kind):
    normalise = Normalise(kind).double()
    many = torch.rand(400, 3, 40, 40, generator=torch.Generator().manual_seed(0)).double()
    after = normalise(made(many, normalise=normalise, erasing=0.5, erased=[0.1, 0.2]))
    off = after != normalise(many)
    covered = off.all(1)
    assert torch.equal(covered, off.any(1))
    share = covered.double().mean((1, 2))
    assert (share > 0).double().mean() == pytest.approx(0.5, abs=0.08)
    assert share[share > 0].min() > 0.09
    assert share.max() < 0.22
    assert after.permute(0, 2, 3, 1)[covered].abs().max() < 1e-12


def test_noise_is_standard_normal_to_the_model_and_each_faces_own():
    normalise = Normalise("imagenet").double()
    many = torch.full((60, 3, 40, 40), 0.5).double()
    keys = {"erasing": 1.0, "erased": [0.2, 0.3], "erase_with": "noise"}
    after = normalise(made(many, normalise=normalise, **keys))
    covered = (after != normalise(many)).all(1)
    values = after.permute(0, 2, 3, 1)[covered]
    assert values.mean(0).numpy() == pytest.approx(0, abs=0.05)
    assert values.std(0).numpy() == pytest.approx(1, abs=0.05)
    assert len({tuple(face[:, c][:, :5].flatten().tolist()[:15]) for face, c in
                zip(after, covered, strict=True)}) == 60  # fmt: skip
    without = made(many, **keys)  # a model without: of the pixels themselves
    assert without.permute(0, 2, 3, 1)[covered].std().item() == pytest.approx(1, abs=0.05)


def test_random_operations_are_torchvisions_drawn_for_each_face(images):
    from torchvision.transforms.v2 import RandAugment

    levels = (images * 255).round().to(torch.uint8)
    faces = levels.float() / 255
    recipe = Recipe.of(STILL | {"rand_augment": [2, 15]})
    draws = drawn(SIZE, recipe, np.random.default_rng(0), faces.shape[2])
    before = torch.get_rng_state()
    after = apply(faces, draws)
    assert torch.equal(torch.get_rng_state(), before)
    for i, seed in enumerate(draws.operations.seeds.tolist()):
        torch.manual_seed(seed)
        assert torch.equal(after[i], RandAugment(2, 15)(levels[i]) / 255)
    assert not torch.allclose(after, faces, atol=0.05)
    # A share of a batch has the operations of its own faces.
    some = slice(1, None, 2)
    assert torch.equal(apply(faces[some], draws.part(some)), after[some])


def test_random_operations_are_refused_where_something_would_not_follow(make_spec):
    pixels = np.zeros((4, 40, 40, 3), np.uint8)
    every = np.arange(4)
    faces = Faces(
        pixels, every, every % 2, every.astype(str), every, {"points": np.zeros((4, 24, 3))}
    )
    cell, compute = CellStreams("toy", "m", 0), read_json(make_spec()[0])["compute"]
    recipe = Recipe.of({"rand_augment": [2, 9]})
    with pytest.raises(FerBenchError, match="rand_augment moves faces and not their points"):
        fit(None, compute, None, faces, None, None, recipe, cell, 2, "key")
