"""The cascade's three networks, put together from facenet-pytorch's weights for speed.

On a CPU tensors stay in oneDNN's own layout between layers, where pooling and PReLU cost a fraction
of what they do in torch's. The first network is rearranged so that its first PReLU comes after the
pooling, on a quarter of the values: where the slope a is negative, the maximum of PReLU(x) over a
window is the larger of max(x) and max(a x), so a x is computed by kernels of its own. Grey images
have one channel, seen by the sum of the three channels' kernels. None of this changes a result by
more than the last bits of floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SMALL = 8192
"""Pixels below which entering oneDNN's layout takes longer than it saves."""


@dataclass(frozen=True)
class _Layer:
    """A convolution, PReLU and maybe pooling; `kernels` by the number of channels coming in."""

    kernels: dict[int, Any]
    bias: Any
    slopes: Any
    pool: tuple[int, int] | None = None

    def __call__(self, x: Any) -> Any:
        import torch

        x = torch.prelu(torch.conv2d(x, self.kernels[x.shape[1]], self.bias), self.slopes)
        return torch.max_pool2d(x, *self.pool, 0, 1, True) if self.pool else x


class _Layout:
    """How tensors lie in memory between layers: oneDNN's way, or (`blocked` false) as they are."""

    def __init__(self, blocked: bool) -> None:
        self._blocked = blocked

    def enter(self, x: Any) -> Any:
        return x.contiguous().to_mkldnn() if self._blocked else x

    def leave(self, x: Any) -> Any:
        return x.to_dense() if self._blocked else x

    def layer(self, net: Any, number: int) -> _Layer:
        """Layer `number` of a network, as it is."""
        convolution = getattr(net, f"conv{number}")
        pool = getattr(net, f"pool{number}", None)
        return _Layer(
            self.kernels(convolution.weight),
            self.enter(convolution.bias),
            self.enter(getattr(net, f"prelu{number}").weight),
            (pool.kernel_size, pool.stride) if pool else None,
        )

    def kernels(self, weight: Any) -> dict[int, Any]:
        """A convolution's weights; those of the first layers also for one channel."""
        found = {weight.shape[1]: self.enter(weight)}
        if weight.shape[1] == 3:
            found[1] = self.enter(weight.sum(dim=1, keepdim=True))
        return found


class _First:
    """The first network: its first channels are ordered by the sign of their slopes."""

    def __init__(self, net: Any, layout: _Layout) -> None:
        import torch

        self._layout = layout
        slopes, kernels, bias = net.prelu1.weight, net.conv1.weight, net.conv1.bias
        rises, falls = slopes >= 0, slopes < 0
        a = slopes[falls]
        more = kernels[falls] * a.view(-1, 1, 1, 1)
        self._kernels = layout.kernels(torch.cat([kernels[rises], kernels[falls], more]))
        self._bias = layout.enter(torch.cat([bias[rises], bias[falls], bias[falls] * a]))
        self._slopes = slopes[rises].clone()
        second = layout.layer(net, 2)
        kernels = net.conv2.weight
        ordered = torch.cat([kernels[:, rises], kernels[:, falls]], dim=1)
        self._rest = [
            _Layer(layout.kernels(ordered), second.bias, second.slopes),
            layout.layer(net, 3),
        ]
        face, move = net.conv4_1, net.conv4_2
        self._last = (
            layout.enter(torch.cat([face.weight, move.weight])),
            layout.enter(torch.cat([face.bias, move.bias])),
        )

    def __call__(self, pixels: Any) -> tuple[Any, Any]:
        import torch

        enter, leave = self._layout.enter, self._layout.leave
        x = torch.conv2d(enter(pixels), self._kernels[pixels.shape[1]], self._bias)
        x = leave(torch.max_pool2d(x, 2, 2, 0, 1, True))
        rising = len(self._slopes)
        falling = (x.shape[1] - rising) // 2
        middle = x.narrow(1, rising, falling)
        torch.maximum(middle, x.narrow(1, rising + falling, falling), out=middle)
        x[:, :rising] = torch.prelu(x[:, :rising], self._slopes)
        x = enter(x[:, : rising + falling])
        for layer in self._rest:
            x = layer(x)
        both = leave(torch.conv2d(x, *self._last))
        return both[:, 2:], both[:, :2].softmax(dim=1)[:, 1]


class Networks:
    """Functions from pixels (B, 1 or 3, H, W) float32 to the networks' outputs.

    Args:
        device: torch device.
    """

    def __init__(self, device: Any) -> None:
        import torch
        from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

        here = device.type == "cpu" and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
        self._layout, plain = _Layout(here), _Layout(False)
        with torch.inference_mode():
            first, self._second, self._third = (
                network().eval().to(device) for network in (PNet, RNet, ONet)
            )
            self._first, self._first_small = _First(first, self._layout), _First(first, plain)
            self._second_layers = [self._layout.layer(self._second, n) for n in (1, 2, 3)]
            self._third_layers = [self._layout.layer(self._third, n) for n in (1, 2, 3, 4)]

    def first(self, pixels: Any) -> tuple[Any, Any]:
        """Box offsets (B, 4, h, w) and face scores (B, h, w)."""
        size = pixels.shape[0] * pixels.shape[2] * pixels.shape[3]
        return self._first_small(pixels) if size < SMALL else self._first(pixels)

    def second(self, pixels: Any) -> tuple[Any, Any]:
        """Box offsets (B, 4) and face scores (B,) of 24 x 24 pixels."""
        net = self._second
        x = net.prelu4(net.dense4(self._flat(pixels, self._second_layers)))
        return net.dense5_2(x), net.dense5_1(x).softmax(dim=1)[:, 1]

    def third(self, pixels: Any) -> tuple[Any, Any, Any]:
        """Box offsets (B, 4), face scores (B,) and landmarks (B, 10) of 48 x 48 pixels."""
        net = self._third
        x = net.prelu5(net.dense5(self._flat(pixels, self._third_layers)))
        return net.dense6_2(x), net.dense6_1(x).softmax(dim=1)[:, 1], net.dense6_3(x)

    def _flat(self, pixels: Any, layers: list[_Layer]) -> Any:
        x = self._layout.enter(pixels)
        for layer in layers:
            x = layer(x)
        return self._layout.leave(x).permute(0, 3, 2, 1).flatten(1)  # the weights' order
