"""What a backbone is: named feature maps, and loading the weights of an equal network.

The paper's Conv_3x is a ResNet's `layer2` and its Conv_4x is `layer3`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from fer_bench.errors import FerBenchError

STAGES = ("layer1", "layer2", "layer3", "layer4")
CONV_3X, CONV_4X = "layer2", "layer3"
TIMM = "timm_"
"""How the names of timm's networks begin."""


class Backbone(nn.Module, ABC):
    """A network that gives feature maps and can start from the weights of an equal one."""

    @abstractmethod
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Feature maps (B, C, h, w) by name, of a normalised image (B, 3, H, W)."""

    @abstractmethod
    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load the layers this network has from the weights of an equal or deeper one.

        Raises:
            FerBenchError: they do not fit; the network is then left as it was.
        """


class StagedBackbone(Backbone):
    """A backbone whose maps are a ResNet's stages, or maps of the same strides."""

    @abstractmethod
    def channels(self, stage: str) -> int:
        """Channels of a stage's feature map."""


def load_equal(
    network: nn.Module, state: Mapping[str, Tensor], passed_over: tuple[str, ...], what: str
) -> None:
    """Load `state` into `network`, whose every weight must be there.

    Args:
        network: it is left as it was when something is wrong.
        state: weights by torchvision's names; a missing `num_batches_tracked` is passed over.
        passed_over: beginnings of names in `state` that may be too many.
        what: the network, for the message.

    Raises:
        FerBenchError: names what is missing, what has another shape and what does not belong.
    """
    own = network.state_dict()
    faults = {
        "missing": [n for n in own if n not in state and not n.endswith("batches_tracked")],
        "unexpected": [n for n in state if n not in own and not n.startswith(passed_over)],
        "of another shape": [
            f"{n} {tuple(state[n].shape)} (needs {tuple(value.shape)})"
            for n, value in own.items()
            if n in state and state[n].shape != value.shape
        ],
    }
    said = [f"{len(v)} {kind}: {', '.join(v[:3])}" for kind, v in faults.items() if v]
    if said:
        raise FerBenchError(
            f"these are not the weights of a {what} (torchvision's names): {'; '.join(said)}. Use "
            "weights made for this backbone, or set the option `backbone` to theirs"
        )
    network.load_state_dict({name: state.get(name, value) for name, value in own.items()})
