"""The shape of a hatchback: the body is a loft of cross sections, the wheels are surfaces of revolution."""
import numpy as np

from tests.drawn.curves import profile, smoothstep, spline
from tests.drawn.livery import BLACK, NOSE, PLAN, SHELL, SIDE, TAIL, WHEEL
from tests.drawn.mesh import Mesh, facets, join

# Outlines of the body as (x, metres) knots from tail to nose; `profile` rounds their corners.
ROOF = [(-2.1, 0.99), (-1.98, 1.03), (-1.72, 1.37), (-1.2, 1.45), (-0.4, 1.48), (0.2, 1.435), (1.0, 1.02), (1.5, 0.945),
        (1.9, 0.86), (2.1, 0.77)]
BELT = [(-2.1, 0.91), (-1.5, 0.96), (0.0, 0.935), (0.95, 0.93), (1.5, 0.87), (2.1, 0.70)]
HALF_WIDTH = [(-2.1, 0.79), (-1.9, 0.855), (-1.3, 0.895), (0.0, 0.90), (1.4, 0.895), (1.85, 0.85), (2.1, 0.77)]
FLOOR = [(-2.1, 0.30), (-1.7, 0.20), (1.7, 0.19), (2.1, 0.24)]
STATIONS = np.linspace(-2.06, 2.08, 260)  # where the loft has its cross sections, x in metres
STEPS = 6  # points of a cross section from knot to knot
EAVE = 8   # the knot of a cross section above which the plan is its texture, below it the side

WHEEL_RADIUS, ARCH_RADIUS, HALF_TRACK = 0.33, 0.39, 0.865  # metres
AXLES = (1.30, -1.30)  # x in metres
# Half a section of a wheel from its face around to its back: (share of the radius, metres outwards).
TYRE = np.array([(0, -0.02), (0.3, -0.02), (0.62, -0.012), (0.68, 0), (0.72, 0), (0.86, 0.012), (0.95, 0), (1, -0.035),
                 (1, -0.085), (1, -0.135), (1, -0.19), (0.9, -0.21), (0, -0.21)])
FACE = 8  # so many segments of it are the face, the others are black


def hatchback() -> Mesh:
    """The whole car in car axes, standing on z = 0."""
    parts = [body(), *(wheel(axle, side) for axle in AXLES for side in (1, -1))]
    for side in (1, -1):
        parts.append(pebble((0.07, 0.115, 0.075), (0.66, side, 1.02), SHELL))  # a mirror
        parts.append(pebble((0.03, 0.09, 0.02), (0.67, side * 0.9, 0.955), BLACK))  # and its arm
    return join([*parts, aerial()])


def body() -> Mesh:
    """Everything but wheels, mirrors and aerial."""
    ring = cross_sections()
    grid = np.stack([np.broadcast_to(STATIONS, ring[:, 0].shape), ring[:, 0], ring[:, 1]], -1).transpose(1, 0, 2)
    tail, nose = cap(grid[0], -0.11)[::-1], cap(grid[-1], 0.14)
    grid = np.concatenate([tail, grid, nose])
    around = np.arange(len(ring) - 1)
    skin = np.tile(np.where(np.minimum(around, around[::-1]) < EAVE * STEPS, SIDE, PLAN), (len(grid) - 1, 1))
    skin[: len(tail)], skin[-len(nose):] = TAIL, NOSE
    # Seen from above nose and tail are bowed; seen from the side the wheel arches are hollow.
    grid[..., 0] -= np.sign(grid[..., 0]) * 0.25 * grid[..., 1] ** 2 * smoothstep(1.3, 2.3, np.abs(grid[..., 0]))
    for axle in AXLES:
        inside = ARCH_RADIUS - np.hypot(grid[..., 0] - axle, grid[..., 2] - WHEEL_RADIUS)
        across = grid[..., 1]
        across -= np.sign(across) * smoothstep(0, 0.06, inside) * np.clip(np.abs(across) - 0.60, 0, 1)
    return facets(grid, skin)


def cross_sections() -> np.ndarray:
    """Rings around the body, up on its left and down on its right: float64 (points, 2 as (y, z), stations)."""
    roof, belt, half, floor = (profile(STATIONS, knots) for knots in (ROOF, BELT, HALF_WIDTH, FLOOR))
    cabin, sill = np.maximum(roof - belt, 0.02), 0.955 * half
    eave, rise = sill - 0.06 - 0.36 * cabin, roof - 0.012 - 0.10 * cabin
    middle = np.zeros_like(STATIONS)
    section = [(middle, floor), (0.82 * half, floor), (sill, floor + 0.05), (0.985 * half, floor + 0.17),
               (0.982 * half, middle + 0.52), (half, np.minimum(0.75, belt - 0.08)), (sill, belt),
               ((sill + eave) / 2 + 0.02, (belt + rise) / 2), (eave, rise), (0.55 * eave, roof - 0.006), (middle, roof)]
    left = spline(np.array(section), STEPS)
    return np.concatenate([left, (left * [[-1], [1]])[-2::-1]])


def cap(section: np.ndarray, depth: float) -> np.ndarray:
    """Rings (32, m, 3) that close an end section (m, 3) with a flat face and rounded edges."""
    turn = np.linspace(0, np.pi / 2, 33)[1:, None, None]
    middle = section.mean(0) * [1, 0, 1]
    rings = middle + (section - middle) * np.cos(turn).clip(0) ** 0.62
    rings[..., 0] += depth * np.sin(turn[..., 0]) ** 0.8
    return rings


def wheel(axle: float, side: int) -> Mesh:
    """The wheel at x = axle, left (side 1) or right (side -1)."""
    turn = np.linspace(0, 2 * np.pi, 73)[:, None]
    radius, bulge = WHEEL_RADIUS * TYRE[:, 0], side * TYRE[:, 1] + 0 * turn
    grid = np.stack([radius * np.cos(turn), bulge, radius * np.sin(turn)], -1)
    return facets(grid, np.where(np.arange(len(TYRE) - 1) < FACE, WHEEL, BLACK), (axle, side * HALF_TRACK, WHEEL_RADIUS))


def pebble(radii: tuple[float, float, float], centre: tuple[float, float, float], skin: int) -> Mesh:
    """A rounded box around `centre`; half its sides are `radii`, in metres."""
    longitude, colatitude = np.meshgrid(np.linspace(0, 2 * np.pi, 33), np.linspace(0, np.pi, 17))
    unit = np.stack([np.cos(longitude) * np.sin(colatitude), np.sin(longitude) * np.sin(colatitude), np.cos(colatitude)], -1)
    return facets(np.sign(unit) * np.abs(unit) ** 0.6 * radii, skin, centre)


def aerial() -> Mesh:
    """A thin rod that leans back from the end of the roof."""
    turn = np.linspace(0, 2 * np.pi, 7)
    rings = [[(-1.15 - 0.26 * up + radius * np.cos(angle), radius * np.sin(angle), 1.43 + 0.34 * up) for angle in turn]
             for up, radius in ((0, 0.008), (0.5, 0.006), (1, 0.004))]
    return facets(np.array(rings), BLACK)
