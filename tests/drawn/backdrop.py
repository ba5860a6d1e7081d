"""A canvas for textured things that are placed in world metres."""
import cv2
import numpy as np

from tests.drawn.camera import Camera

Colour = tuple[int, int, int]       # RGB, 0..255
Span = float | tuple[float, float]  # one place, or from and to; metres


class Backdrop:
    """Paints on a scene float32 (height, width, 3) in 0..255, in place; later things hide earlier ones."""

    def __init__(self, scene: np.ndarray, camera: Camera, rng: np.random.Generator) -> None:
        self.scene, self.camera, self.rng = scene, camera, rng
        self.grain = noise(scene.shape[:2], 40, rng)

    def slab(self, x: Span, y: Span, z: Span, colour: Colour, texture: float = 0.06) -> None:
        """A rectangle: upright if y is one depth, flat if z is one height, else leaning."""
        (left, right), (near, far), (low, high) = (np.broadcast_to(span, 2) for span in (x, y, z))
        pixels = self.camera.project([(left, near, low), (right, near, low), (right, far, high), (left, far, high)])
        mask = np.zeros(self.scene.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, np.round(pixels * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        column, row, width, height = cv2.boundingRect(mask)
        box = slice(row, row + height), slice(column, column + width)
        tone = np.float32(colour) * (1 + texture * self.grain[box][..., None])
        self.scene[box] = over(tone, mask[box] / np.float32(255), self.scene[box])

    def leaves(self, x: float, y: float, z: float, radius: float, colour: Colour) -> None:
        """A ragged ball of foliage, lit from above."""
        (column, row), reach = self.camera.project((x, y, z)), radius * self.camera.focal / y
        low, high = np.clip(np.array([row, column]) + [[-1.5 * reach], [1.5 * reach]], 0, self.grain.shape).astype(int)
        if not (low < high).all():
            return
        box = slice(low[0], high[0]), slice(low[1], high[1])
        down, right = np.arange(low[0], high[0])[:, None] - row, np.arange(low[1], high[1]) - column
        speckle = noise(tuple(high - low), 0.3 * reach, self.rng, fade=1.15)
        solid = 1 - np.hypot(down, right) / reach + 0.5 * self.grain[box] + 0.25 * speckle
        tone = 0.9 + 0.7 * speckle - 0.35 * np.clip(down / reach, -1, 1)
        mask = np.clip(6 * solid, 0, 1).astype(np.float32)
        self.scene[box] = over(np.float32(colour) * np.maximum(tone, 0.15)[..., None], mask, self.scene[box])


def over(foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> np.ndarray:
    """The compositing operator: colours (height, width, 3) with straight alpha (height, width) in 0..1 over a background."""
    return background + alpha[..., None] * (foreground - background)


def noise(shape: tuple[int, int], cell: float, rng: np.random.Generator, octaves: int = 6, fade: float = 1.3) -> np.ndarray:
    """Fractal value noise float32 `shape`, about -1..1; `cell` is the widest grain in pixels, `fade` how fast finer ones weaken."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        grain = max(1.0, cell / 2**octave)
        coarse = rng.uniform(-1, 1, (int(shape[0] / grain) + 2, int(shape[1] / grain) + 2)).astype(np.float32)
        total += cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC) / fade**octave
    return total * (1 - 1 / fade) * 1.6
