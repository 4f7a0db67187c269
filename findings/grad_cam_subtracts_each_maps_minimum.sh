#!/usr/bin/env bash
# Surprise: grad-cam subtracts the minimum of each face's or picture's map before it scales it to [0, 1].
#   A network that looks everywhere alike gets a map of zeros, as one that looks nowhere; and where no
#   part is without any attention, the share of attention on a region comes out larger than it is.
# Hurts: whoever measures with such maps (attention on an object, pointing games, deletion curves,
#   comparisons of networks) rather than looks at them: each map is changed by another amount.
# Do: take the map before it is scaled: `get_cam_image` with the activations and gradients that the
#   explainer kept, cut off below 0, and divide by its maximum or its sum.
# Seen with grad-cam 1.5.7, torch 2.14.1, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet grad-cam==1.5.7 torch==2.14.1 torchvision==0.29.1
venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from torch import nn


class Sum(nn.Module):
    """Its one logit is the sum of the picture, so the picture itself is its Grad-CAM map."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.layer.weight)

    def forward(self, pictures):
        return self.layer(pictures).sum((2, 3))


print("grad-cam", version("grad-cam"), "torch", version("torch"))
pictures = torch.full((2, 1, 8, 8), 0.5)
pictures[1, 0, 2:6, 2:6] = 1.0  # the middle quarter twice as bright
network = Sum().eval()
with GradCAM(network, [network.layer]) as explainer:
    given = explainer(pictures, None)
    seen = explainer.activations_and_grads
    raw = explainer.get_cam_image(
        pictures, network.layer, None, seen.activations[0].numpy(), seen.gradients[0].numpy()
    ).clip(0)
share = {name: m[1, 2:6, 2:6].sum() / m[1].sum() for name, m in (("given", given), ("raw", raw))}
print(f"even picture: raw map {raw[0].min():g} to {raw[0].max():g}, "
      f"given map {given[0].min():g} to {given[0].max():g}")
print(f"bright middle: share of attention there {share['raw']:.2f} raw, {share['given']:.2f} given")
if given[0].any() or not np.isclose(share["raw"], 0.4) or not np.isclose(share["given"], 1):
    raise SystemExit("changed: maps keep their minimum")
P
echo "as found: the minimum of each map is taken off"
