"""Draws accessories on cut-outs, which belong to the car: aerials, roof rails, roof boxes, spoilers, roll cages, mirrors, side steps, spare wheels."""
import cv2
import numpy as np

from training.data.scenes import add_part, map_layers
from training.data.sources import Cutout

LEVEL = 0.12  # of a car's height: largest difference in height of two feet on its outline
FACING = 1.3  # largest aspect ratio of a car that is seen from its front or rear
AERIAL = 0.6  # share of aerials, the rest are roof rails


def add_aerial(rng: np.random.Generator, car: Cutout) -> Cutout:
    """The same cut-out with a thin aerial, or a roof rail, drawn on its roof."""
    x, y, w, h = cv2.boundingRect(car.matte)
    column = int(x + w * rng.uniform(0.3, 0.75))
    roof = np.flatnonzero(car.matte[:, column] > 127)
    if not roof.size:
        return car
    drawn = np.zeros(car.matte.shape, np.uint8)
    if rng.random() < AERIAL:
        length = h * rng.uniform(0.08, 0.3)
        tip = (int(column + length * rng.normal(0, 0.6)), int(roof[0] - length))
        cv2.line(drawn, (column, int(roof[0]) + 2), tip, 255, max(1, round(w * rng.uniform(0.002, 0.006))), cv2.LINE_AA)
    else:
        reach, lift = w * rng.uniform(0.06, 0.16), h * rng.uniform(0.02, 0.06)
        feet = feet_on_outline(car.matte, column - reach, column + reach, h)
        if feet is None:
            return car
        thick = max(1, round(w * rng.uniform(0.004, 0.01)))
        path = [feet[0] + (0, 2), feet[0] - (0, lift), feet[1] - (0, lift), feet[1] + (0, 2)]
        cv2.polylines(drawn, [np.array(path, np.int32)], False, 255, thick, cv2.LINE_AA)
    tone = rng.uniform(5, 60) if rng.random() < 0.7 else rng.uniform(100, 220)
    return add_part(car, drawn, np.full((*drawn.shape, 3), np.uint8(tone)))


def add_mirror(rng: np.random.Generator, car: Cutout) -> Cutout:
    """The same cut-out with one mirror more beside its windows, on a stalk or close to the body. Unchanged where the car is seen from its side."""
    shape = mirror_shape(rng, car.matte)
    return car if shape is None else add_part(car, shape, material_of(rng, car, shape))


def add_load(rng: np.random.Generator, car: Cutout) -> Cutout:
    """The same cut-out with something bulky on its roof, above its tail, along its sill or at an end, or a roll cage. Unchanged where nothing carries it."""
    _, _, w, h = cv2.boundingRect(car.matte)
    room = int(0.4 * h), 0, int(0.2 * w), int(0.2 * w)
    wider = map_layers(car, lambda layer: cv2.copyMakeBorder(layer, *room, cv2.BORDER_CONSTANT, value=0))
    kind = rng.choice([roof_load, spoiler, roll_cage, side_step, end_mount], p=[0.3, 0.2, 0.3, 0.1, 0.1])
    shape = kind(rng, wider.matte)
    return car if shape is None else add_part(wider, shape, material_of(rng, wider, shape))


def feet_on_outline(matte: np.ndarray, left: float, right: float, height: float, row: int = 0) -> np.ndarray | None:
    """Two points (2, 2), x and y, of the outline's top (row 0) or bottom (row -1); None where there are none, or they are not level."""
    columns = np.clip((int(left), int(right)), 0, matte.shape[1] - 1)
    found = [np.flatnonzero(matte[:, column] > 127) for column in columns]
    if not all(rows.size for rows in found) or abs(int(found[0][row]) - int(found[1][row])) > LEVEL * height:
        return None
    return np.array([(column, rows[row]) for column, rows in zip(columns, found)], float)


