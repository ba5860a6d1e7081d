"""Draws lines behind a car that are not its aerials: posts, street lamps, wires, twigs and railings."""
import cv2
import numpy as np


def add_lines(rng: np.random.Generator, rgb: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """The same picture with posts, street lamps, wires, twigs or a railing behind the car. uint8 (height, width, 3) in and out."""
    x, y, w, h = cv2.boundingRect(matte)
    if not w:
        return rgb
    shape = np.zeros(matte.shape, np.uint8)
    rng.choice([posts, wires, twigs, railing], p=[0.4, 0.2, 0.2, 0.2])(rng, shape, (x, y, w, h))
    if rng.random() < 0.4:
        shape = cv2.blur(shape, (3, 3))
    shape = cv2.multiply(shape, 255 - matte, scale=1 / 255)
    tone = rng.uniform(5, 80) if rng.random() < 0.6 else rng.uniform(80, 250)
    colour = np.clip(tone + rng.normal(0, 8, 3), 0, 255).astype(np.uint8)
    layer = cv2.merge([shape] * 3)
    return cv2.add(cv2.multiply(rgb, 255 - layer, scale=1 / 255), cv2.multiply(np.full_like(rgb, colour), layer, scale=1 / 255))


def posts(rng: np.random.Generator, shape: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Draws one to three posts behind a box (x, y, width, height) into a shape, each taller than an aerial, or with a lamp."""
    x, y, w, h = box
    for _ in range(rng.integers(1, 4)):
        column, lean = x + w * rng.uniform(-0.1, 1.1), rng.normal(0, 0.02) * h
        top, thick = y - h * rng.uniform(0.55, 2.0), max(1, round(w * rng.uniform(0.002, 0.02)))
        if rng.random() < 0.3:
            top = y - h * rng.uniform(0.25, 1.0)
            arm = column + lean + rng.choice([-1, 1]) * h * rng.uniform(0.05, 0.3)
            cv2.line(shape, (int(column + lean), int(top)), (int(arm), int(top - h * rng.uniform(0, 0.05))), 255, thick, cv2.LINE_AA)
            cv2.line(shape, (int(arm), int(top)), (int(arm + h * rng.normal(0, 0.04)), int(top)), 255, 3 * thick, cv2.LINE_AA)
        cv2.line(shape, (int(column), int(y + h * rng.uniform(0.5, 0.85))), (int(column + lean), int(top)), 255, thick, cv2.LINE_AA)


def wires(rng: np.random.Generator, shape: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Draws one to four wires that sag across the picture, near a box's upper edge and above, into a shape."""
    x, y, w, h = box
    width = shape.shape[1]
    columns, thick = np.linspace(0, width, 24), max(1, round(w * rng.uniform(0.001, 0.005)))
    slope, sag, first, gap = rng.normal(0, 0.25), rng.uniform(0, 0.15) * h, y - h * rng.uniform(-0.1, 0.6), h * rng.uniform(0.03, 0.15)
    for number in range(rng.integers(1, 5)):
        rows = first - number * gap + slope * (columns - x - w / 2) + sag * (1 - np.square(2 * columns / width - 1))
        cv2.polylines(shape, [np.rint(np.column_stack([columns, rows])).astype(np.int32)], False, 255, thick, cv2.LINE_AA)


def twigs(rng: np.random.Generator, shape: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Draws branches that grow from behind a box, or hang in from above it, and fork, into a shape."""
    x, y, w, h = box
    for _ in range(rng.integers(2, 8)):
        column = x + w * rng.uniform(-0.05, 1.05)
        down = rng.random() < 0.5
        start = np.array([column, y - h * rng.uniform(0.6, 1.2) if down else y + 0.5 * h])
        end = np.array([column + h * rng.normal(0, 0.3), y - h * (rng.uniform(0.0, 0.3) if down else rng.uniform(0.1, 0.9))])
        thick = max(1, round(w * rng.uniform(0.001, 0.005)))
        cv2.line(shape, *(tuple(int(at) for at in point) for point in (start, end)), 255, thick, cv2.LINE_AA)
        for _ in range(rng.integers(1, 5)):
            fork = start + (end - start) * rng.uniform(0.4, 0.95)
            tip = fork + h * np.array([rng.normal(0, 0.15), (1 if down else -1) * rng.uniform(0.02, 0.2)])
            cv2.line(shape, *(tuple(int(at) for at in point) for point in (fork, tip)), 255, max(1, thick - 1), cv2.LINE_AA)


def railing(rng: np.random.Generator, shape: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Draws a row of uprights, at times with rails, across the picture behind a box into a shape: a fence, or a shop window's frame."""
    x, y, w, h = box
    top, gap, thick = y - h * rng.uniform(-0.3, 0.4), w * rng.uniform(0.02, 0.15), max(1, round(w * rng.uniform(0.002, 0.008)))
    for column in np.arange(rng.uniform(0, gap), shape.shape[1], gap):
        cv2.line(shape, (int(column), int(y + 0.9 * h)), (int(column), int(top)), 255, thick, cv2.LINE_AA)
    for row in rng.uniform(top, y + 0.5 * h, rng.integers(0, 3)):
        cv2.line(shape, (0, int(row)), (shape.shape[1], int(row)), 255, thick, cv2.LINE_AA)
