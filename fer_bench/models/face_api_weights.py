"""Weights of npm `@vladmandic/face-api`, as its packed file holds them: bytes with a scale each.

`face_landmark_68`: 356,840 parameters, 68 points of a face. The package is MIT; what the network
was trained on is said to be about 35,000 faces, of sets that nobody has named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from fer_bench.faces.dense_net import GET
from fer_bench.models.package_files import read_members
from fer_bench.models.tfjs_weights import depthwise_kernel, kernel, read_tensors

LANDMARKS = "package/model/face_landmark_68_model"
BIN, MANIFEST = f"{LANDMARKS}.bin", f"{LANDMARKS}-weights_manifest.json"
LANDMARK_FILES = {
    BIN: "4611ef65c87d836d03d684b30eec4d195d8b219fa1dd58fc58945831c6b9299b",
    MANIFEST: "ca4886639f86e99b39fed0c155f81b63317225773bd9616716e887b0153389c9",
}
"""Path inside the package -> SHA-256."""


def landmark_state(package: Path) -> dict[str, Tensor]:
    """The state of a `faces.dense_net.DenseNet` that gives 68 points.

    Args:
        package: what `npm pack` wrote, or the file `face_landmark_68_model.bin` of it with its
            manifest beside it.

    Raises:
        FerBenchError: it does not hold these very files.
    """
    files = read_members(package, LANDMARK_FILES, GET)
    return dense_state(dense_tensors(files[MANIFEST], files[BIN]))


def dense_tensors(manifest: bytes, content: bytes) -> dict[str, Tensor]:
    """The tensors of one of the package's networks, named as there."""
    (group,) = json.loads(manifest)
    return read_tensors(group["weights"], content)


def dense_state(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same as the state of a `DenseNet`."""
    state = {"fc.weight": tensors["fc/weights"].T, "fc.bias": tensors["fc/bias"]}
    for name, tensor in tensors.items():
        layer, _, part = name.rpartition("/")
        if layer == "fc":
            continue
        block, conv = layer.removeprefix("dense").split("/conv")
        ours = f"blocks.{block}.{conv}"
        if part == "bias":
            state[f"{ours}.bias"] = tensor
        elif part == "depthwise_filter":
            state[f"{ours}.depthwise"] = depthwise_kernel(tensor)
        else:
            state[f"{ours}.weight"] = kernel(tensor)
    return {name: tensor.contiguous() for name, tensor in state.items()}
