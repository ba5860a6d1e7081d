"""The camera that car and street are seen by."""
from typing import NamedTuple

import numpy as np

EYE = 1.5  # camera height, metres


class Camera(NamedTuple):
    """A level pinhole camera at the world's origin, EYE above the ground; all fields in pixels."""

    focal: float    # length
    centre: float   # column
    horizon: float  # row

    def project(self, points: np.ndarray) -> np.ndarray:
        """World points (..., 3) in metres -> float64 pixels (..., 2) as (column, row)."""
        across, depth, height = np.moveaxis(np.asarray(points, float), -1, 0)
        scale = self.focal / depth
        return np.stack([self.centre + scale * across, self.horizon + scale * (EYE - height)], -1)