def roof_load(rng: np.random.Generator, matte: np.ndarray) -> np.ndarray | None:
    """One to three boxes side by side, on the roof or on a rack above it."""
    x, _, w, h = cv2.boundingRect(matte)
    wide = w * rng.uniform(0.12, 0.45)
    left = x + rng.uniform(0.05 * w, 0.95 * w - wide)
    feet = feet_on_outline(matte, left, left + wide, h)
    if feet is None:
        return None
    shape, lift, number = np.zeros(matte.shape, np.uint8), rng.uniform(0, 0.05) * h * (rng.random() < 0.5), rng.integers(1, 4)
    for i in range(number):
        first, last = (feet[0] + (feet[1] - feet[0]) * part for part in (i / number, (i + 1) / number))
        rise, lean = h * rng.uniform(0.03, 0.2), rng.uniform(-0.15, 0.15, 2) * wide / number
        corners = [first - (-lean[0], lift + rise), last - (-lean[1], lift + rise), last - (0, lift - 3), first - (0, lift - 3)]
        fill_rounded(shape, corners, rng.uniform(0, 0.05) * h)
    return add_posts(shape, feet, lift, w)


def spoiler(rng: np.random.Generator, matte: np.ndarray) -> np.ndarray | None:
    """A spoiler on two posts above the tail, or across it where the car is seen from the front or the rear."""
    x, _, w, h = cv2.boundingRect(matte)
    wide = w * (rng.uniform(0.6, 0.9) if w < 1.6 * h else rng.uniform(0.08, 0.25))
    left = x + (w - wide) * (0.5 if w < 1.6 * h else rng.choice([rng.uniform(0, 0.1), rng.uniform(0.9, 1.0)]))
    feet = feet_on_outline(matte, left + 0.25 * wide, left + 0.75 * wide, h)
    if feet is None:
        return None
    lift, thick, tilt = h * rng.uniform(0.03, 0.14), h * rng.uniform(0.02, 0.06), h * rng.uniform(-0.03, 0.03)
    ends = [np.array((end, feet[:, 1].mean() - lift + sign * tilt)) for end, sign in ((left, -1), (left + wide, 1))]
    shape = np.zeros(matte.shape, np.uint8)
    fill_rounded(shape, [ends[0] - (0, thick), ends[1] - (0, thick), ends[1], ends[0]], 0.3 * thick)
    return add_posts(shape, feet, lift, w)


def roll_cage(rng: np.random.Generator, matte: np.ndarray) -> np.ndarray | None:
    """A cage of tubes over a bed, a bonnet or the roof: posts up to a rail, and braces; the background is seen between them."""
    x, _, w, h = cv2.boundingRect(matte)
    wide = w * rng.uniform(0.15, 0.5)
    left = x + rng.uniform(0.02 * w, 0.98 * w - wide)
    columns = np.linspace(left, left + wide, rng.integers(2, 6)).astype(int)
    found = [np.flatnonzero(matte[:, column] > 127) for column in columns]
    if not all(rows.size for rows in found):
        return None
    feet = np.array([(column, rows[0]) for column, rows in zip(columns, found)], float)
    rail = feet[:, 1].min() - h * rng.uniform(0.0, 0.2)
    if feet[:, 1].max() - rail < 0.08 * h:
        return None
    tops = np.column_stack([columns + rng.normal(0, 0.02, len(columns)) * w, np.full(len(columns), rail)])
    tubes = [*zip(feet + (0, 2), tops), *zip(tops, tops[1:])]
    if rng.random() < 0.5:
        half = (feet + tops) / 2
        tubes += zip(half, half[1:])
    if rng.random() < 0.3:
        tubes += zip(feet, tops[1:])
    shape, thick = np.zeros(matte.shape, np.uint8), max(1, round(w * rng.uniform(0.004, 0.014)))
    for ends in tubes:
        cv2.line(shape, *(tuple(int(at) for at in end) for end in ends), 255, thick, cv2.LINE_AA)
    return shape


def side_step(rng: np.random.Generator, matte: np.ndarray) -> np.ndarray | None:
    """A bar under the sill, between the wheels."""
    x, y, w, h = cv2.boundingRect(matte)
    feet = feet_on_outline(matte, x + w * rng.uniform(0.25, 0.45), x + w * rng.uniform(0.55, 0.75), h, -1)
    if feet is None or feet[:, 1].max() > y + 0.95 * h:
        return None
    shape, thick = np.zeros(matte.shape, np.uint8), h * rng.uniform(0.02, 0.05)
    fill_rounded(shape, [feet[0] - (0, 3), feet[1] - (0, 3), feet[1] + (0, thick), feet[0] + (0, thick)], 0.3 * thick)
    return shape


