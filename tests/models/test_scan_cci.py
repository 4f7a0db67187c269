"""SCAN-CCI against its equations written out plainly, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError

EXACT = {"rtol": 0, "atol": 1e-9}
TARGET = torch.tensor([3, 0, 6, 3])


def images(size=80, count=4):
    generator = torch.Generator().manual_seed(5)
    return torch.rand(count, 3, size, size, generator=generator).double()


def eq_1_and_2(patch, conv, slope, gamma, beta):
    z = F.conv2d(patch, conv, padding=1)
    z = torch.where(z > 0, z, slope[:, None, None] * z)
    mean = z.mean((0, 2, 3), keepdim=True)
    variance = ((z - mean) ** 2).mean((0, 2, 3), keepdim=True)
    z = (z - mean) / (variance + 1e-5).sqrt()
    weights = 1 / (1 + torch.exp(-(gamma[:, None, None] * z + beta[:, None, None])))
    return patch * weights


def unit(bank, k, channels):
    own = slice(k * channels, (k + 1) * channels)
    parts = (bank.conv.weight, bank.prelu.weight, bank.norm.weight, bank.norm.bias)
    return [p[own] for p in parts]


def plain_attention(branch, f_u, g):
    channels, n = f_u.shape[1:3]
    b = -(-n // g)
    pooled = []
    for i in range(g):
        for j in range(g):
            patch = f_u[:, :, i * b : (i + 1) * b, j * b : (j + 1) * b]
            if n % g == 0:
                bank, k = 0, i * g + j
            elif i < g - 1:
                bank, k = (0, i * (g - 1) + j) if j < g - 1 else (1, i)
            else:
                bank, k = (2, j) if j < g - 1 else (3, 0)
            weighted = eq_1_and_2(patch, *unit(branch.local[bank], k, channels))
            pooled.append(weighted.mean((2, 3)))
    v_l = torch.stack(pooled).max(0).values
    v_g = eq_1_and_2(f_u, *unit(branch.whole, 0, channels)).mean((2, 3))
    return torch.cat([v_l, v_g], 1) @ branch.fc.weight.T + branch.fc.bias


def plain_context(branch, f_l):
    kernel = branch.eca.conv.weight
    mixed = F.conv1d(f_l.mean((2, 3))[:, None], kernel, padding=kernel.shape[-1] // 2)[:, 0]
    f_l = f_l * torch.sigmoid(mixed)[:, :, None, None]
    half = -(-f_l.shape[-1] // 2)
    quadrants = [
        f_l[:, :, :half, :half],
        f_l[:, :, :half, half:],
        f_l[:, :, half:, :half],
        f_l[:, :, half:, half:],
    ]
    heads = []
    for quadrant, (first, _, last) in zip(quadrants, branch.heads, strict=True):
        hidden = (quadrant.mean((2, 3)) @ first.weight.T + first.bias).clamp(min=0)
        heads.append(hidden @ last.weight.T + last.bias)
    return heads


def plain_cross_entropy(logits, target):
    return -torch.log_softmax(logits, 1)[range(len(target)), target].mean()


# 80 px: 25 patches of 2x2 and quadrants of 3 and 2 cells; 224 px: the paper's ragged patches.
@pytest.mark.parametrize("size", [80, 224])
def test_the_equations(size, small):
    model = small("scan_cci", size=size).double()
    with torch.no_grad():
        for p in model.attention.parameters():
            p.add_(0.1 * torch.randn_like(p))
        output = model(images(size))
        maps = model.backbone(model.normalise(images(size)))
        heads = [plain_attention(model.attention, maps["layer2"], 5)]
        heads += plain_context(model.context, maps["layer3"])
    assert len(output.heads) == 5
    for head, expected in zip(output.heads, heads, strict=True):
        torch.testing.assert_close(head, expected, **EXACT)
    torch.testing.assert_close(output.logits, sum(heads) / 5, **EXACT)
    parts = [plain_cross_entropy(head, TARGET) for head in heads]
    torch.testing.assert_close(
        model.loss(output, TARGET), 0.2 * parts[0] + 0.8 * sum(parts[1:]), **EXACT
    )


@pytest.mark.parametrize("lam", [0.2, 0.4, 0.5, 0.6, 0.8])
def test_lambda_weighs_the_two_losses(lam, small):
    model = small("scan_cci", lam=lam)
    heads = tuple(torch.randn(4, 7) for _ in range(5))
    parts = [F.cross_entropy(head, TARGET) for head in heads]
    expected = lam * parts[0] + (1 - lam) * sum(parts[1:])
    output = models.Output(sum(heads) / 5, heads)
    torch.testing.assert_close(model.loss(output, TARGET), expected)


@pytest.mark.parametrize("options", [{}, {"attention": "none"}, {"cci": False}])
def test_class_weights_weigh_each_heads_mean(options, small):
    model = small("scan_cci", **options).double()
    output = model(images().double())
    weight = torch.linspace(0.2, 2.0, 7, dtype=torch.float64)
    parts = [F.cross_entropy(head, TARGET, weight) for head in output.heads]
    lam = model.config.weight
    first = int(model.attention is not None)
    expected = lam * sum(parts[:first]) + (1 - lam) * sum(parts[first:])
    torch.testing.assert_close(model.loss(output, TARGET, weight), expected, **EXACT)


@pytest.mark.parametrize(
    ("lam", "cell", "heads"), [(0.0, "scan_cci_no_scan", 4), (1.0, "scan_cci_no_cci", 1)]
)
def test_the_ends_of_lambda_are_the_cells_without_a_branch(lam, cell, heads, small):
    end, other = small("scan_cci", lam=lam), small(cell)
    assert end.state_dict().keys() == other.state_dict().keys()
    pixels = images().float()
    mine, theirs = end(pixels), other(pixels)
    assert torch.equal(mine.logits, theirs.logits)
    assert torch.equal(end.loss(mine, TARGET), other.loss(theirs, TARGET))
    # A head that is not trained never votes, and Eq. 5 leaves the other loss unscaled.
    assert len(mine.heads) == heads
    torch.testing.assert_close(mine.logits, sum(mine.heads) / heads)
    expected = sum(F.cross_entropy(head, TARGET) for head in mine.heads)
    torch.testing.assert_close(end.loss(mine, TARGET), expected)


def test_scopes_leave_out_what_they_say(small):
    local, whole = small("scan_cci_lpa").attention, small("scan_cci_ga").attention
    assert (local.whole, local.fc.in_features) == (None, 32)
    assert (whole.local, whole.fc.in_features) == (None, 32)
    assert small("scan_cci").attention.fc.in_features == 64
    features = torch.randn(2, 32, 10, 10)
    local.eval(), whole.eval()
    with torch.no_grad():
        expected = local.fc(local.local_features(features))
        torch.testing.assert_close(local(features), expected)
        attended = whole.whole(features[:, None])[:, 0].mean((2, 3))
        torch.testing.assert_close(whole(features), whole.fc(attended))


def test_no_eca_pools_the_plain_map(small):
    context = small("scan_cci_no_eca").context
    features = torch.randn(2, 64, 5, 5)
    with torch.no_grad():
        expected = context.heads[3](features[:, :, 3:, 3:].mean((2, 3)))
        torch.testing.assert_close(context(features)[3], expected)


@torch.no_grad()
def test_a_shared_unit_sees_every_patch_alike(small):
    branch = small("scan_cci_shared", size=224).attention.eval()
    features = torch.randn(2, 32, 28, 28)
    pooled = []
    for i in range(0, 28, 6):
        for j in range(0, 28, 6):
            patch = features[:, None, :, i : i + 6, j : j + 6]
            pooled.append(branch.local[0](patch)[:, 0].mean((2, 3)))
    assert len(pooled) == 25
    torch.testing.assert_close(branch.local_features(features), torch.stack(pooled).amax(0))


@torch.no_grad()
def test_a_shared_units_statistics_are_over_all_patches(small):
    branch = small("scan_cci_shared").attention
    features = torch.randn(8, 32, 10, 10)
    norm, seen = branch.local[0].norm, []
    norm.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    branch.local_features(features)
    assert [x.shape for x in seen] == [(8 * 25, 32, 2, 2)]
    torch.testing.assert_close(norm.running_mean, 0.1 * seen[0].mean((0, 2, 3)))


class TestReleasedQuirks:
    def test_the_preset_has_them_all(self):
        defaults = models.preset("scan_cci").defaults
        released = models.preset("scan_cci_released").defaults
        changed = {k: v for k, v in released.items() if v != defaults[k]}
        assert changed == {
            "l2": True,
            "folded_strip": True,
            "cci_head": "shared",
            "frozen_bn": True,
        }

    def test_the_script_for_rafdb_shares_the_local_unit(self):
        one = models.preset("scan_cci_released").defaults
        other = models.preset("scan_cci_released_shared").defaults
        assert {k: v for k, v in other.items() if v != one[k]} == {"shared": True}

    @pytest.mark.parametrize("l2", [False, True])
    def test_l2_normalises_what_the_classifier_reads(self, l2, small):
        branch = small("scan_cci", l2=l2).attention
        read = []
        branch.fc.register_forward_hook(lambda _, inputs, __: read.append(inputs[0]))
        branch(torch.randn(4, 32, 10, 10))
        norms = read[0].norm(dim=1)
        assert torch.allclose(norms, torch.ones(4)) == l2

    def test_one_head_serves_all_quadrants(self, small):
        shared = small("scan_cci", cci_head="shared").context
        each = small("scan_cci").context
        flat = torch.randn(2, 64, 1, 1).expand(2, 64, 5, 5)
        assert all(torch.allclose(h, shared(flat)[0]) for h in shared(flat))
        assert not any(torch.allclose(h, each(flat)[0]) for h in each(flat)[1:])

    def test_folded_strip_changes_the_papers_partition(self, small):
        straight = small("scan_cci", size=224).eval()
        folded = small("scan_cci", size=224, folded_strip=True).eval()
        with torch.no_grad():
            one, two = (m(images(224, 1).float()).heads for m in (straight, folded))
        assert not torch.equal(one[0], two[0])
        assert all(torch.equal(a, b) for a, b in zip(one[1:], two[1:], strict=True))

    @pytest.mark.parametrize("frozen", [False, True])
    def test_frozen_statistics_after_the_first_epoch(self, frozen, small):
        model = small("scan_cci", frozen_bn=frozen)
        pixels = images().float()

        def moved():
            before = {k: v.clone() for k, v in model.named_buffers() if "running" in k}
            model.loss(model(pixels), TARGET).backward()
            return [k for k, v in model.named_buffers() if k in before and (v != before[k]).any()]

        total = sum("running" in k for k, _ in model.named_buffers())
        model.start_epoch(0)
        assert len(moved()) == total
        # An evaluation between epochs must not decide what the next epoch does.
        model.eval()
        model.start_epoch(1)
        model.zero_grad()
        assert len(moved()) == (0 if frozen else total)
        # Scale and shift go on learning.
        assert model.attention.whole.norm.weight.grad.any()
        assert model.backbone.bn1.bias.grad.any()
        model.start_epoch(0)
        assert len(moved()) == total


def test_source_network_input_builds_the_source_network(small):
    model = small("scan_cci", input="source_network", backbone="resnet50")
    assert model.backbone.layer2[0].conv1.stride == (2, 2)
    assert model.backbone.pool.ceil_mode


def test_lambda_outside_is_refused(small):
    with pytest.raises(FerBenchError, match="lam"):
        small("scan_cci", lam=-0.1)
