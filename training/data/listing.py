"""Pictures with their kind and view, to fit and judge the kind model by: photos of kinds/, exteriors, places without a car, drawn documents, and crops.

Studio photos and cut-outs are named ID_NN: NN is the angle from 01, the front, in steps of 22.5 degrees towards the driver's left. A fifth of kinds/,
by hash of the name, validates (`validates`). views.txt gives views labelled by eye: of photos in unlabelled/, with the split of each, and of photos in train/.
"""
import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from model.kind import KINDS, VIEWS
from training.data.documents import draw_document
from training.data.sources import (
    beside,
    cutout_paths,
    is_held_out,
    matte_of,
    photo_paths,
    pictures,
    premultiplied,
    read_mask,
    read_rgb,
    read_rgba,
    shrink,
)
from training.data.synthesis import fill, over

VIEWED = Path(__file__).parent.parent / "views.txt"  # lines of NAME VIEW SPLIT; NAME is SET/STEM in unlabelled/, or train/SET/STEM
BY_EYE = "views"  # their set among examples
FIFTH = 5
SEED = 5
TURNED = ("studio", "carvana", "studio_val", "studio_test")  # sets whose names carry the angle
DOCUMENTS, COLLAGES = {"train": 160, "val": 40}, {"train": 60, "val": 15}
CROPS = ("wild", "listing", "dealer", "dealers")  # sets whose cars' parts are cropped as details, and cut-off views of them as exteriors
CROPPED = 700
LARGEST_PART = 0.45  # of a car, that a detail shows
FRAME = (384, 512)  # height, width of a composite
LONGEST = 1024      # pixels; more than the coarse pass sees


class Example(NamedTuple):
    source: str                        # what it was made from: copies of one picture stay together
    kind: str
    view: str | None                   # where it is known
    read: Callable[[], np.ndarray]     # -> uint8 (height, width, 3)


def examples(data: Path, split: str) -> Iterator[Example]:
    """Those of "train" or "val", in a fixed order. Raises DataError where there are no photos with masks."""
    for kind in KINDS:
        for path in pictures(data, f"kinds/{kind}/*"):
            if validates(path) == (split == "val"):
                yield Example(f"{kind}/{path.stem}", kind, None, partial(read_small, path))
    by_eye = {name: view for name, view, its_split in map(str.split, VIEWED.read_text().splitlines()) if its_split == split}
    for name, path in photo_paths(data, split):
        seen = view_of(path) if name in TURNED else by_eye.get(f"{split}/{name}/{path.stem}")
        yield Example(f"{name}/{path.stem}", "exterior", seen, partial(read_small, path))
    for name, view in by_eye.items():
        for path in data.glob(f"unlabelled/{name}.*"):
            yield Example(f"{BY_EYE}/{name}", "exterior", view, partial(read_small, path))
    scenes = [path for path in pictures(data, "backgrounds/*/*") if is_held_out(path) == (split == "val")]
    for path in scenes:
        yield Example(f"{path.parent.name}/{path.stem}", "other", None, partial(read_small, path))
    for number in range(DOCUMENTS[split]):
        yield Example(f"document/{number}", "other", None, partial(draw_document, np.random.default_rng((SEED, split == "val", number))))
    rng = np.random.default_rng(SEED)
    photos = [path for path in pictures(data, "kinds/*/*") if validates(path) == (split == "val")] + [path for _, path in photo_paths(data, split)]
    for number in range(COLLAGES[split]):
        yield Example(f"collage/{number}", "other", None, partial(collage, [photos[i] for i in rng.integers(len(photos), size=rng.choice([4, 6, 9]))]))
    for path in cutout_paths(data, split) if scenes else []:
        name = path.parent.parent.name
        view = view_of(path) if name in TURNED else None
        yield Example(f"{name}/{path.stem}", "exterior", view, partial(placed, int(rng.integers(2**32)), path, scenes[rng.integers(len(scenes))]))
    if split == "train":
        cars = [path for name, path in photo_paths(data, split) if name in CROPS]
        for number in rng.permutation(len(cars))[:CROPPED]:
            path = cars[number]
            for kind, crop in (("detail", part_of_car), ("exterior", cut_off_car)):
                yield Example(f"{path.parent.parent.name}/{path.stem}", kind, None, partial(crop, int(rng.integers(2**32)), path))


