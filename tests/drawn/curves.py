"""Smooth lines through a few points."""
import cv2
import numpy as np


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 up to `low`, 1 from `high` on, a cubic between them; of value's shape."""
    portion = np.clip((value - low) / (high - low), 0, 1)
    return portion * portion * (3 - 2 * portion)


def profile(x: np.ndarray, knots: list[tuple[float, float]]) -> np.ndarray:
    """The polyline through knots (x, height) with its corners rounded over some 7 cm, at x (n,) in -2.6..2.6 metres: float64 (n,)."""
    grid = np.linspace(-2.6, 2.6, 1041)  # every 5 mm
    return np.interp(x, grid, cv2.GaussianBlur(np.interp(grid, *zip(*knots))[None], (0, 0), 14)[0])


def spline(points: np.ndarray, steps: int) -> np.ndarray:
    """Catmull-Rom through points (k, ...), `steps` samples a segment: float64 ((k - 1) * steps + 1, ...)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    along = np.linspace(0, 1, steps, endpoint=False).reshape(-1, *[1] * (points.ndim - 1))
    segments = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:]):
        cubic = 3 * (start - end) + after - before
        square = 2 * before - 5 * start + 4 * end - after + along * cubic
        segments.append(start + along / 2 * (end - before + along * square))
    return np.concatenate([*segments, points[-1:]])


def rounded(outline: np.ndarray, share: float) -> np.ndarray:
    """A closed outline (k, 2) whose corners are cut away over a share (0..0.5) of their edges, then softened (Chaikin): (8k, 2).

    A share of 0 leaves the outline as it is.
    """
    for cut in (share, 0.25, 0.25) if share else ():
        edge = np.roll(outline, -1, 0) - outline
        outline = np.stack([outline + cut * edge, outline + (1 - cut) * edge], 1).reshape(-1, 2)
    return outline
