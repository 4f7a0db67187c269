"""The suite's banks of SCAN units against one module a patch, the form the speed tables time."""

import sys
from pathlib import Path

import pytest
import torch

from fer_bench.models.attention import SCAN, WIDE
from fer_bench.models.scan_cci import AttentionBranch, ScanCciConfig

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks/speed"))
from reference_scan import LoopBranch, bank_state, loop_state

EXACT = {"rtol": 0, "atol": 1e-10}
SHAPES = [(6, 28, 25), (6, 15, 25), (6, 9, 9), (5, 8, 16), (4, 6, 1), (WIDE, 7, 9), (WIDE, 4, 4)]


def both(channels, side, m):
    """The suite's branch and its loop form, in float64, with equal and uneven parameters."""
    torch.manual_seed(channels + side)
    bank = AttentionBranch(channels, side, 7, ScanCciConfig(scope="local", m=m)).double()
    with torch.no_grad():
        for p in bank.parameters():
            p.add_(torch.randn_like(p) * 0.1)
    loop = LoopBranch(channels, side, round(m**0.5)).double()
    loop.load_state_dict(loop_state(bank.local.state_dict(), side, round(m**0.5)))
    return bank, loop


def assert_same_state(bank, loop, side, m):
    cut = loop_state(bank.local.state_dict(), side, round(m**0.5))
    assert cut.keys() == loop.state_dict().keys()
    for name, value in loop.state_dict().items():
        torch.testing.assert_close(cut[name], value, **EXACT)


@pytest.mark.parametrize("last_layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("channels", "side", "m"), SHAPES)
def test_outputs_gradients_and_statistics_agree(channels, side, m, last_layout):
    bank, loop = both(channels, side, m)
    bank.to(memory_format=last_layout)
    step = [torch.optim.SGD(module.parameters(), 0.1) for module in (bank.local, loop)]
    for training in (True, True, False):
        bank.train(training)
        loop.train(training)
        x = torch.randn(3, channels, side, side, dtype=torch.float64)
        x = x.to(memory_format=last_layout).requires_grad_()
        y = x.detach().clone().requires_grad_()
        ours, theirs = bank.local_features(x), loop(y)
        torch.testing.assert_close(ours, theirs, **EXACT)
        weight = torch.randn_like(ours)
        for optimizer, out in zip(step, (ours, theirs), strict=True):
            optimizer.zero_grad()
            (out * weight).sum().backward()
        torch.testing.assert_close(x.grad, y.grad, **EXACT)
        gradients = {name: p.grad for name, p in bank.local.named_parameters()}
        expected = {name: p.grad for name, p in loop.named_parameters()}
        cut = loop_state(gradients, side, round(m**0.5))
        assert cut.keys() == expected.keys()
        for name, value in expected.items():
            torch.testing.assert_close(cut[name], value, **EXACT)
        for optimizer in step:
            optimizer.step()
        assert_same_state(bank, loop, side, m)


@pytest.mark.parametrize(("channels", "side", "m"), SHAPES)
def test_state_dicts_load_both_ways(channels, side, m):
    bank, loop = both(channels, side, m)
    loop.train()(torch.randn(2, channels, side, side, dtype=torch.float64))
    state = bank_state(loop.state_dict(), side, round(m**0.5))
    assert state.keys() == bank.local.state_dict().keys()
    bank.local.load_state_dict(state)
    assert_same_state(bank, loop, side, m)


def test_wide_units_run_in_turn_on_a_cpu_and_narrow_ones_side_by_side(monkeypatch):
    real, called = SCAN._one_by_one, []
    monkeypatch.setattr(
        SCAN, "_one_by_one", lambda unit, patches: called.append(1) or real(unit, patches)
    )
    for channels, in_turn in ((WIDE, True), (WIDE // 2, False)):
        bank, _ = both(channels, 4, 4)
        called.clear()
        bank.local_features(torch.randn(2, channels, 4, 4, dtype=torch.float64))
        assert bool(called) is in_turn