def end_mount(rng: np.random.Generator, matte: np.ndarray) -> np.ndarray | None:
    """A spare wheel or a case at an end of the car."""
    x, y, w, h = cv2.boundingRect(matte)
    row = int(y + h * rng.uniform(0.2, 0.65))
    body = np.flatnonzero(matte[row] > 127)
    if not body.size:
        return None
    side = rng.choice([-1, 1])
    tall, deep = h * rng.uniform(0.08, 0.25), w * rng.uniform(0.02, 0.08)
    centre = body[-1 if side > 0 else 0], row
    shape = np.zeros(matte.shape, np.uint8)
    if rng.random() < 0.5:
        cv2.ellipse(shape, tuple(int(at) for at in centre), (int(deep) + 1, int(tall)), rng.normal(0, 6), 0, 360, 255, -1, cv2.LINE_AA)
        return shape
    fill_rounded(shape, [np.array(centre) + (dx * deep, dy * tall) for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1))], rng.uniform(0, 0.5) * deep)
    return shape


def mirror_shape(rng: np.random.Generator, matte: np.ndarray) -> np.ndarray | None:
    """A rounded housing beside the car, a little below its roof."""
    x, y, w, h = cv2.boundingRect(matte)
    row = int(y + h * rng.uniform(0.22, 0.45))
    body = np.flatnonzero(matte[row] > 127)
    if w > FACING * h or not body.size:
        return None
    side = rng.choice([-1, 1])
    edge = int(body[-1 if side > 0 else 0])
    tall, wide = h * rng.uniform(0.025, 0.05), h * rng.uniform(0.025, 0.065)
    gap = h * rng.uniform(0.01, 0.05) * (rng.random() < 0.4)
    if not 0 <= edge + side * (gap + 2 * wide) < matte.shape[1]:
        return None
    shape = np.zeros(matte.shape, np.uint8)
    middle = np.array([edge + side * (gap + 0.8 * wide), row])
    if gap:
        foot = edge - side * 2, int(row + rng.uniform(0.3, 1.2) * tall)
        cv2.line(shape, foot, tuple(int(at) for at in middle + (0, 0.5 * tall)), 255, max(1, round(0.3 * tall)), cv2.LINE_AA)
    lean = rng.normal(0, 0.15, 4) * tall
    corners = [middle + (dx * wide, dy * tall + off) for dx, dy, off in zip((-1, 1, 1, -1), (-0.8, -0.8, 0.8, 0.8), lean)]
    fill_rounded(shape, corners, rng.uniform(0.1, 0.5) * min(tall, wide))
    return shape


def fill_rounded(shape: np.ndarray, corners: list[np.ndarray], radius: float) -> None:
    """Draws a quadrangle with rounded corners into a shape."""
    cv2.fillPoly(shape, [np.rint(corners).astype(np.int32)], 255, cv2.LINE_AA)
    if radius >= 1:
        cv2.polylines(shape, [np.rint(corners).astype(np.int32)], True, 255, round(2 * radius), cv2.LINE_AA)


def add_posts(shape: np.ndarray, feet: np.ndarray, lift: float, width: int) -> np.ndarray:
    """Draws two posts under a shape, and returns it."""
    for foot in feet:
        cv2.line(shape, tuple(int(at) for at in foot + (0, 2)), tuple(int(at) for at in foot - (0, lift)), 255, max(1, round(0.008 * width)), cv2.LINE_AA)
    return shape


def material_of(rng: np.random.Generator, car: Cutout, shape: np.ndarray) -> np.ndarray:
    """The colours of a shape, uint8 (height, width, 3): dark, the car's paint or any other, lit unevenly from above."""
    x, y, w, h = cv2.boundingRect(shape)
    kind = rng.random()
    base = np.full(3, rng.uniform(5, 70)) if kind < 0.5 else np.array(cv2.mean(car.rgba, car.matte)[:3]) if kind < 0.7 else rng.uniform(10, 245, 3)
    light = np.linspace(rng.uniform(1.0, 1.5), rng.uniform(0.4, 1.0), h)[:, None] * np.ones(w)
    light *= np.interp(np.arange(w), np.linspace(0, w, 9), rng.uniform(0.6, 1.3, 9))
    colour = np.zeros((*shape.shape, 3), np.uint8)
    colour[y:y + h, x:x + w] = np.clip(base * light[..., None], 0, 255)
    return colour
