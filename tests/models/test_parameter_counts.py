"""The counts recomputed from the paper's tables and the released code, at 8 classes, ResNet-50."""

import pytest
import torch

from fer_bench import models


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


def build(name, **options):
    with torch.device("meta"):
        return models.build(name, 8, **options)


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("baseline1", 23_524_424),
        ("scan_cci", 70_990_957),
        ("scan_cci_shared", 14_330_989),
        ("scan_cci_imagenet", 70_990_957),
        ("scan_cci_released", 8_543_296 + 61_389_832 + 264_461),
        ("scan_cci_no_eca", 70_990_957 - 5),
        ("scan_cci_no_cci", 1_444_928 + 61_389_832),
        ("scan_cci_no_scan", 8_543_296 + 1_057_829),
    ],
)
def test_whole_model(name, whole):
    assert count(build(name)) == whole


@pytest.mark.parametrize(
    ("name", "branch"),
    [
        ("scan_cci", 61_389_832),
        ("scan_cci_shared", 4_729_864),
        ("scan_cci_spa", 128_086),
        ("scan_cci_sa", 128_086),
        ("scan_cci_eca_attention", 8_330),
        ("scan_cci_lpa", 59_024_904),
        ("scan_cci_ga", 2_364_936),
    ],
)
def test_attention_branch(name, branch):
    model = build(name)
    assert count(model.attention) == branch
    assert count(model.backbone) == 8_543_296
    assert count(model.context) == 1_057_829


def test_context_branch_and_backbones():
    assert count(build("scan_cci_released").context) == 264_461
    no_cci = build("scan_cci_no_cci")
    assert no_cci.context is None
    assert count(no_cci.backbone) == 1_444_928
    assert not hasattr(no_cci.backbone, "layer3")
    assert not hasattr(build("scan_cci").backbone, "layer4")


def test_sharing_saves_a_factor_of_13_in_the_branch():
    separate, shared = build("scan_cci").attention, build("scan_cci_shared").attention
    assert count(separate) / count(shared) == pytest.approx(13, abs=0.1)
    assert sum(map(count, separate.local)) == 25 * sum(map(count, shared.local))
