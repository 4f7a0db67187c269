"""The head as a stack of horizontal ellipses, turned and projected into the image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, radians, sin

import numpy as np

Points = np.ndarray
"""(n, 2) float array of x, y."""


FLATNESS = 2.4
"""Exponent of the cross-sections (2 is an ellipse)."""


@dataclass(frozen=True)
class Pose:
    """Where the head is and how it is turned.

    Attributes:
        yaw: degrees; positive turns the face to the image's right.
        pitch: degrees; positive looks down.
        roll: degrees in the image plane, clockwise.
        scale: pixels a head unit.
        centre: where the head's centre falls, pixels.
    """

    yaw: float
    pitch: float
    roll: float
    scale: float
    centre: tuple[float, float]


@dataclass(frozen=True)
class Head:
    """A head in head units: at height y its cross-section is 2 W(y) wide and 2 D(y) deep."""

    width: float
    crown: float
    chin: float
    jaw: float
    depth: float

    @cached_property
    def _sections(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Heights and, at each, half width, half depth and middle; drawing looks these up."""
        t = np.linspace(0.0, np.pi, 129)
        y = (self.chin - self.crown) / 2 - (self.chin + self.crown) / 2 * np.cos(t)
        up, down = np.clip(-y / self.crown, 0.0, 1.0), np.clip(y / self.chin, 0.0, 1.0)
        # Elliptic above the centre, squarer towards the jaw.
        width = np.where(y < 0, np.sqrt(1.0 - up**2.3), (1.0 - down**self.jaw) ** 0.62)
        # Full at the skull, shallower at the jaw, which has no back of the head behind it.
        lower = (1.0 - 0.4 * down) * (1.0 - down**6) ** 0.5
        depth = np.where(y < 0, np.sqrt(1.0 - up**2.6), lower)
        # The face turns about an axis behind the skull's middle.
        middle = -0.26 + 0.42 * down
        return y, self.width * width, self.depth * depth, self.depth * middle

    def half_width(self, y: np.ndarray) -> np.ndarray:
        """W(y), half the section's width."""
        return np.asarray(np.interp(y, self._sections[0], self._sections[1]))

    def half_depth(self, y: np.ndarray) -> np.ndarray:
        """D(y), half the section's depth."""
        return np.asarray(np.interp(y, self._sections[0], self._sections[2]))

    def middle(self, y: np.ndarray) -> np.ndarray:
        """Z of the section's centre."""
        return np.asarray(np.interp(y, self._sections[0], self._sections[3]))

    def surface(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Z of the front surface at (x, y), flatter than an ellipse as faces are."""
        ratio = np.minimum(np.abs(x) / np.maximum(self.half_width(y), 1e-6), 1.0)
        front = self.half_depth(y) * (1.0 - ratio**FLATNESS) ** (1 / FLATNESS)
        return np.asarray(self.middle(y) + front)


class Projection:
    """Projects points of a head's surface into a `side` x `side` image (orthographic)."""

    def __init__(self, head: Head, pose: Pose, side: int) -> None:
        self.head, self.pose = head, pose
        self.side = side
        self.sin_yaw, self.cos_yaw = sin(radians(pose.yaw)), cos(radians(pose.yaw))
        self.sin_pitch, self.cos_pitch = sin(radians(pose.pitch)), cos(radians(pose.pitch))
        self.sin_roll, self.cos_roll = sin(radians(pose.roll)), cos(radians(pose.roll))

    def project(self, points: Points, lift: float | np.ndarray = 0.0) -> Points:
        """Pixels of surface points given as (n, 2) x, y in head units, raised by `lift` in z."""
        points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        x, y = points[:, 0], points[:, 1]
        return self.project3(x, y, self.head.surface(x, y) + lift)

    def project3(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> Points:
        """Pixels of points in space, head units."""
        turned = x * self.cos_yaw + z * self.sin_yaw
        depth = z * self.cos_yaw - x * self.sin_yaw
        return self.place(turned, y * self.cos_pitch + depth * self.sin_pitch)

    def place(self, x: np.ndarray, y: np.ndarray) -> Points:
        """Roll, scale and shift points that are already turned."""
        scale, (cx, cy) = self.pose.scale, self.pose.centre
        return np.stack(
            [
                cx + scale * (x * self.cos_roll - y * self.sin_roll),
                cy + scale * (x * self.sin_roll + y * self.cos_roll),
            ],
            axis=1,
        )

    def unplace(self, px: np.ndarray, py: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of `place`, for pixel grids."""
        scale, (cx, cy) = self.pose.scale, self.pose.centre
        dx, dy = (px - cx) / scale, (py - cy) / scale
        return (
            dx * self.cos_roll + dy * self.sin_roll,
            dy * self.cos_roll - dx * self.sin_roll,
        )

    def extent(self, y: np.ndarray) -> np.ndarray:
        """Half the silhouette's width at height y, head units: the section's support function."""
        q = FLATNESS / (FLATNESS - 1.0)
        w = self.head.half_width(y) * abs(self.cos_yaw)
        d = self.head.half_depth(y) * abs(self.sin_yaw)
        return np.asarray((w**q + d**q) ** (1.0 / q))

    def silhouette(
        self, top: float, bottom: float, grow: float = 0.0, shift: float = 0.0
    ) -> Points:
        """Pixels of the head's outline between two heights, scaled about its centre by 1 + `grow`.

        `shift` moves it along the turned head's depth axis (negative: towards the back).
        """
        t = np.linspace(0.0, np.pi, 33)
        y = (top + bottom) / 2 - (bottom - top) / 2 * np.cos(t)
        half = self.extent(y) * (1.0 + grow)
        ys = y * self.cos_pitch * (1.0 + grow) + self.lean
        middle = (self.head.middle(y) + shift) * self.sin_yaw
        return np.concatenate([self.place(middle - half, ys), self.place(middle + half, ys)[::-1]])

    @property
    def lean(self) -> float:
        """How far pitch moves the outline: half as far as the front of the face."""
        return 0.45 * self.sin_pitch * self.head.depth

    def region(self, left: Points, right: Points) -> Points:
        """Pixels of the part of the surface between two edges given at matching heights.

        Where an edge lies beyond the horizon of the turned head, the horizon bounds the part.
        """
        shares = np.linspace(0.0, 1.0, 12)[:, None]
        edges = []
        for near, far, pick in ((left, right, np.argmin), (right, left, np.argmax)):
            x = near[:, 0] + shares * (far[:, 0] - near[:, 0])
            y = near[:, 1] + shares * (far[:, 1] - near[:, 1])
            z = self.head.surface(x, y)
            best = pick(x * self.cos_yaw + z * self.sin_yaw, axis=0), np.arange(len(near))
            edges.append(self.project3(x[best], y[best], z[best]))
        return np.concatenate([edges[0], edges[1][::-1]])
