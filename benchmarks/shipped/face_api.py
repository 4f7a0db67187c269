"""The expression network of npm `@vladmandic/face-api`, 112 px, 329 kB.

323,687 parameters, stored as one byte each with a scale and a least value per tensor; what they
compute: `fer_bench/faces/dense_net.py`. Seven classes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from tool import Net, Tool, expressions

from fer_bench.faces.dense_net import SIDE, DenseNet
from fer_bench.models.face_api_weights import GET, dense_state, dense_tensors

WEIGHTS = "package/model/face_expression_model.bin"
MANIFEST = "package/model/face_expression_model-weights_manifest.json"


def build(files: Mapping[str, bytes]) -> Net:
    """The network from its two files."""
    return network(dense_tensors(files[MANIFEST], files[WEIGHTS]))


def network(tensors: Mapping[str, torch.Tensor]) -> Net:
    """The network on tensors of any widths, named as in the package."""
    return DenseNet.of(dense_state(tensors))


TOOL = Tool(
    name="face_api",
    package="npm @vladmandic/face-api 1.7.15",
    get=GET,
    members={
        WEIGHTS: "9a9840f2cf1f4c7eab95f197512569345c00d2426754d4608b92af30e0300f3d",
        MANIFEST: "5b349c17c7836da506e03422cd6461c74085d8bb2713ad4114647dc5d28174c8",
    },
    size=SIDE,
    classes=expressions("neutral happiness sadness anger fear disgust surprise"),
    build=build,
    card={
        "pretraining": "not stated",
        "extra_data": "not stated",
        "landmarks": "none",
        "paper": "unpublished",
        "code": "https://github.com/vladmandic/face-api",
        "year": 2018,
        "trained_on": "not named by its makers",
    },
)
