"""Ways to make a face harder to read, each at five severities; see `base.Corruption`.

After ImageNet-C (Hendrycks & Dietterich, "Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations", ICLR 2019) and RAF-DB-C (Greco, Strisciuglio, Vento & Vigilante,
"Benchmarking deep networks for facial emotion recognition in the wild", Multimedia Tools and
Applications 82, 2022), whose parameters are kept where they have the corruption; written anew,
because faces come in crops of other sizes than 224 px, and because occluders, masks and misaligned
crops matter more for faces than snow. Nothing here imports torch.
"""

from __future__ import annotations

from fer_bench.evaluation.corruptions import (
    blur,
    light,
    misalignment,
    noise,
    occlusion,
    resolution,
)
from fer_bench.evaluation.corruptions.base import Corruption
from fer_bench.evaluation.corruptions.perturbations import PERTURBATIONS, Perturbation

SEVERITIES = (1, 2, 3, 4, 5)

CORRUPTIONS: dict[str, Corruption] = {
    corruption.name: corruption
    for module in (occlusion, blur, noise, resolution, light, misalignment)
    for corruption in module.CORRUPTIONS
}
"""Every corruption by name, in the order of pages and figures."""

__all__ = ["CORRUPTIONS", "PERTURBATIONS", "SEVERITIES", "Corruption", "Perturbation"]
