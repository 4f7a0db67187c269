"""Where pretrained weights live, and how a published file becomes ours.

`data/weights/<kind>_<backbone>.safetensors` with `.json` beside it (sha256 of both files). Names
are torchvision's, float32, without classifier; VGGFace2's first convolution takes B, G, R, as in
the published Caffe conversion that the paper's code loads.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from fer_bench.errors import FerBenchError, nearest
from fer_bench.faces.dense_net import GET
from fer_bench.faces.face_points import NETWORK as LANDMARKS
from fer_bench.files import WEIGHTS, read_json, replacing, sha256_file, write_json
from fer_bench.models.backbone_base import TIMM
from fer_bench.models.backbones import ResNet
from fer_bench.models.face_and_landmarks import IR50_MOBILEFACENET, FaceAndLandmarks
from fer_bench.models.face_api_weights import landmark_state
from fer_bench.models.ir50 import UNITS, Ir50
from fer_bench.models.mobilefacenet import MOBILEFACENET, MobileFaceNet
from fer_bench.models.timm_nets import TimmPooled, check_timm, load_timm
from fer_bench.models.transformer import FACE_NETWORKS
from fer_bench.models.vgg import Vgg16
from fer_bench.models.weight_files import read_tensors

log = logging.getLogger(__name__)


class Known(NamedTuple):
    """A published weights file."""

    backbone: str
    origin: str


Backbones = ResNet | Vgg16 | TimmPooled | Ir50 | MobileFaceNet | FaceAndLandmarks
TIMM_SIZE = 224
"""Size of image at which timm's networks are built to check weights."""

KNOWN = {
    "imagenet_resnet50": Known("resnet50", "torchvision, IMAGENET1K_V1, downloaded (98 MB)"),
    "imagenet_resnet18": Known("resnet18", "torchvision, IMAGENET1K_V1, downloaded (45 MB)"),
    "imagenet_vgg16_bn": Known(
        "vgg16_bn", "torchvision, IMAGENET1K_V1, downloaded (528 MB; 30 MB are kept)"
    ),
    "landmark_mobilefacenet": Known(
        MOBILEFACENET,
        "the authors of POSTER++ (mobilefacenet_model_best.pth.tar, linked by "
        "github.com/Talented-Q/POSTER_V2), a network of 68 landmarks whose training faces they do "
        "not name (mind its licence)",
    ),
    "ms1m_ir50": Known(
        "ir50",
        "face.evoLVe (backbone_ir50_ms1m_epoch120.pth of github.com/ZhaoJ9014/face.evoLVe) or the "
        "authors of POSTER++ (ir50.pth of github.com/Talented-Q/POSTER_V2), trained on MS1M, part "
        "of MS-Celeb-1M, a set that its owner has withdrawn (mind their licences)",
    ),
    "ms1m_ir50_mobilefacenet": Known(
        IR50_MOBILEFACENET,
        "ms1m_ir50 and landmark_mobilefacenet, which are joined once you have added both",
    ),
    "msceleb_resnet18": Known(
        "resnet18",
        "the authors of SCN, RAN and DAN, who trained it on MS-Celeb-1M, a set that its owner has "
        "withdrawn: resnet18_msceleb.pth of github.com/yaoing/DAN or ijba_res18_naive.pth.tar of "
        "github.com/kaiwang960112/Self-Cure-Network (no licence is stated; whether you may use it "
        "is yours to decide)",
    ),
    "vggface2_resnet50": Known(
        "resnet50",
        "a conversion of the VGGFace2 authors' Caffe model resnet50_ft: resnet50_ft_weight.pkl of "
        "github.com/cydonia999/VGGFace2-pytorch or the pytorch-mcn file resnet50_ft_dag.pth (mind "
        "their licences)",
    ),
    LANDMARKS: Known(
        LANDMARKS,
        f"the MIT package that `{GET}` fetches (357 kB of it; its makers do not name the faces "
        "that the network was trained on)",
    ),
}
JOINED = {"ms1m_ir50_mobilefacenet": {"face": "ms1m_ir50", "landmarks": "landmark_mobilefacenet"}}
"""What is made of other added weights, and as which part of it."""


def command(name: str) -> str:
    """What adds the weights of a name: those of ImageNet are downloaded, others given or joined."""
    given = not (name.startswith("imagenet_") or name in JOINED)
    return f"fer-bench weights add {name}" + (" FILE" if given else "")


def known(name: str) -> Known:
    """The published file of a name: one of `KNOWN`, or `imagenet_timm_<name>`.

    Raises:
        FerBenchError: there is none.
    """
    if name in KNOWN:
        return KNOWN[name]
    backbone = name.removeprefix("imagenet_")
    if name.startswith("imagenet_") and backbone.startswith(TIMM):
        check_timm(backbone)
        origin = f"timm's default weights of {backbone.removeprefix(TIMM)}, downloaded"
        return Known(backbone, origin)
    raise FerBenchError(f"unknown weights {name!r}: {nearest(name, KNOWN)}")


