"""What answers of the wire must be: their pixels computed again in the plainest way from the cut-out without options."""
import base64
import io
import math
import zipfile
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import requests
from PIL import Image

from tests.drawn import draw_photo, encode
from tests.function import Function

HEIGHT, WIDTH = SIZE = (480, 640)
RGB = draw_photo(WIDTH, HEIGHT, angle="side", seed=5).rgb
PHOTO = encode(RGB, "png")

Values = dict[str, Any]
Ask = Callable[..., np.ndarray]                      # the pixels that a photo and some values give
Holds = Callable[[requests.Response, Ask], None]     # asserts what an answer must be


def post(function: Function, photo: bytes | None = PHOTO, path: str = "/", headers: Values | None = None, **values: Any) -> requests.Response:
    """As a form, bytes as its files; as JSON, where a value is of a type that only JSON has."""
    if any(not isinstance(value, str | bytes) for value in values.values()):
        return function.post(path, json=values | {"image_file_b64": base64.b64encode(photo).decode()}, headers=headers)
    files = {name: (name, value) for name, value in (values | {"image_file": photo}).items() if isinstance(value, bytes)}
    fields = {name: value for name, value in values.items() if not isinstance(value, bytes)}
    return function.post(path, files=files, data=fields, headers=headers)


def problem_of(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/json"
    (problem,) = answer.json()["errors"]
    assert problem["title"] and set(problem) == {"title", "detail", "code"}
    return answer.status_code, problem["code"]


def pixels_of(answer: requests.Response, kind: str = "image/png") -> np.ndarray:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == kind
    with Image.open(io.BytesIO(answer.content)) as file:
        return np.array(file)


def box_of(alpha: np.ndarray) -> tuple[int, ...]:
    rows, columns = (np.nonzero(alpha.any(axis))[0] for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def told_box(answer: requests.Response) -> tuple[int, ...]:
    return tuple(int(answer.headers[f"X-Foreground-{side}"]) for side in ("Top", "Left", "Height", "Width"))


def nearest(value: float) -> int:
    return math.floor(value + 0.5)


def difference(pixels: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(pixels.astype(float) - expected).mean())


def same(answer: requests.Response, ask: Ask) -> None:
    """As if nothing had been asked for."""
    assert np.array_equal(pixels_of(answer), ask()) and told_box(answer) == box_of(ask()[..., 3])


def sized(height: int, width: int, full: tuple[int, int]) -> Holds:
    def holds(answer: requests.Response, ask: Ask) -> None:
        rgba = pixels_of(answer)
        assert rgba.shape == (height, width, 4) and told_box(answer) == box_of(rgba[..., 3])
        told = {f"X-{name}": int(answer.headers[f"X-{name}"]) for name in ("Height", "Width", "Max-Height", "Max-Width")}
        assert told == {"X-Height": height, "X-Width": width, "X-Max-Height": full[0], "X-Max-Width": full[1]}
        there, here = (cv2.resize(alpha, (64, 48), interpolation=cv2.INTER_AREA) for alpha in (ask()[..., 3], rgba[..., 3]))
        assert difference(here, there) < 4
    return holds


def named(kind: str | None) -> Holds:
    def holds(answer: requests.Response, ask: Ask) -> None:
        same(answer, ask)
        assert answer.headers.get("X-Type") == kind
    return holds


def as_it_is(rgb: np.ndarray, kind: str = "image/png") -> Holds:
    """Nothing was cut out: these pixels, in a file of this kind, and what is told of them."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        pixels = pixels_of(answer, kind)
        assert pixels.shape == rgb.shape and difference(pixels, rgb) <= (0 if kind == "image/png" else 3)
        assert told_box(answer) == (0, 0, *rgb.shape[:2]) and answer.headers["X-Cut-Out"] == "none" and float(answer.headers["X-Confidence"]) == 0
    return holds


def over(top: np.ndarray, behind: np.ndarray, opacity: np.ndarray | float) -> np.ndarray:
    """One layer of straight alpha over another (Porter and Duff), in 0..255."""
    front, back = top[..., 3:] / 255, (np.zeros((*top.shape[:2], 1)) + opacity) * (1 - top[..., 3:] / 255)
    colours = (top[..., :3] * front + behind[..., :3] * back) / np.maximum(front + back, 1e-9)
    return np.dstack([colours * (front + back > 0), 255 * (front + back)])


def coloured(*colour: int) -> Holds:
    """A PNG, with alpha where the colour has some."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        expected = over(ask(), np.array([[colour[:3]]]), colour[3] / 255)
        expected[expected[..., 3] < 0.5] = 0
        channels = 3 if colour[3] == 255 else 4
        assert np.abs(pixels_of(answer) - expected[..., :channels]).max() < 2.5 and told_box(answer) == box_of(ask()[..., 3])
    return holds


def as_jpeg(*colour: int) -> Holds:
    def holds(answer: requests.Response, ask: Ask) -> None:
        assert difference(pixels_of(answer, "image/jpeg"), over(ask(), np.array([[colour]]), 1)[..., :3]) < 2
    return holds


def as_webp(answer: requests.Response, ask: Ask) -> None:
    rgba, plain = pixels_of(answer, "image/webp"), ask()
    assert np.array_equal(rgba[..., 3], plain[..., 3]) and difference(rgba[plain[..., 3] == 255], plain[plain[..., 3] == 255]) < 3


def as_zip(answer: requests.Response, ask: Ask) -> None:
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
        colour, alpha = (np.array(Image.open(io.BytesIO(archive.read(name)))) for name in archive.namelist())
    plain = ask()
    assert np.array_equal(alpha, plain[..., 3]) and difference(colour[alpha == 255], plain[alpha == 255][:, :3]) < 3


def matte(kind: str) -> Holds:
    def holds(answer: requests.Response, ask: Ask) -> None:
        grey, plain = pixels_of(answer, kind), ask()[..., 3]
        if kind == "image/png":
            assert np.array_equal(grey, plain)
        else:
            assert difference(grey, np.dstack([plain] * 3) if grey.ndim == 3 else plain) < 2
    return holds


def before(backdrop: np.ndarray, opacity: float = 1) -> Holds:
    """Over a picture of the photo's size, as a PNG."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        pixels = pixels_of(answer)
        assert np.abs(pixels - over(ask(), backdrop, opacity)[..., :pixels.shape[2]]).max() < 2.5
    return holds


def only(top: int, left: int, bottom: int, right: int) -> Holds:
    """What this part of the photo gives when it is sent alone."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        alpha = np.zeros(SIZE, np.uint8)
        alpha[top:bottom, left:right] = ask(encode(RGB[top:bottom, left:right], "png"))[..., 3]
        rgba = pixels_of(answer)
        assert np.array_equal(rgba[..., 3], alpha) and np.array_equal(rgba[alpha == 255][:, :3], RGB[alpha == 255])
    return holds


def cropped(top: float = 0, right: float = 0, bottom: float = 0, left: float = 0, share: bool = False) -> Holds:
    """The car alone with margins in pixels, or in percent of the car's sides."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        y, x, height, width = box_of(ask()[..., 3])
        tall, wide = (height / 100, width / 100) if share else (1, 1)
        expected = np.zeros((nearest((top + bottom) * tall + height), nearest((left + right) * wide + width), 4), np.uint8)
        box = nearest(top * tall), nearest(left * wide), height, width
        expected[box[0]:box[0] + height, box[1]:box[1] + width] = ask()[y:y + height, x:x + width]
        assert np.array_equal(pixels_of(answer), expected) and told_box(answer) == box
    return holds


def placed(scale: float | None = None, across: float = 50, down: float = 50, crop: bool = False) -> Holds:
    """The car at a share of the canvas, percentages of the free space to its left and above it; resized as Pillow does."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        y, x, height, width = box_of(ask()[..., 3])
        canvas = (height, width) if crop else SIZE
        factor = scale / 100 * min(canvas[0] / height, canvas[1] / width) if scale else 1
        tall, wide = nearest(height * factor), nearest(width * factor)
        box = nearest((canvas[0] - tall) * down / 100), nearest((canvas[1] - wide) * across / 100), tall, wide
        car = Image.fromarray(ask()[y:y + height, x:x + width]).resize((wide, tall), Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR)
        expected = np.zeros((*canvas, 4), np.uint8)
        expected[box[0]:box[0] + tall, box[1]:box[1] + wide] = car
        assert told_box(answer) == box and difference(pixels_of(answer), expected) < (1 if scale else 1e-9)
    return holds


def stands(width: float | None = None, ground: float | None = None) -> Holds:
    """The car, centred, takes so many percent of the canvas's width, and ends at so many of its height; its shape stays."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        tall, wide = box_of(ask()[..., 3])[2:]
        factor = width / 100 * SIZE[1] / wide if width else 1
        bottom = (ground or 50 + 50 * tall * factor / SIZE[0]) / 100 * SIZE[0]
        factor = min(factor, bottom / tall)
        box = bottom - tall * factor, (SIZE[1] - wide * factor) / 2, tall * factor, wide * factor
        assert pixels_of(answer).shape[:2] == SIZE and np.abs(np.subtract(told_box(answer), box)).max() <= 1
    return holds


def opened(answer: requests.Response, ask: Ask) -> None:
    """Panes have become thinner, nothing thicker, and what is still whole is as it was."""
    rgba, plain = pixels_of(answer), ask()
    assert (rgba[..., 3] <= plain[..., 3]).all() and 0.03 < (rgba[..., 3] < 200)[plain[..., 3] == 255].mean() < 0.3
    assert np.array_equal(rgba[rgba[..., 3] == 255], plain[rgba[..., 3] == 255])


def shaded(kind: str, opacity: float = 100) -> Holds:
    """Black is added under the car, in proportion to the opacity; the car stays as it is."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        rgba, plain, full = pixels_of(answer), ask(), ask(shadow_type=kind)
        dark = (full[..., 3] - plain[..., 3].astype(float)) * opacity / 100
        assert dark.min() >= 0 and dark.max() > opacity and (full[(plain[..., 3] == 0) & (dark > 0)][:, :3] == 0).all()
        assert np.abs(rgba[..., 3] - (plain[..., 3] + dark)).max() < 1.6 and told_box(answer) == box_of(plain[..., 3])
        assert np.array_equal(rgba[plain[..., 3] == 255], plain[plain[..., 3] == 255])
    return holds


def marked(top: int, left: int, height: int = 32, width: int = 128, opacity: float = 1) -> Holds:
    """The red mark in this place, and nothing changed beside it."""
    def holds(answer: requests.Response, ask: Ask) -> None:
        mark = np.zeros((*SIZE, 4))
        mark[top:top + height, left:left + width] = (200, 10, 30, 255 * opacity)
        expected, there = over(mark, ask(), ask()[..., 3:] / 255), mark[..., 3] > 0
        rgba = pixels_of(answer)
        assert np.array_equal(rgba[~there], ask()[~there]) and np.abs(rgba[there] - expected[there]).max() < 1.6
    return holds
