"""The counts recomputed from the paper's tables and the released code, at 8 classes, ResNet-50."""

import importlib
import re

import pytest
import torch
from networks import FAMILIES

from fer_bench import models


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


def build(name, classes=8, **options):
    with torch.device("meta"):
        return models.build(name, classes, **options)


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("baseline1", 23_524_424),
        ("scan_cci", 70_990_957),
        ("scan_cci_shared", 14_330_989),
        ("scan_cci_imagenet", 70_990_957),
        ("scan_cci_released", 8_543_296 + 61_389_832 + 264_461),
        ("scan_cci_released_shared", 8_543_296 + 4_729_864 + 264_461),
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


STATED = re.compile(r"Parameters ([^.]*?)at (\d) classes: ([\d,]+)\.")
"""Of a file's first model: counted in the authors' network, or by hand."""


@pytest.mark.parametrize(("file", "name"), FAMILIES.items())
def test_a_network_has_as_many_as_its_docstring_says(file, name):
    said = STATED.search(" ".join(importlib.import_module(file).__doc__.split()))
    assert said, f"{file}: its docstring must end in `Parameters at 7 classes: N.`"
    px = re.search(r"faces of (\d+) px", said[1])
    model = build(name, int(said[2]), **({"size": int(px[1])} if px else {}))
    assert count(model) == int(said[3].replace(",", ""))


def test_the_competitors_parts_by_hand():
    resnet18, resnet50, k = 11_176_512, 23_508_032, 8
    linear = lambda inside, outside: inside * outside + outside  # noqa: E731
    assert count(build("scn")) == resnet18 + linear(512, 1) + linear(512, k)
    assert count(build("ran")) == resnet18 + linear(512, 1) + linear(1024, 1) + linear(1024, k)
    assert count(build("eac")) == resnet50 + linear(2048, k)
    branch = linear(2048, 256) + linear(256, k)
    assert count(build("oadn")) == resnet50 + branch + linear(2048, 256) + 4 * linear(256, k)
    convs = sum(
        linear(n, m) + 2 * m for n, m in ((512, 256), (3 * 3 * 256, 512), (768, 512), (768, 512))
    )
    head = convs + linear(512, 32) + 2 * 32 + linear(32, 512)
    assert count(build("dan")) == resnet18 + 4 * head + linear(512, k) + 2 * k + k * 512
    gate = 512 * 128 + 2 * 128 + linear(128, 64) + linear(64, 1)
    conv = 9 * 512 * 512 + 2 * 512
    unit = 2 * conv + linear(512 * 36, 64) + gate
    whole = 3 * conv + linear(512 * 14 * 14, 512) + gate
    gacnn = build("gacnn")
    heads = 24 * unit + whole + linear(2048, 1024) + linear(1024, k)
    assert count(gacnn) - count(gacnn.backbone) == heads


def test_sharing_saves_a_factor_of_13_in_the_branch():
    separate, shared = build("scan_cci").attention, build("scan_cci_shared").attention
    assert count(separate) / count(shared) == pytest.approx(13, abs=0.1)
    assert sum(map(count, separate.local)) == 25 * sum(map(count, shared.local))