def resolve(kind: str, backbone: str, folder: Path = WEIGHTS) -> Path:
    """The safetensors file a model that starts from `kind` loads into its backbone.

    Args:
        kind: `imagenet`, `vggface2`, `msceleb`, `ms1m` or `landmark`. (Identity weights are no
            added file but a stage's output.)
        backbone: the option `backbone` of the model.
        folder: where added weights live.

    Raises:
        FerBenchError: there is no such file; says where it comes from and the command to run.
    """
    name = f"{kind}_{backbone}"
    try:
        weights = known(name)
    except FerBenchError as error:
        raise FerBenchError(
            f"there are no {kind} weights for the backbone {backbone}: {nearest(name, KNOWN)} "
            "Set `backbone` to one that has them, or `pretrained: identity`"
        ) from error
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        raise FerBenchError(
            f"the pretrained weights {path} are missing; they come from {weights.origin}: run "
            f"`{command(name)}`"
        )
    return path


def recorded_sha256(path: Path) -> str:
    """The sha256 of an added weights file, as `add_weights` recorded it."""
    sidecar = path.with_suffix(".json")
    if not sidecar.is_file():
        raise FerBenchError(
            f"{path} has no {sidecar.name} beside it: add it with `fer-bench weights add "
            f"{path.stem} FILE`"
        )
    return str(read_json(sidecar)["sha256"])


def status(folder: Path = WEIGHTS) -> list[dict[str, str]]:
    """One row for each known weights file: whether it is there, and how to get it."""
    rows = []
    for name, weights in KNOWN.items():
        path = folder / f"{name}.safetensors"
        state = recorded_sha256(path)[:12] if path.is_file() else "missing"
        rows.append({"weights": name, "sha256": state, "from": weights.origin})
    return rows


def add_weights(name: str, file: Path | None = None, folder: Path = WEIGHTS) -> Path:
    """Convert a published weights file to `folder/<name>.safetensors`.

    Args:
        name: a key of `KNOWN`, or `imagenet_timm_<name>`.
        file: see `read_tensors`; None downloads ImageNet's, or joins what was added.
        folder: where it goes.

    Raises:
        FerBenchError: unknown name, unreadable file, or not the weights of this backbone.
    """
    weights = known(name)
    if name in JOINED:
        return _joined(name, file, folder)
    if name == LANDMARKS and file is not None:
        return _kept(name, landmark_state(file), sha256_file(file), folder)
    if file is not None:
        state, source = read_tensors(file), sha256_file(file)
    elif weights.backbone.startswith(TIMM):
        state, source = _from_timm(weights.backbone), None
    elif name.startswith("imagenet_"):
        state, source = _from_torchvision(weights.backbone), None
    else:
        raise FerBenchError(
            f"{name} is not downloaded for you: get it from {weights.origin}; then run "
            f"`{command(name)}`"
        )
    network = _network(weights.backbone)
    _check_kinds(state)
    state, dropped = _without_heads(_tidy(state), network)
    if dropped:
        log.warning("left out, as no part of the backbone: %s", ", ".join(dropped))
    network.load_pretrained(state)  # raises where they do not fit
    if not isinstance(network, ResNet):  # these are kept no deeper than models can use them
        state = {n: v for n, v in state.items() if n in network.published()}
    _check_values(state)
    return _kept(name, state, source, folder)


def _joined(name: str, file: Path | None, folder: Path) -> Path:
    if file is not None:
        raise FerBenchError(f"{name} takes no file: it is joined from {known(name).origin}")
    state: dict[str, Tensor] = {}
    for part, other in JOINED[name].items():
        path = folder / f"{other}.safetensors"
        if not path.is_file():
            raise FerBenchError(f"{name} needs {other}: run `{command(other)}` first")
        state |= {f"{part}.{key}": value for key, value in load_file(path).items()}
    _network(known(name).backbone).load_pretrained(state)
    return _kept(name, state, None, folder)


def _kept(name: str, state: dict[str, Tensor], source: str | None, folder: Path) -> Path:
    path = folder / f"{name}.safetensors"
    with replacing(path) as temporary:  # both are there or neither
        save_file(state, temporary)
        write_json(
            path.with_suffix(".json"),
            {"name": name, "sha256": sha256_file(temporary), "source_sha256": source},
        )
    return path


def _check_kinds(state: Mapping[str, Tensor]) -> None:
    """Refuse numbers that no weight is."""
    odd = [n for n, v in state.items()
           if not v.is_floating_point() and not n.endswith("num_batches_tracked")]  # fmt: skip
    if odd:
        raise FerBenchError(
            f"{len(odd)} weights are no floating-point numbers, e.g. {odd[0]} "
            f"({str(state[odd[0]].dtype).removeprefix('torch.')}): quantised or packed files do "
            "not fit; get the original"
        )


