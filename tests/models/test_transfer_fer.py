"""TransFER: what is dropped in training, as described and as released."""

import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.transfer_fer import DroppingBlock, TransferFerConfig, one_left_out

EXACT = {"rtol": 0, "atol": 1e-9}


def test_one_is_left_out_for_a_share_of_the_faces():
    kept = one_left_out(6000, 8, 0.3)
    zeros = (kept == 0).sum(1)
    assert set(kept.unique().tolist()) == {0.0, 1.0}
    assert zeros.max() == 1
    assert zeros.float().mean() == pytest.approx(0.3, abs=0.02)
    assert ((kept == 0).float().mean(0) - 0.3 / 8).abs().max() < 0.01


def test_a_head_is_dropped_as_described_and_a_token_as_released():
    x = torch.rand(3, 12, 16).double()
    for msad in ("heads", "released"):
        config = TransferFerConfig(dim=16, msad=msad, head_drop=1.0)
        block = DroppingBlock(16, config).double()
        assert block.attention.qkv.bias is None
        torch.manual_seed(5)
        found = block(x)
        torch.manual_seed(5)
        kept = one_left_out(3, 8, 1.0).double()
        (dropped,) = {tuple(row) for row in (kept == 0).sum(1, keepdim=True).tolist()}
        assert dropped == (1,)
        q, k, v = (block.norm1(x) @ w.T for w in block.attention.qkv.weight.chunk(3))
        if msad == "released":
            for part in (q, k, v):
                part[:, :8] *= kept[:, :, None]
        answers = []
        for h in range(8):
            part = slice(2 * h, 2 * h + 2)
            scores = q[..., part] @ k[..., part].transpose(1, 2) / 2**0.5
            answer = scores.softmax(2) @ v[..., part]
            answers.append(answer * (kept[:, h, None, None] if msad == "heads" else 1))
        y = x + torch.cat(answers, 2) @ block.attention.project.weight.T
        y = y + block.attention.project.bias
        torch.testing.assert_close(found, y + block.mlp(block.norm2(y)), **EXACT)
        at_test = block.eval()(x)
        assert (at_test - found).abs().amax((1, 2)).min() > 1e-6
        assert torch.equal(at_test, block(x))


def test_the_larger_map_weighs_the_cells_and_a_dropped_one_does_not(small):
    model = small("transfer_fer", map_drop=1.0, head_drop=0.0).double()
    images = torch.rand(4, 3, 80, 80).double()
    given = []
    model.embed.register_forward_pre_hook(lambda _, args: given.append(args[0]))
    torch.manual_seed(2)
    model(images)
    torch.manual_seed(2)
    kept = one_left_out(4, 2, 1.0).double()
    features = model.backbone(model.normalise(images))["layer3"]
    maps = [net(features) for net in model.maps]
    expected = [features[i] * maps[int(kept[i].argmax())][i] for i in range(4)]
    torch.testing.assert_close(given[0], torch.stack(expected), **EXACT)
    assert {int(row.argmax()) for row in kept} == {0, 1}
    model.eval()
    with torch.no_grad():
        logits = model(images).logits
        features = model.backbone(model.normalise(images))["layer3"]
        both = [net(features) for net in model.maps]
        torch.testing.assert_close(given[1], features * torch.maximum(*both), **EXACT)
        cells = model.embed(given[1]).permute(0, 2, 3, 1).reshape(4, 25, -1)
        x = torch.cat([model.first.expand(4, 1, -1), cells], 1) + model.places
        for block in model.blocks:
            x = block(x)
        x = model.norm(x[:, 0])
        torch.testing.assert_close(logits, x @ model.fc.weight.T + model.fc.bias, **EXACT)


@pytest.mark.slow  # the full form, 65 million parameters, forwards and backwards
def test_the_full_form_learns_everywhere_and_a_face_alone():
    torch.manual_seed(0)
    model = models.build("transfer_fer", 7, size=64)
    images = torch.rand(4, 3, 64, 64)
    model.loss(model(images), torch.tensor([0, 1, 2, 3])).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    with torch.inference_mode():
        together = model.eval()(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"maps": 1}, "at least 2"), ({"map_drop": 1.5}, r"map_drop must lie in \[0, 1\]"),
     ({"msad": "tokens"}, "heads")],
)  # fmt: skip
def test_what_cannot_be_built_is_explained(options, said):
    with pytest.raises(FerBenchError, match=said):
        models.configure("transfer_fer", options)
