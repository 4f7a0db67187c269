"""IR-50 beside a MobileFaceNet that finds 68 landmarks, as POSTER and POSTER++ have the two.

Their released code (zczcwh/POSTER, Talented-Q/POSTER_V2): both see every second pixel of the same
normalised face; the landmark network learns nothing (`FROZEN`). 18,523,200 parameters, 17,611,968
of them IR-50's.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from fer_bench.models.backbone_base import StagedBackbone, load_equal
from fer_bench.models.ir50 import Ir50
from fer_bench.models.mobilefacenet import MobileFaceNet

IR50_MOBILEFACENET = "ir50_mobilefacenet"
FROZEN = ("backbone.landmarks",)
"""What a model with this backbone names in `frozen`."""


def landmarks_of(stage: str) -> str:
    """The name of the landmark network's map beside the face's of `stage`: of half its side."""
    return f"landmarks_{stage}"


class FaceAndLandmarks(StagedBackbone):
    """The maps of IR-50, and beside each the landmark network's."""

    def __init__(self) -> None:
        super().__init__()
        self.face, self.landmarks = Ir50(), MobileFaceNet()

    def channels(self, stage: str) -> int:
        """Channels of a stage's feature map of the face; `landmarks.channels` has the other's."""
        return self.face.channels(stage)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The maps `layer1` to `layer3` of a normalised face (B, 3, H, W), with `landmarks_of`.

        Strides are 4, 8 and 16 for the face, 8, 16 and 32 for the landmarks.
        """
        maps: dict[str, Tensor] = self.face(x)
        beside = self.landmarks(x[..., ::2, ::2])
        return maps | {landmarks_of(stage): each for stage, each in beside.items()}

    def published(self) -> set[str]:
        """The names of both: each network's own behind `face.` and `landmarks.`."""
        return set(self.state_dict())

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load the weights of both, as `fer-bench weights add ms1m_ir50_mobilefacenet` joins them.

        Raises:
            FerBenchError: they do not fit; the networks are then left as they were.
        """
        load_equal(self, state, (), "IR-50 with a network of landmarks")