def _check_values(state: Mapping[str, Tensor]) -> None:
    """Refuse weights that training left broken, or a transfer damaged."""
    infinite = [n for n, v in state.items() if not bool(torch.isfinite(v).all())]
    negative = [n for n, v in state.items() if n.endswith("running_var") and bool((v < 0).any())]
    for broken, what in (
        (infinite, "weights are not finite"),
        (negative, "variances are negative"),
    ):
        if broken:
            raise FerBenchError(f"{len(broken)} {what}, e.g. {broken[0]}: the file is damaged")


def _without_heads(
    state: dict[str, Tensor], network: Backbones
) -> tuple[dict[str, Tensor], list[str]]:
    """A ResNet's own weights, and the modules behind it that a file holds besides."""
    if not isinstance(network, ResNet):
        return state, []
    own = {name.partition(".")[0] for name in network.state_dict()} | {"fc"}
    modules = {name.partition(".")[0] for name in state}
    heads = {m for m in modules - own if not re.match(r"(layer|conv|bn)\d", m)}
    kept = {n: v for n, v in state.items() if n.partition(".")[0] not in heads}
    if len(kept) < len(state) / 2:  # another network: let it be told which
        return state, []
    return kept, sorted(heads)


def _network(backbone: str) -> Backbones:
    if backbone.startswith(TIMM):
        return TimmPooled(backbone, TIMM_SIZE)
    if backbone in FACE_NETWORKS:
        return FACE_NETWORKS[backbone]()
    return Vgg16() if backbone == "vgg16_bn" else ResNet(backbone)


def _from_torchvision(backbone: str) -> dict[str, Tensor]:
    from torchvision.models import get_model_weights

    weights = get_model_weights(backbone)["IMAGENET1K_V1"]
    try:
        state: Mapping[str, Tensor] = weights.get_state_dict(check_hash=True)
    except (OSError, RuntimeError) as error:
        raise FerBenchError(
            f"the ImageNet weights could not be downloaded from {weights.url} ({error}); connect "
            f"to the network, or fetch that file elsewhere and run "
            f"`fer-bench weights add imagenet_{backbone} FILE`"
        ) from error
    return dict(state)


def _from_timm(backbone: str) -> dict[str, Tensor]:
    name = backbone.removeprefix(TIMM)
    try:
        network = load_timm().create_model(name, pretrained=True)
    except Exception as error:  # the hub's client raises many kinds, not only OSError
        raise FerBenchError(
            f"timm's weights of {name} could not be downloaded ({error}); connect to the network, "
            "or fetch their file elsewhere and run "
            f"`fer-bench weights add imagenet_{backbone} FILE`"
        ) from error
    return dict(network.state_dict())


def _tidy(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The torchvision names, float32, no classifier, no counters, no DataParallel prefix."""
    plain = {name.removeprefix("module."): value for name, value in state.items()}
    if "conv1_7x7_s2.weight" in plain:
        plain = {_from_caffe(name): value for name, value in plain.items()}
        # This conversion takes R, G, B where the Caffe network took B, G, R; store one order.
        plain["conv1.weight"] = plain["conv1.weight"].flip(1)
    plain = {_of_stages(name): value for name, value in plain.items()}
    return {
        name: value.float().contiguous()
        for name, value in plain.items()
        if not name.startswith("fc.") and not name.endswith("num_batches_tracked")
    }


_PARTS = {"1x1_reduce": 1, "3x3": 2, "1x1_increase": 3}
_UNIT = re.compile(r"body\.(\d+)\.")
_CAFFE = re.compile(r"conv([2-5])_(\d)_(1x1_reduce|3x3|1x1_increase|1x1_proj)(_bn)?\.(\w+)")


def _from_caffe(name: str) -> str:
    """The torchvision name of a Caffe layer, e.g. conv3_1_1x1_proj_bn: layer2.0.downsample.1."""
    if name.startswith("conv1_7x7_s2"):
        return name.replace("conv1_7x7_s2_bn", "bn1").replace("conv1_7x7_s2", "conv1")
    if name.startswith("classifier"):
        return "fc." + name.rpartition(".")[2]
    match = _CAFFE.fullmatch(name)
    if match is None:
        return name
    stage, block, part, norm, parameter = match.groups()
    if part == "1x1_proj":
        layer = f"downsample.{1 if norm else 0}"
    else:
        layer = f"{'bn' if norm else 'conv'}{_PARTS[part]}"
    return f"layer{int(stage) - 1}.{int(block) - 1}.{layer}.{parameter}"


def _of_stages(name: str) -> str:
    """The name of an IR-50's layer by stages, e.g. body2.0.res_layer.1 of body.3.res_layer.1."""
    match = _UNIT.match(name)
    if match is None:
        return name
    unit = int(match[1])
    for stage, count in enumerate((*UNITS, 3), 1):  # no model has the fourth stage's three
        if unit < count:
            return f"body{stage}.{unit}." + name[match.end() :]
        unit -= count
    return name
