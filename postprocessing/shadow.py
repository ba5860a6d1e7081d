"""A shadow that puts the cut-out car on the ground: black with its own alpha, from nothing but the car's matte.

contact: the soft dark under tyres and body that every car has under an open sky. The ground is read off the matte's lower outline: it is
where the outline is lowest, at the tyres, and straight between them, however tilted; bumpers and sills stand a small clearance above it.
drop: the contact shadow, and the car's outline cast on the ground by a light from the upper left, softer and fainter the higher its edge stands.

Drawn on a copy of the car of at most LONGEST pixels; only its soft result is enlarged. Blended like everything else in sRGB's own values:
black only dims what lies below, so linear light would only change the opacity.
"""
from typing import Literal, NamedTuple

import cv2
import numpy as np

from postprocessing.framing import WHOLE, Sides, window
from preprocessing.orientation import Box

BAND = 512     # rows that are darkened at once: more would take much memory in a large picture
LONGEST = 320  # pixels, of the copy's longer side
ROOM = {"contact": 0.26, "drop": 0.62}  # that a shadow takes around the car, shares of its height
FAINT = 0.012  # darkness below which a shadow is invisible and ends

# Shares of the car's height in the picture:
TYRE = 0.20   # half a tyre's width near the ground, seen from the side
RISE = 0.02   # by which the outline is higher on both sides of a tyre
DEPTH = 0.16  # of the dark ground, from its near edge up behind the car
ENDS = 0.12   # over which the shadow of what hangs over the tyres fades towards the car's ends


class ContactLayer(NamedTuple):
    """Lengths are shares of the car's height."""

    clearance: float           # between the ground and a body without tyres
    beyond: float              # how far it stands out from under the car
    blur: tuple[float, float]  # its reach across and down
    gap: float                 # a body so high above the ground has none of it
    darkness: float            # 0..1


FULL = 0.2  # share of a layer's gap up to which it is fully dark


# Light held off by the whole car, darkness under its body, tyres that touch: from wide and faint to narrow and dark.
LAYERS = (ContactLayer(0.08, 0.03, (0.16, 0.08), 0.6, 0.40), ContactLayer(0.035, 0.01, (0.07, 0.03), 0.55, 0.65),
          ContactLayer(0, 0.004, (0.03, 0.012), 0.075, 0.70))
# The cast shadow: how far it falls to the right and down for each pixel of height above the ground; its darkness; and, at the ground and at
# the roof, the reach of its blur and the share that is left of it.
RIGHT, DOWN, DARKNESS = 0.40, 0.05, 0.5
BLUR, REMAINING, SLICES = (0.04, 0.20), (1.0, 0.25), 5


class Shadow(NamedTuple):
    kind: Literal["contact", "drop"]
    opacity: float = 1.0  # 0..1


