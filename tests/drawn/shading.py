"""The colour of the car's surface: its paint under sun and sky, with a clear coat that mirrors the street."""
import numpy as np

from tests.drawn.curves import smoothstep
from tests.drawn.livery import Paint, sample, sheet
from tests.drawn.mesh import Mesh

SUN = np.float32([-0.50, -0.55, 0.67])


def shade(mesh: Mesh, body: Paint, facet: np.ndarray, positions: np.ndarray, corners: np.ndarray, view: np.ndarray) -> np.ndarray:
    """Colours float32 (n, 3) in 0..255 of the samples at `positions` (n, 2), which show `facet` int (n,) along `view` (n, 3).

    corners (facets, 4, 2) are where the mesh has its corners, in samples like the positions.
    """
    # Across a facet each attribute is affine in screen position, by least squares over the four corners.
    attributes = np.concatenate([mesh.normals, mesh.uv, mesh.corners[..., 2:]], -1)
    middle, mean = corners.mean(1), attributes.mean(1)
    offsets = corners - middle[:, None]
    moments = offsets.transpose(0, 2, 1) @ offsets + 0.5 * np.eye(2)
    slopes = np.linalg.solve(moments, offsets.transpose(0, 2, 1) @ (attributes - mean[:, None])).astype(np.float32)
    step = (positions - middle[facet]).astype(np.float32)
    value = mean.astype(np.float32)[facet] + step[:, :1] * slopes[facet, 0] + step[:, 1:] * slopes[facet, 1]
    normal, uv, height = value[:, :3], value[:, 3:5], value[:, 5:]
    paint, skin = np.empty((len(facet), 4), np.float32), mesh.skin[facet]
    for number in np.unique(skin):
        paint[skin == number] = sample(sheet(number, body), uv[skin == number])
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return light(normal, view / np.linalg.norm(view, axis=-1, keepdims=True), paint, height)


def light(normal: np.ndarray, view: np.ndarray, paint: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Sun and sky on a clear coat, in linear light (gamma 2): float32 (n, 3) in 0..255.

    normal and view (towards the camera) are unit vectors (n, 3), paint is (n, 4) in 0..255, height (n, 1) in metres.
    """
    albedo, reflectance = np.square(paint[:, :3] / 255), paint[:, 3:] / 255
    cosine = np.clip(np.sum(normal * view, -1, keepdims=True), 0, 1)
    mirrored = 2 * cosine * normal - view
    openness = 0.25 + 0.75 * smoothstep(0.0, 0.75, height)  # little light reaches the sills
    ambient = (0.32 + 0.30 * normal[:, 2:]) * openness
    sunshine = np.clip(normal @ SUN, 0, 1)[:, None]
    diffuse = ambient * np.float32([0.92, 1.0, 1.1]) + sunshine * np.float32([0.85, 0.81, 0.72])
    fresnel = np.clip(reflectance * (1 + 9 * np.square(np.square(1 - cosine))), 0, 0.9)
    glint = 5 * np.clip(mirrored @ SUN, 0, 1)[:, None] ** 300
    linear = albedo * diffuse * (1 - fresnel) + fresnel * (surroundings(mirrored) * openness + glint)
    return 255 * np.sqrt(np.clip(linear, 0, 1))


def surroundings(direction: np.ndarray) -> np.ndarray:
    """Linear light (n, 3) that arrives from unit vectors (n, 3): road, a ragged band of houses and trees, clouded sky."""
    x, y, up = direction.T[..., None]
    around = np.arctan2(y, x)
    skyline = 0.17 + 0.05 * np.sin(5 * around) + 0.035 * np.sin(13 * around + 1) + 0.02 * np.sin(31 * around)
    cloud = 0.5 + 0.25 * np.sin(5 * x + 3 * y + 4 * up) + 0.25 * np.sin(9 * y - 7 * x + 2)
    sky = np.float32([1.5, 1.55, 1.6]) - np.float32([1.15, 1.0, 0.65]) * smoothstep(0.1, 0.8, up) * (1 - 0.7 * cloud)
    band = np.float32([0.10, 0.10, 0.085]) * (1 + 0.5 * np.sin(17 * around + 2))
    scene = band + (sky - band) * smoothstep(-0.02, 0.05, up - skyline)
    road = np.float32([0.20, 0.20, 0.21]) * (1 + 0.5 * np.minimum(up, 0))
    return scene + (road - scene) * smoothstep(0.02, -0.04, up)
