"""A car stood in a scene: its shadow on the road, its coverage of every pixel, and its colours."""
import cv2
import numpy as np

from tests.drawn.camera import EYE, Camera
from tests.drawn.livery import Paint
from tests.drawn.mesh import Mesh
from tests.drawn.shading import SUN, shade

SUPERSAMPLE = 4   # coverage samples along each side of a pixel; every second one is shaded
CLEAR_COAT = 17   # the body paint's reflectance, 0..255
OVERHEAD = np.array([0, 0, 1])
SHADOWS = (  # metres up to which the car casts it, direction of the light, strength in 0..1, softness in metres
    (9.0, SUN, 0.42, 0.05),
    (0.35, OVERHEAD, 0.72, 0.09),
)


def place(scene: np.ndarray, camera: Camera, car: Mesh, colour: tuple[int, int, int], heading: float,
          position: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Stands a car, turned by `heading` degrees, at world (x, y) in a scene, float32 (height, width, 3), which its shadow darkens in place.

    Returns its foreground uint8 (height, width, 3) and alpha float32 (height, width) in 0..1.
    """
    cosine, sine = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    turn = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    car = car._replace(corners=car.corners @ turn + [*position, 0], normals=car.normals @ turn)
    points = car.corners.reshape(-1, 3)
    for top, direction, strength, softness in SHADOWS:
        caster = points[points[:, 2] < top]
        shadow = (caster - caster[:, 2:] * direction / direction[2]) * [1, 1, 0]
        mask = np.zeros(scene.shape[:2], np.float32)
        cv2.fillConvexPoly(mask, cv2.convexHull(camera.project(shadow).astype(np.int32)), strength)
        scene *= 1 - cv2.GaussianBlur(mask, (0, 0), softness * camera.focal / position[1])[..., None]
    return render(car, (*colour, CLEAR_COAT), camera, scene.shape[:2])


def render(mesh: Mesh, body: Paint, camera: Camera, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Foreground uint8 (*shape, 3) and alpha float32 `shape` in 0..1 of a mesh in world axes."""
    mesh = far_to_near(mesh)
    pixels = camera.project(mesh.corners)
    left, top = np.clip(np.floor(pixels.min((0, 1))) - 2, 0, shape[::-1]).astype(int)
    right, bottom = np.clip(np.ceil(pixels.max((0, 1))) + 2, 0, shape[::-1]).astype(int)
    box, size = (slice(top, bottom), slice(left, right)), (right - left, bottom - top)

    samples = (pixels - (left, top)) * SUPERSAMPLE - 0.5
    numbers = rasterise(samples, size)
    alpha = np.zeros(shape, np.float32)
    alpha[box] = cv2.resize((numbers > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)

    coarse = numbers[::2, ::2]
    covered = np.nonzero(coarse)
    positions = np.stack(covered[::-1], -1) * 2.0
    columns, rows = ((positions + 0.5) / SUPERSAMPLE + (left, top)).astype(np.float32).T
    view = np.stack([camera.centre - columns, np.full_like(columns, -camera.focal), rows - camera.horizon], -1)
    shaded = np.zeros((*coarse.shape, 4), np.float32)  # colour and coverage
    shaded[..., :3][covered] = shade(mesh, body, coarse[covered] - 1, positions, samples, view)
    shaded[..., 3][covered] = 1
    mean = cv2.resize(shaded, size, interpolation=cv2.INTER_AREA)
    mean += 1e-3 * cv2.blur(mean, (5, 5))  # where every shaded sample missed, ask the neighbours
    foreground = np.zeros((*shape, 3), np.uint8)
    foreground[box] = np.clip(mean[..., :3] / np.maximum(mean[..., 3:], 1e-6) + 0.5, 0, 255)
    return foreground, alpha


def far_to_near(mesh: Mesh) -> Mesh:
    """The facets whose outside the camera sees, the farthest first."""
    sight = mesh.corners.mean(1) - [0, 0, EYE]
    facing = np.cross(mesh.corners[:, 2] - mesh.corners[:, 0], mesh.corners[:, 3] - mesh.corners[:, 1])
    seen = np.flatnonzero(np.sum(facing * sight, -1) * np.sum(facing * mesh.normals.mean(1), -1) < 0)
    seen = seen[np.argsort(-np.linalg.norm(sight[seen], axis=-1))]
    return Mesh(*(field[seen] for field in mesh))


def rasterise(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which facet each sample shows, counted from 1, or 0 for none: int32 (height, width) * SUPERSAMPLE.

    corners (n, 4, 2) in samples, far to near, so that a nearer facet paints over a farther one; size is (width, height) in pixels.
    """
    numbers = np.zeros((size[1] * SUPERSAMPLE, size[0] * SUPERSAMPLE), np.int32)
    for number, quad in enumerate(np.round(corners * 16).astype(np.int32), 1):
        cv2.fillConvexPoly(numbers, quad, number, cv2.LINE_8, 4)
    return numbers