def cast(rgb: np.ndarray, alpha: np.ndarray, box: Box, shadow: Shadow) -> None:
    """Puts a shadow under a cut-out, uint8 (height, width, 3) and float32 straight alpha (height, width) in 0..1, in place.

    box is the upright car's. Where alpha is 1 nothing changes; what would fall outside of the picture is lost, see `with_room`.
    """
    car = cv2.resize(alpha[window(box)], copy_size(box)[::-1], interpolation=cv2.INTER_AREA)
    room = round(ROOM[shadow.kind] * car.shape[0])
    dark = np.maximum((contact if shadow.kind == "contact" else drop)(car, room) - FAINT, 0) * (shadow.opacity / (1 - FAINT))
    x, y, w, h = cv2.boundingRect((dark > 0).astype(np.uint8))
    if not w:
        return
    # a cell (i, j) of `dark` is the square of pixels from (i - room) * step + corner on
    step, corner = np.array(box[2:]) / car.shape, np.array(box[:2])
    first = np.maximum(np.floor((np.array([y, x]) - room - 0.5) * step + corner), 0).astype(int)
    last = np.minimum(np.ceil((np.array([y + h, x + w]) - room + 0.5) * step + corner), alpha.shape).astype(int)
    for top in range(first[0], last[0], BAND):
        part = (slice(top, min(top + BAND, last[0])), slice(first[1], last[1]))
        back = (np.array([top, first[1]]) + 0.5 - corner) / step + room - 0.5
        large = cv2.warpAffine(dark, np.array([[1 / step[1], 0, back[1]], [0, 1 / step[0], back[0]]]), alpha[part].shape[::-1],
                               flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        total = alpha[part] + large * (1 - alpha[part])
        share = cv2.divide(alpha[part], total)  # of the colour; 0 where both are
        rgb[part], alpha[part] = cv2.multiply(rgb[part], cv2.merge([share] * 3), dtype=cv2.CV_8U), total


def with_room(rgb: np.ndarray, alpha: np.ndarray, box: Box, shadow: Shadow, cut: Sides = WHOLE) -> tuple[np.ndarray, np.ndarray, Box]:
    """A copy of the cut-out, and its box, with transparent black added where its shadow, see `cast`, would reach past an edge of the picture.

    None is added above the car, nor at the sides at which the photo cuts it off.
    """
    top, left, height, width = box
    room = int(np.ceil(ROOM[shadow.kind] * height))
    before, below, after = (0 if is_cut else max(0, room - free) for free, is_cut in (
        (left, cut.left), (alpha.shape[0] - top - height, cut.bottom), (alpha.shape[1] - left - width, cut.right)))
    rgb, alpha = (cv2.copyMakeBorder(layer, 0, below, before, after, cv2.BORDER_CONSTANT) for layer in (rgb, alpha))
    return rgb, alpha, (top, left + before, height, width)


def copy_size(box: Box) -> tuple[int, int]:
    scale = min(1.0, LONGEST / max(box[2:]))
    return max(1, round(box[2] * scale)), max(1, round(box[3] * scale))


def contact(car: np.ndarray, room: int) -> np.ndarray:
    """Darkness 0..1 of the ground, float32 (height + 2 room, width + 2 room), for a car's matte, float32 (height, width)."""
    height, width = car.shape
    columns, outline = lower_outline(car)
    rows = np.arange(height + 2 * room)[:, None] + 0.5 - room
    tyres = tyre_contacts(columns, outline, height)
    near = near_tyres(columns, tyres, height)
    ends = np.where(near, 1, np.minimum(columns - columns[0], columns[-1] - columns) / (ENDS * height)).clip(0, 1)
    light: np.ndarray = np.ones((height + 2 * room, width + 2 * room), np.float32)
    for layer in LAYERS:
        ground = ground_under(columns, outline + layer.clearance * height, tyres, near)
        weight = ends * ((1 - (ground - outline) / (layer.gap * height)) / (1 - FULL)).clip(0, 1)
        dark = np.zeros_like(light)
        dark[:, room + columns] = weight * (ground + layer.beyond * height - rows + 0.5).clip(0, 1) * (rows - ground + DEPTH * height + 0.5).clip(0, 1)
        light *= 1 - layer.darkness * blurred(dark, *(reach * height for reach in layer.blur))
    return 1 - light


def drop(car: np.ndarray, room: int) -> np.ndarray:
    """As `contact`, with the outline cast to the right. Slices of the car by height, which overlap, are cast and blurred one by one."""
    height, width = car.shape
    columns, outline = lower_outline(car)
    tyres = tyre_contacts(columns, outline, height)
    slope, ground = line_through(columns, ground_under(columns, outline + LAYERS[0].clearance * height, tyres, near_tyres(columns, tyres, height)))
    above = np.maximum(ground + slope * np.arange(width) - np.arange(height)[:, None], 0) / height
    # x' = x + RIGHT * h and y' = y + h + DOWN * h, with h = ground + slope * x - y
    cast_on_ground = np.array([[1 + RIGHT * slope, -RIGHT, room + RIGHT * ground],
                               [(1 + DOWN) * slope, -DOWN, room + (1 + DOWN) * ground]])
    light: np.ndarray = 1 - contact(car, room)
    step = 1 / (SLICES - 1)
    for level in np.linspace(0, 1, SLICES):
        part = (car * (1 - np.abs(above - level) / step).clip(0, 1)).astype(np.float32)
        shape = cv2.warpAffine(part, cast_on_ground, light.shape[::-1], flags=cv2.INTER_LINEAR)
        blur, remaining = (first + (last - first) * level for first, last in (BLUR, REMAINING))
        light *= 1 - np.float32(DARKNESS * remaining) * blurred(shape, blur * height, blur * height)
    return 1 - light


def near_tyres(columns: np.ndarray, tyres: np.ndarray, height: int) -> np.ndarray:
    """bool (n,): which columns are so near to a tyre's lowest place that the outline there is the tyre's."""
    near: np.ndarray = np.abs(columns[:, None] - tyres[:, 0]).min(1) < TYRE * height
    return near


def ground_under(columns: np.ndarray, body: np.ndarray, tyres: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The row of the ground in each column: the lower hull of the tyres and, away from them, of a body that stands a clearance higher."""
    hull = lower_hull(np.concatenate([tyres, np.stack([columns, body], 1)[~near]]))
    rows: np.ndarray = np.interp(columns, hull[:, 0], hull[:, 1])
    return rows


def line_through(columns: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
    """Slope and row at column 0 of the line nearest to some points, by least squares."""
    centred = columns - columns.mean()
    slope = float(centred @ rows / max(float(centred @ centred), 1))
    return slope, float(rows.mean() - slope * columns.mean())


def lower_outline(car: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns where there is a car, and how far down it reaches there, in rows and fractions; of its main piece alone.

    car: float32 (height, width) in 0..1, somewhere over 0; a see-through car ends where it has half of its largest alpha.
    """
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((car > car.max() / 2).astype(np.uint8))
    solid = pieces == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])
    columns = np.flatnonzero(solid.any(0))
    last = len(car) - 1 - np.argmax(solid[::-1, columns], 0)
    below = np.pad(car, ((0, 1), (0, 0)))
    return columns, last + below[last, columns] + below[last + 1, columns]


