"""Units side by side equal units one by one, and each equals its definition written out."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench.models.attention import ECA, SA, SCAN, SPA, UNITS, eca_kernel

C, P = 6, 5
EXACT = {"rtol": 0, "atol": 1e-10}


def unit_of(kind, patches):
    unit = kind(C, patches).double()
    with torch.no_grad():
        for p in unit.parameters():
            p.add_(torch.randn_like(p) * 0.3)
    return unit


def slices(unit, state, k):
    """Patch k's own parameters and statistics."""
    picked = {}
    for name, value in state.items():
        rows = value.shape[0] // P if value.ndim else 0
        picked[name] = value[k * rows : (k + 1) * rows] if value.ndim else value
    return picked


def single_units(kind, unit):
    singles = []
    for k in range(P):
        single = kind(C, 1).double()
        single.load_state_dict(slices(unit, unit.state_dict(), k))
        singles.append(single)
    return singles


@pytest.mark.parametrize("kind", UNITS.values(), ids=list(UNITS))
def test_side_by_side_equals_one_module_a_patch(kind):
    unit = unit_of(kind, P)
    singles = single_units(kind, unit)
    for step in range(3):
        if step == 2:
            unit.eval()
            for single in singles:
                single.eval()
        x = torch.randn(4, P, C, 3, 2, dtype=torch.float64, requires_grad=True)
        y = x.detach().clone().requires_grad_()
        together = unit(x)
        alone = torch.cat([single(y[:, k : k + 1]) for k, single in enumerate(singles)], 1)
        torch.testing.assert_close(together, alone, **EXACT)
        weight = torch.randn_like(together)
        (together * weight).sum().backward()
        (alone * weight).sum().backward()
        torch.testing.assert_close(x.grad, y.grad, **EXACT)
    gradients = {name: p.grad for name, p in unit.named_parameters()}
    for k, single in enumerate(singles):
        for name, p in single.named_parameters():
            torch.testing.assert_close(slices(unit, gradients, k)[name], p.grad, **EXACT)
        for name, buffer in single.named_buffers():
            expected = slices(unit, dict(unit.named_buffers()), k)[name]
            torch.testing.assert_close(expected, buffer, **EXACT)


def score(unit, patch):
    """BN(PReLU(Conv(P))) of Eq. 1 in training mode, written out; `patch` is (B, C, h, w)."""
    weight = unit.conv.weight
    padded = F.pad(patch, (1, 1, 1, 1))
    height, width = patch.shape[2:]
    z = torch.zeros(len(patch), len(weight), height, width, dtype=patch.dtype)
    for row in range(height):
        for column in range(width):
            window = padded[:, :, row : row + 3, column : column + 3]
            z[:, :, row, column] = torch.einsum("bcij,ocij->bo", window, weight)
    z = torch.where(z > 0, z, unit.prelu.weight.view(1, -1, 1, 1) * z)
    mean = z.mean((0, 2, 3), keepdim=True)
    variance = ((z - mean) ** 2).mean((0, 2, 3), keepdim=True)
    gamma, beta = (v.view(1, -1, 1, 1) for v in (unit.norm.weight, unit.norm.bias))
    return gamma * (z - mean) / (variance + 1e-5).sqrt() + beta


def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


@pytest.fixture
def patch():
    return torch.randn(4, C, 3, 4, dtype=torch.float64)


@torch.no_grad()
def test_scan_is_equation_1_and_2(patch):
    unit = unit_of(SCAN, 1)
    expected = patch * sigmoid(score(unit, patch))
    torch.testing.assert_close(unit(patch[:, None])[:, 0], expected, **EXACT)
    assert unit.attention(patch[:, None]).shape == (4, 1, C, 3, 4)
    assert unit.prelu.weight.shape == (C,)


@torch.no_grad()
def test_spa_is_constant_across_channels(patch):
    unit = unit_of(SPA, 1)
    expected = patch * sigmoid(score(unit, patch))
    torch.testing.assert_close(unit(patch[:, None])[:, 0], expected, **EXACT)
    assert unit.attention(patch[:, None]).shape == (4, 1, 1, 3, 4)


@torch.no_grad()
def test_sa_is_one_weight_a_patch(patch):
    unit = unit_of(SA, 1)
    weight = sigmoid(score(unit, patch).mean((1, 2, 3)))
    expected = patch * weight.view(4, 1, 1, 1)
    torch.testing.assert_close(unit(patch[:, None])[:, 0], expected, **EXACT)
    assert unit.attention(patch[:, None]).shape == (4, 1, 1, 1, 1)


@torch.no_grad()
def test_eca_is_constant_across_space(patch):
    unit = unit_of(ECA, 1)
    kernel = unit.conv.weight[0, 0]
    assert len(kernel) == eca_kernel(C)
    reach = len(kernel) // 2
    pooled = F.pad(patch.mean((2, 3)), (reach, reach))
    mixed = [(pooled[:, c : c + len(kernel)] * kernel).sum(1) for c in range(C)]
    expected = patch * sigmoid(torch.stack(mixed, 1))[:, :, None, None]
    torch.testing.assert_close(unit(patch[:, None])[:, 0], expected, **EXACT)


@pytest.mark.parametrize(
    ("channels", "kernel"), [(1024, 5), (512, 5), (256, 5), (128, 5), (64, 3), (32, 3)]
)
def test_eca_kernel(channels, kernel):
    assert eca_kernel(channels) == kernel
    assert ECA(channels, 1).conv.kernel_size == (kernel,)
