"""The lower half of a face as a cylinder, placed by five landmarks.

The masked sets need the bridge of the nose, the chin and both sides of the jaw, which the detector
does not give. They are taken from a mean face: with E the middle of the eyes, M the middle of the
mouth, u = right eye - left eye and v = M - E,

    bridge = E + 0.169 v    chin = E + 1.762 v
    left jaw = E - 1.114 u + 0.580 v    right jaw = E + 1.146 u + 0.587 v

which holds for faces turned by up to about 30 degrees. For the realistic style the turn is
estimated from the nose and each half of the jaw gets the width a turned cylinder shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NOSE_DEPTH = 0.4
"""How far the tip of the nose stands out of the plane of eyes and mouth, in eye distances."""

JAW_ANGLE = np.radians(65)
"""Where on the cylinder the sides of the jaw (a = 1) lie, from the middle of the face."""

EAR_ANGLE = np.radians(94)
HALF_WIDTH = 1.13
"""Half the width of the jaw seen from the front, in eye distances."""

RADIUS = HALF_WIDTH / np.sin(JAW_ANGLE)
MAX_YAW = np.radians(55)


@dataclass(frozen=True)
class JawPoints:
    """The four points the paper's mask tool starts from, each (x, y)."""

    bridge: np.ndarray
    chin: np.ndarray
    left: np.ndarray
    right: np.ndarray


def jaw_points(landmarks: np.ndarray) -> JawPoints:
    """The mean face's bridge, chin and jaw sides for `landmarks` (5, 2)."""
    eyes, u, v = _axes(landmarks)
    return JawPoints(
        bridge=eyes + 0.169 * v,
        chin=eyes + 1.762 * v,
        left=eyes - 1.114 * u + 0.580 * v,
        right=eyes + 1.146 * u + 0.587 * v,
    )


def jaw_of_68(points: np.ndarray) -> JawPoints:
    """The same four of 68 `points` (68, 2), those that the paper's mask tool takes of dlib's.

    It (`wear_mask_to_face`, a copy of Prodesire/face-mask) takes the second point of the nose's
    bridge and three of the jaw's seventeen: 28, 8, 2 and 14, counted from 0.
    """
    return JawPoints(bridge=points[28], chin=points[8], left=points[2], right=points[14])


def estimate_yaw(landmarks: np.ndarray) -> float:
    """How far the face is turned, in degrees; positive when the nose points to image right.

    From the shift d of the nose tip off the line through eye and mouth middles, along the eyes and
    in eye distances: tan(yaw) = d / NOSE_DEPTH.
    """
    eyes, u, v = _axes(landmarks)
    along, _ = np.linalg.solve(np.stack([u, v], axis=1), landmarks[2] - eyes)
    return float(np.degrees(np.arctan(along / NOSE_DEPTH)))


@dataclass(frozen=True)
class FaceFrame:
    """Maps image points to mask coordinates (a, b), see `mask_art`, and back.

    Attributes:
        bridge: (2,) where b = 0 on the middle line.
        across: (2,) one eye distance (as seen from the front) to image right.
        down: (2,) from the bridge to the chin.
        yaw: radians, positive when turned to image right.
        nose: (x, b) of the nose tip in this frame; the mask's middle line bulges to it.
    """

    bridge: np.ndarray
    across: np.ndarray
    down: np.ndarray
    yaw: float
    nose: tuple[float, float]

    @staticmethod
    def of(
        landmarks: np.ndarray, scale: float = 1.0, lift: float = 0.0, jaw: JawPoints | None = None
    ) -> FaceFrame:
        """The frame for `landmarks` (5, 2).

        Args:
            landmarks: left eye, right eye, nose, left and right mouth corner.
            scale: widens the mask.
            lift: moves it up, in units of bridge to chin.
            jaw: where bridge and chin are, if that is known better than by the mean face.
        """
        eyes, u, v = _axes(landmarks)
        yaw = float(np.clip(np.radians(estimate_yaw(landmarks)), -MAX_YAW, MAX_YAW))
        along, _ = np.linalg.solve(np.stack([u, v], axis=1), landmarks[2] - eyes)
        bridge, chin = eyes + 0.169 * v + 0.31 * along * u, eyes + 1.762 * v
        if jaw is not None:
            bridge, chin = jaw.bridge, jaw.chin
        down = chin - bridge
        bridge = bridge - lift * down
        across = u / np.cos(yaw)
        x, b = np.linalg.solve(np.stack([across, down], axis=1), landmarks[2] - bridge)
        return FaceFrame(bridge, across * scale, down, yaw, (float(x) / scale, float(b)))

    @property
    def eye_distance(self) -> float:
        """The distance between the eyes seen from the front, in pixels."""
        return float(np.hypot(*self.across))

    def rim(self, side: int) -> float:
        """The x of the head's visible rim, for side -1 (image left) or 1."""
        return float(RADIUS * (side - np.sin(self.yaw)))

    def strap(self, side: int, a: float, b: float, end: float) -> np.ndarray:
        """Points (n, 2) of a strap from the mask's edge to the ear, as far as it can be seen.

        Args:
            side: -1 (image left) or 1.
            a: where it leaves the mask, unsigned.
            b: the height there.
            end: its height at the ear.
        """
        t = np.linspace(0, 1, 40)
        angle = self.yaw + side * (a * JAW_ANGLE + t * (EAR_ANGLE - a * JAW_ANGLE))
        height = b + (end - b) * t**1.3  # elastic sags a little
        seen = np.abs(angle) <= np.pi / 2
        x = RADIUS * (np.sin(angle) - np.sin(self.yaw))
        points: np.ndarray = np.array(
            [self.place(float(px), float(py)) for px, py in zip(x[seen], height[seen], strict=True)]
        ).reshape(-1, 2)
        return points

    def to_mask(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mask coordinates a and b of image `points` (..., 2), and the angle to the viewer.

        Each half is unrolled by itself: a point at x (in eye distances off the middle line) lies at
        the angle asin(x / R + sin(yaw)) of the cylinder. `a` is far outside where a line of sight
        misses the cylinder. The third array is that angle in radians, for shading.
        """
        basis = np.linalg.inv(np.stack([self.across, self.down], axis=1))
        x, b = np.moveaxis((points - self.bridge) @ basis.T, -1, 0)
        x = x - self._bulge(b) * np.clip(1 - np.abs(x) / HALF_WIDTH, 0, 1)
        sine = x / RADIUS + np.sin(self.yaw)
        angle = np.arcsin(np.clip(sine, -1, 1))
        a = np.where(np.abs(sine) <= 1, (angle - self.yaw) / JAW_ANGLE, 9.0)
        return a, b, angle

    def to_image(self, a: float, b: float) -> np.ndarray:
        """The image point (2,) of mask coordinates."""
        angle = np.clip(self.yaw + a * JAW_ANGLE, -np.pi / 2, np.pi / 2)
        return self.place(float(RADIUS * (np.sin(angle) - np.sin(self.yaw))), b)

    def place(self, x: float, b: float) -> np.ndarray:
        """The image point (2,) at x eye distances off the middle line and at height b."""
        point: np.ndarray = self.bridge + x * self.across + b * self.down
        return point

    def _bulge(self, b: np.ndarray) -> np.ndarray:
        x, height = self.nose
        bulge: np.ndarray = 0.8 * x * np.exp(-(((b - height) / 0.3) ** 2))
        return bulge


def _axes(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    eyes = (landmarks[0] + landmarks[1]) / 2
    return eyes, landmarks[1] - landmarks[0], (landmarks[3] + landmarks[4]) / 2 - eyes
