"""Draws an open door, bonnet or boot lid on a cut-out. It reaches beyond the outline, and belongs to the car."""
from dataclasses import replace

import cv2
import numpy as np

from training.data.scenes import add_part, map_layers
from training.data.sources import Cutout

UNIT = np.float32([(0, 0), (1, 0), (1, 1), (0, 1)])
PANE = np.array([(0.1, 0.08), (0.9, 0.08), (0.9, 0.42), (0.1, 0.42)])  # of a door, in its own breadth and height


def open_panel(rng: np.random.Generator, car: Cutout) -> Cutout:
    """The same cut-out with one panel open, in the car's own paint or dark as from the inside; a door has a pane. Unchanged where nothing carries a hinge."""
    _, _, w, h = cv2.boundingRect(car.matte)
    room = int(0.6 * h), 0, int(0.3 * w), int(0.3 * w)
    wider = map_layers(car, lambda layer: cv2.copyMakeBorder(layer, *room, cv2.BORDER_CONSTANT, value=0))
    door = rng.random() < 0.5
    corners = (door_corners if door else lid_corners)(rng, wider.matte)
    if corners is None:
        return car
    shape = quadrangle(wider.matte.shape, corners)
    reach = max(3, int(0.03 * w)) | 1  # rounds the corners
    shape = np.clip((cv2.blur(shape, (reach, reach)).astype(np.float32) - 127) * max(1.0, reach / 4) + 127, 0, 255).astype(np.uint8)
    onto_panel = cv2.getPerspectiveTransform(UNIT, np.float32(corners)).astype(float)
    pane = quadrangle(shape.shape, cv2.perspectiveTransform(PANE[None], onto_panel)[0]) if door else np.zeros_like(shape)
    colour = panel_paint(rng, wider, corners)
    colour[pane > 0] = rng.uniform(5, 90)
    opaque = cv2.min(shape, np.where(pane, np.uint8(rng.uniform(60, 255)), np.uint8(255)))
    hung = add_part(wider, shape, colour, opaque)
    return hung if hung.glass is None else replace(hung, glass=cv2.max(hung.glass, cv2.min(pane, shape)))


def panel_paint(rng: np.random.Generator, car: Cutout, corners: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 3): a part of the car's side warped onto the panel's corners, its rim a line."""
    x, y, w, h = cv2.boundingRect(car.matte)
    part = np.float32([x + w * rng.uniform(0.2, 0.5), y + h * rng.uniform(0.35, 0.45)]) + UNIT * np.float32([0.25 * w, 0.2 * h])
    panel = cv2.warpPerspective(car.rgba, cv2.getPerspectiveTransform(part, np.float32(corners)), car.matte.shape[::-1])
    mean = np.full_like(panel[..., :3], np.rint(cv2.mean(car.rgba, car.matte)[:3]).astype(np.uint8))  # where the part has holes
    colour = cv2.add(panel[..., :3], cv2.multiply(mean, 255 - cv2.merge([panel[..., 3]] * 3), scale=1 / 255))
    within = rng.random() < 0.4
    colour = cv2.convertScaleAbs(colour, alpha=rng.uniform(0.1, 0.4) if within else rng.uniform(0.5, 1.0), beta=rng.uniform(0, 40))
    return cv2.polylines(colour, [np.rint(corners).astype(np.int32)], True, [rng.uniform(0, 120)] * 3, max(1, round(0.01 * w)), cv2.LINE_AA)


def quadrangle(size: tuple[int, int], corners: np.ndarray) -> np.ndarray:
    """uint8 (height, width), 255 within four corners (4, 2)."""
    return cv2.fillPoly(np.zeros(size, np.uint8), [np.rint(corners).astype(np.int32)], 255)


def door_corners(rng: np.random.Generator, matte: np.ndarray) -> np.ndarray | None:
    """Corners (4, 2) of a door that opens to the left or right, from its hinge's top on, or None."""
    x, y, w, h = cv2.boundingRect(matte)
    side = rng.choice([-1, 1])
    body = np.flatnonzero(matte[int(y + 0.55 * h)] > 127)
    if not body.size:
        return None
    hinge = body[-1 if side > 0 else 0] - side * w * rng.uniform(0.02, 0.25)
    rows = y + h * np.array([rng.uniform(0.05, 0.25), rng.uniform(0.65, 0.85)])
    reach, swing = hinge + side * w * rng.uniform(0.12, 0.35), h * rng.uniform(-0.12, 0.12, 2)
    return np.array([(hinge, rows[0]), (reach, rows[0] + swing[0]), (reach, rows[1] + swing[1]), (hinge, rows[1])])


def lid_corners(rng: np.random.Generator, matte: np.ndarray) -> np.ndarray | None:
    """Corners (4, 2) of a lid that stands on the top of the outline, from its upper left on, or None."""
    x, y, w, h = cv2.boundingRect(matte)
    wide = w * (rng.uniform(0.4, 0.8) if w < 1.6 * h else rng.uniform(0.15, 0.4))  # from the front or the rear; from a side
    left = x + rng.uniform(0.02 * w, 0.98 * w - wide)
    found = [np.flatnonzero(matte[:, int(column)] > 127) for column in (left, left + wide)]
    if not all(rows.size for rows in found):
        return None
    (first, last), lean = ((column, rows[0] + 0.06 * h) for column, rows in zip((left, left + wide), found)), w * rng.uniform(-0.1, 0.1)
    rise = h * rng.uniform(0.2, 0.5) * rng.uniform(0.8, 1.2, 2)
    return np.array([(first[0] + lean, first[1] - rise[0]), (last[0] + lean, last[1] - rise[1]), last, first])