def validates(path: Path) -> bool:
    """Whether a picture of kinds/ is one of the fifth that the kind model is never trained on."""
    return zlib.crc32(f"kinds {path.stem}".encode()) % FIFTH == 0


def view_of(path: Path) -> str | None:
    """By the angle in a name: sides straight on have one of the sixteen angles, three-quarter views three. None where the name has none."""
    angle = re.fullmatch(r".*_(\d\d)", path.stem)
    if angle is None or not 1 <= int(angle[1]) <= 16:
        return None
    quarter, rest = divmod(int(angle[1]) - 1, 4)
    return VIEWS[2 * quarter + (rest > 0)]


def mirrored(view: str | None) -> str | None:
    """The view of the mirror image."""
    return None if view is None else VIEWS[-VIEWS.index(view) % len(VIEWS)]


def read_small(path: Path) -> np.ndarray:
    return shrink(read_rgb(path), LONGEST)


def collage(paths: list[Path]) -> np.ndarray:
    """Rows of two or three photos, with gaps."""
    tiles = [cv2.copyMakeBorder(cv2.resize(read_rgb(path), (240, 180), interpolation=cv2.INTER_AREA), 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=(255, 255, 255))
             for path in paths]
    columns = 3 if len(tiles) % 3 == 0 else 2
    return np.vstack([np.hstack(tiles[first:first + columns]) for first in range(0, len(tiles), columns)])


def placed(seed: int, path: Path, scene: Path) -> np.ndarray:
    """A cut-out, not mirrored, whole and upright, before a background: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    rgba = read_rgba(path)
    x, y, w, h = cv2.boundingRect(matte_of(path, rgba))
    height, width = FRAME
    scale = rng.uniform(0.35, 0.97) * min(width / w, height / h)
    car = shrink(premultiplied(rgba[y:y + h, x:x + w]), round(max(w, h) * scale))
    picture = fill(rng, read_small(scene), FRAME)
    top, left = (int(slack * rng.beta(3, 2)) for slack in (height - car.shape[0], width - car.shape[1]))
    part = slice(top, top + car.shape[0]), slice(left, left + car.shape[1])
    picture[part] = over(car, np.ascontiguousarray(picture[part]))
    return picture


def part_of_car(seed: int, path: Path) -> np.ndarray:
    """A window of a sixth to a half of a car's length, which the car fills by a half to four fifths where it can: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    rgb, mask = read_rgb(path), read_mask(beside(path, "masks"))
    x, y, w, h = cv2.boundingRect((mask > 127).astype(np.uint8))
    width = max(8, int(rng.uniform(0.17, 0.5) * max(w, h)))
    height, filled, rim = width * 3 // 4, rng.uniform(0.5, 0.8), width // 4  # windows reach past the car's ends by the rim
    rows, columns = (np.clip(rng.integers(start - rim, max(start + length - side + rim, start) + 1, 20), 0, max(whole - side, 0))
                     for start, length, side, whole in ((y, h, height, rgb.shape[0]), (x, w, width, rgb.shape[1])))
    windows = [(slice(top, top + height), slice(left, left + width)) for top, left in zip(rows, columns)]
    car = mask > 127
    parts = [window for window in windows if np.count_nonzero(car[window]) < LARGEST_PART * np.count_nonzero(car)] or windows
    return np.ascontiguousarray(rgb[min(parts, key=lambda window: abs(car[window].mean() - filled))])


def cut_off_car(seed: int, path: Path) -> np.ndarray:
    """A photo without up to a third of the car's length or height, at one of its edges: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    rgb, mask = read_rgb(path), read_mask(beside(path, "masks"))
    x, y, w, h = cv2.boundingRect((mask > 127).astype(np.uint8))
    lost = rng.uniform(0.05, 0.35)
    across, down = round(lost * w), round(lost * h)
    crops = (rgb[:, x + across:], rgb[:, :x + w - across], rgb[y + down:], rgb[:y + h - down])
    return shrink(np.ascontiguousarray(crops[rng.integers(len(crops))]), LONGEST)