def tyre_contacts(columns: np.ndarray, outline: np.ndarray, height: int) -> np.ndarray:
    """Where tyres touch the ground, (n, 2) as column and row: corners of the hull from which the outline rises both ways, and its lowest place."""
    reach = round(2 * TYRE * height)
    ended = np.pad(outline, reach, constant_values=-np.inf)

    def touches(column: float, row: float) -> bool:
        at = int(column - columns[0]) + reach
        return bool(row - max(ended[at - reach:at + 1].min(), ended[at:at + reach + 1].min()) >= RISE * height or row == corners[:, 1].max())

    corners = lower_hull(np.stack([columns, outline], 1))
    return np.array([corner for corner in corners if touches(*corner)])


def lower_hull(points: np.ndarray) -> np.ndarray:
    """The corners, from left to right, of what a taut string under the points (n, 2) would touch; rows grow downwards."""
    hull = cv2.convexHull(points.astype(np.float32))[:, 0]
    hull = hull[np.lexsort((hull[:, 1], hull[:, 0]))]
    (left, first), (right, last) = hull[hull[:, 0] == hull[0, 0]][-1], hull[-1]
    chord = first + (last - first) * (hull[:, 0] - left) / max(right - left, 1)
    low: np.ndarray = hull[hull[:, 1] >= chord - 1e-3]
    return low


def blurred(layer: np.ndarray, across: float, down: float) -> np.ndarray:
    """Three box blurs: nearly a Gaussian, but it ends after 1.5 times `across` and `down` cells."""
    box = 2 * max(1, round(across / 2)) + 1, 2 * max(1, round(down / 2)) + 1
    for _ in range(3):
        layer = np.asarray(cv2.blur(layer, box, borderType=cv2.BORDER_CONSTANT))
    return layer
