"""The street that the car stands on: sky, houses, hedge, trees, pavement and road."""
import cv2
import numpy as np

from tests.drawn.backdrop import Backdrop, noise, over
from tests.drawn.camera import EYE, Camera
from tests.drawn.curves import smoothstep

KERB, TREES, HEDGE, HOUSES = 11.6, 16.5, 17.5, 24.0  # depth, metres
WALLS = [(158, 104, 84), (214, 204, 184), (176, 128, 100), (196, 196, 192), (148, 96, 82), (226, 216, 196)]
ROOFS = [(96, 76, 68), (88, 86, 88), (122, 78, 60)]
DOORS = [(40, 62, 50), (112, 34, 34), (38, 48, 78)]


def street(width: int, height: int, seed: int) -> tuple[Camera, np.ndarray]:
    """The camera, and the scene float32 (height, width, 3) in 0..255 that it sees."""
    rng = np.random.default_rng(seed)
    camera = Camera(1.23 * min(width, height * 4 / 3), width / 2, 0.42 * height)
    town = Backdrop(sky(width, height, rng), camera, rng)
    span = width / 2 / camera.focal  # half the view at one metre
    houses(town, span)
    garden(town, span)
    asphalt(town)
    markings(town)
    pavement(town)
    return camera, town.scene


def sky(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Clouds on blue that pales downwards: float32 (height, width, 3) in 0..255 and above."""
    cloud = smoothstep(-0.1, 0.7, noise((height, width), 0.35 * width, rng, 7, 1.7))
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    blue = np.float32([112, 156, 208]) + down * np.float32([150, 100, 50])
    return over(np.float32([236, 238, 242]), cloud, blue)


def houses(town: Backdrop, span: float) -> None:
    """A terrace across the whole view."""
    left = -span * HOUSES - 3.0
    while left < span * HOUSES:
        left += house(town, left)


def house(town: Backdrop, left: float) -> float:
    """One house with its left wall at x = left; returns its width in metres."""
    rng, depth = town.rng, HOUSES
    wide, eaves, door = rng.uniform(5.0, 7.5), rng.uniform(4.6, 5.4), left + rng.uniform(0.5, 1.2)
    town.slab((left, left + wide), depth, (0, eaves), rng.choice(WALLS), 0.12)
    town.slab((left, left + wide), (depth, depth + 2.5), (eaves, eaves + 2.0), rng.choice(ROOFS), 0.22)
    town.slab((left + 0.4, left + 1.2), depth + 2, (eaves + 1.4, eaves + 3.0), (134, 88, 72), 0.15)  # chimney
    town.slab((left - 0.1, left + wide + 0.1), depth, (eaves - 0.12, eaves + 0.05), (228, 226, 220))  # gutter
    town.slab((door - 0.1, door + 1.1), depth, (0, 2.25), (230, 228, 222))
    town.slab((door, door + 1.0), depth, (0, 2.15), rng.choice(DOORS))
    for share, sill in ((0.45, 0.9), (0.12, 3.0), (0.6, 3.0)):
        window(town, left + wide * share, sill)
    return wide


def window(town: Backdrop, left: float, sill: float) -> None:
    """A white frame and two dark panes, each with the sky's reflection above and a curtain at its left."""
    town.slab((left - 0.08, left + 1.52), HOUSES, (sill - 0.1, sill + 1.35), (232, 230, 224))
    for pane in (left, left + 0.76):
        town.slab((pane, pane + 0.68), HOUSES, (sill, sill + 1.25), (58, 66, 74), 0.3)
        town.slab((pane, pane + 0.68), HOUSES, (sill + town.rng.uniform(0.5, 1.1), sill + 1.25), (128, 142, 156), 0.3)
        town.slab((pane, pane + 0.2), HOUSES, (sill, sill + 1.25), (190, 184, 172), 0.2)


def garden(town: Backdrop, span: float) -> None:
    """Lawn, a hedge and three trees between the pavement and the houses."""
    rng = town.rng
    town.slab((-99, 99), (KERB, HOUSES), 0, (92, 104, 66), 0.2)
    for x in np.arange(-span * 18, span * 18, 0.8):
        town.leaves(x, HEDGE, rng.uniform(0.3, 0.6), 0.85, (72, 88, 50))
    for x in rng.uniform(-2, 2, 3) + (-7, 0, 7):
        town.slab((x - 0.14, x + 0.14), TREES, (0, 3.2), (74, 62, 50), 0.3)
        for _ in range(6):
            town.leaves(x + rng.normal(0, 0.8), TREES, rng.uniform(2.8, 4.8), 1.1, (78, 98, 52))


def asphalt(town: Backdrop) -> None:
    """Grainy ground from the camera to the kerb, in perspective."""
    scene, camera = town.scene, town.camera
    rows = np.arange(int(camera.project((0, KERB, 0))[1]), len(scene))
    depth = np.broadcast_to((camera.focal * EYE / (rows - camera.horizon))[:, None], (len(rows), scene.shape[1]))
    across = (np.arange(scene.shape[1]) - camera.centre) * depth / camera.focal
    texels = 80 * np.float32([across, depth])  # 80 a metre, on a tile of 13 metres
    tile = noise((1024, 1024), 160, town.rng, 8, 1.15)
    grain = cv2.remap(tile, *texels, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    scene[rows] = np.float32([106, 105, 103]) * (1 + 0.12 * grain[..., None])


def markings(town: Backdrop) -> None:
    """White dashes, two yellow lines along the kerb and a manhole cover."""
    for x in np.arange(-14.0, 14.0, 4.0):
        town.slab((x, x + 2.0), (4.75, 4.87), 0, (205, 203, 196), 0.2)
    for gap in (0.75, 1.0):
        town.slab((-40, 40), (KERB - gap - 0.09, KERB - gap), 0, (186, 158, 62), 0.25)
    town.slab((2.9, 3.6), (9.4, 9.9), 0, (62, 60, 60), 0.3)


def pavement(town: Backdrop) -> None:
    """Flagstones behind the kerb, a lamp post and a litter bin."""
    town.slab((-40, 40), (KERB, KERB + 3), 0, (164, 158, 150), 0.08)
    for x in np.arange(-12, 12, 0.75):
        town.slab((x, x + 0.02), (KERB, KERB + 3), 0, (128, 122, 116))
    for y in KERB + np.arange(0.8, 3, 0.8):
        town.slab((-40, 40), (y, y + 0.03), 0, (128, 122, 116))
    town.slab((-40, 40), KERB, (-0.08, 0.0), (140, 136, 130), 0.08)
    post, litter = town.rng.uniform(-4.0, -2.5), town.rng.uniform(2.8, 4.2)
    town.slab((post - 0.05, post + 0.05), 12.2, (0, 7), (74, 78, 80))
    town.slab((litter - 0.25, litter + 0.25), 13.0, (0, 0.95), (44, 60, 50), 0.1)
    town.slab((litter - 0.28, litter + 0.28), 13.0, (0.92, 1.05), (30, 34, 32))
