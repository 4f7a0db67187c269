"""APViT: which cells and tokens stay, against plain loops."""

import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.apvit import PoolingBlock, strongest

EXACT = {"rtol": 0, "atol": 1e-9}


def kept_by_hand(tokens, score, count):
    rows = []
    for face, values in zip(tokens, score.tolist(), strict=True):
        best = sorted(range(len(values)), key=lambda i: -values[i])[:count]
        rows.append(torch.stack([face[i] for i in sorted(best)]))
    return torch.stack(rows)


def test_the_strongest_stay_in_their_order():
    tokens, score = torch.rand(3, 10, 4), torch.rand(3, 10)
    assert torch.equal(strongest(tokens, score, 6), kept_by_hand(tokens, score, 6))


def test_a_layer_drops_tokens_between_attention_and_mlp():
    block, x = PoolingBlock(24, 0.9).double(), torch.rand(2, 22, 24).double()
    seen = block.norm1(x)
    assert block.attention.qkv.bias is None
    q, k, _ = (seen @ w.T for w in block.attention.qkv.weight.chunk(3))
    score = torch.zeros(2, 21).double()
    for head in range(8):
        part = slice(3 * head, 3 * head + 3)
        score += (k[:, 1:, part] * q[:, :1, part]).sum(2) / 3**0.5
    y = x + block.attention(seen)[0]
    y = torch.cat([y[:, :1], kept_by_hand(y[:, 1:], score, 18)], 1)  # 0.9 * 21, rounded down
    torch.testing.assert_close(block(x), y + block.mlp(block.norm2(y)), **EXACT)


def test_how_many_stay_in_the_papers_network_and_in_a_small_one(small):
    with torch.device("meta"):
        model = models.build("apvit", 7)
        full = lengths(model, torch.zeros(2, 3, 224, 224))
    assert full == [161, 161, 161, 161, 145, 130, 117, 105]
    assert lengths(small("apvit"), torch.rand(2, 3, 80, 80)) == [21, 21, 21, 21, 19, 17, 15, 13]
    plain = small("apvit", patches=False, pooled=0)
    assert lengths(plain, torch.rand(2, 3, 80, 80)) == [26] * 8


def lengths(model, images):
    found = []
    for block in model.blocks:
        block.register_forward_hook(lambda _, __, out: found.append(out.shape[1]))
    model(images)
    return found


def test_cells_are_chosen_by_the_map_and_keep_their_places(small):
    model = small("apvit", pooled=0).double().eval()
    images = torch.rand(2, 3, 80, 80).double()
    given = []
    model.blocks[0].register_forward_pre_hook(lambda _, args: given.append(args[0]))
    logits = model(images).logits
    features = model.backbone(model.normalise(images))["layer3"]
    cells = model.embed(features).permute(0, 2, 3, 1).reshape(2, 25, -1) + model.places
    score = sum(features[:, c].abs() for c in range(features.shape[1])).reshape(2, 25)
    first = (model.first + model.first_place).expand(2, 1, -1)
    expected = torch.cat([first, kept_by_hand(cells, score, 20)], 1)
    torch.testing.assert_close(given[0], expected, **EXACT)
    x = model.norm(model.blocks(expected)[:, 0])
    torch.testing.assert_close(logits, x @ model.fc.weight.T + model.fc.bias, **EXACT)


@pytest.mark.slow  # the full form, 65 million parameters, forwards and backwards
def test_the_full_form_learns_everywhere_and_a_face_alone():
    torch.manual_seed(0)
    model = models.build("apvit", 7, size=64)
    images = torch.rand(4, 3, 64, 64)
    model.loss(model(images), torch.tensor([0, 1, 2, 3])).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    with torch.inference_mode():
        together = model.eval()(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)


def test_shares_that_leave_nothing_are_refused():
    for options, said in (({"kept": 0.0}, r"\(0, 1\]"), ({"pooled": 9}, r"\[0, 8\]")):
        with pytest.raises(FerBenchError, match=said):
            models.configure("apvit", options)
