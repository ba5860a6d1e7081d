"""What training reads from disk: photos with masks, cut-outs with their own alpha, backgrounds; shrunk once and kept in memory.

Layout: DIR/train/SET/{images,masks[,ignore][,glass]}, DIR/val/SET/..., DIR/cutouts/SET/{rgba,mattes}, DIR/backgrounds/SET/*.jpg; or simply
DIR/{images,masks}, of which a tenth then validates. Of cut-outs and backgrounds an eighth is never trained on (`held_out`).
"""
import os
import re
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from preprocessing.letterbox import resize

# How much a photo of a set counts: human masks before fused ones, many cars before many angles of few.
TRUST = {"wild": 2.0, "street": 2.5, "web": 2.5, "voc": 2.0, "studio": 3.0, "video": 1.0, "listing": 0.7, "dealer": 0.7, "closeup": 0.4}
CUTOUT_TRUST = {"turntable": 0.3}  # the same of cut-outs
COARSE = {"wild"}  # sets whose masks are right, but drawn at so few pixels that their edges do not count more than the rest
OPAQUE = 240        # alpha from which a pane counts as not see-through
CLEAR = 8           # alpha under which nothing is there: not even a pane of a turntable, whose panes are half clear
BLACK, SOLID = 8, 252  # of a shadow: its brightest colour, and the alpha that it stays under
LEAST_GLASS = 0.02  # share of the car: less than that is no window
SCENES_PER_PLACE = 12  # crops of one panorama, numbered one after another


@dataclass(frozen=True)
class Photo:
    name: str
    set: str
    rgb: np.ndarray             # uint8 (height, width, 3)
    mask: np.ndarray            # uint8 (height, width), 255 = car
    ignore: np.ndarray | None   # uint8 (height, width), 255 = not known
    glass: np.ndarray | None = None  # uint8 (height, width), 255 = pane; None: not known


@dataclass(frozen=True)
class Cutout:
    name: str
    set: str
    rgba: np.ndarray   # uint8 (height, width, 4), colour multiplied by alpha; shadow and see-through glass as found
    matte: np.ndarray  # uint8 (height, width), the car alone, glass filled
    glass: np.ndarray | None = None  # uint8 (height, width), 255 = see-through pane; None: its panes are opaque


def photo_paths(data: Path, split: str) -> list[tuple[str, Path]]:
    """(set, image path) of every photo of a split ("train" or "val") that has a mask, in a fixed order."""
    if (data / "images").is_dir():
        every = [(data.name, path) for path in sorted((data / "images").iterdir())]
        found = [row for row in every if (zlib.crc32(row[1].stem.encode()) % 10 == 0) == (split == "val")]
    else:
        found = [(path.parent.parent.name, path) for path in sorted((data / split).glob("*/images/*"))]
    found = [row for row in found if beside(row[1], "masks").exists()]
    if not found:
        raise FileNotFoundError(f"{data}: no photos of '{split}' with masks; expected {split}/SET/images and masks, or images and masks")
    return found


def read_photos(data: Path, split: str, longest: int | None = None) -> list[Photo]:
    """The photos of a split, the longest side at most `longest` pixels (None: as they are)."""
    def read(row: tuple[str, Path]) -> Photo:
        ignore, glass = (shrink(read_grey(path), longest) if path.exists() else None for path in (beside(row[1], "ignore"), beside(row[1], "glass")))
        return Photo(row[1].stem, row[0], shrink(read_rgb(row[1]), longest), shrink(read_grey(beside(row[1], "masks")), longest), ignore, glass)
    return in_threads(read, photo_paths(data, split))


def read_cutouts(data: Path, held_back: bool, longest: int | None = None) -> list[Cutout]:
    """The cut-outs to train on, or those held out."""
    def read(path: Path) -> Cutout:
        rgba = cv2.cvtColor(read_raw(path, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
        matte = matte_of(path, rgba)
        alpha = rgba[..., 3:].astype(np.uint16)
        rgba[..., :3] = (rgba[..., :3] * alpha + 127) // 255
        panes = see_through(rgba[..., 3], matte)
        return Cutout(path.stem, path.parent.parent.name, shrink(rgba, longest), shrink(matte, longest), None if panes is None else shrink(panes, longest))
    return in_threads(read, cutout_paths(data, held_back))


def cutout_paths(data: Path, held_back: bool) -> list[Path]:
    """The cut-outs to train on, or those that validate: of sets named `_val`. Those of sets named `_test` are neither."""
    every = [path for path in sorted(data.glob("cutouts/*/rgba/*")) if not path.parts[-3].endswith("_test")]
    return [path for path in every if path.parts[-3].endswith("_val") == held_back]


def matte_of(path: Path, rgba: np.ndarray) -> np.ndarray:
    """The matte beside a cut-out's picture, without what is ground in it; its own alpha where the set has no mattes."""
    if not (beside := path.parent.parent / "mattes").is_dir():
        return np.ascontiguousarray(rgba[..., 3])
    return car_alone(path, rgba, read_grey(beside / f"{path.stem}.png"))


def read_occluders(data: Path, held_back: bool, longest: int | None = None) -> list[np.ndarray]:
    """uint8 (height, width, 4), colour multiplied by alpha: people and objects that may stand before a car, cropped to what they show."""
    def read(path: Path) -> np.ndarray:
        rgba = cv2.cvtColor(read_raw(path, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
        x, y, w, h = cv2.boundingRect((rgba[..., 3] > 127).astype(np.uint8))
        rgba = rgba[y:y + h, x:x + w]
        colour = (rgba[..., :3] * rgba[..., 3:].astype(np.uint16) + 127) // 255
        return shrink(np.dstack([colour.astype(np.uint8), rgba[..., 3]]), longest)
    return in_threads(read, [path for path in sorted(data.glob("occluders/*/*")) if held_out(path) == held_back])


def read_backgrounds(data: Path, held_back: bool, longest: int | None = None, sets: str = "*") -> list[np.ndarray]:
    """uint8 (height, width, 3) pictures without a main vehicle, to train on or held out."""
    paths = [path for path in sorted(data.glob(f"backgrounds/{sets}/*")) if held_out(path) == held_back]
    return in_threads(lambda path: shrink(read_rgb(path), longest), paths)


def see_through(alpha: np.ndarray, matte: np.ndarray) -> np.ndarray | None:
    """Where a cut-out's own alpha lets its ground through inside the car, uint8 like both; None where its maker left the panes opaque."""
    inside = cv2.erode((matte > 250).astype(np.uint8), np.ones((5, 5), np.uint8))
    panes = np.where((inside > 0) & (alpha < OPAQUE), np.uint8(255), np.uint8(0))
    return panes if cv2.countNonZero(panes) > LEAST_GLASS * cv2.countNonZero(inside) else None


def car_alone(path: Path, rgba: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """The matte of a cut-out to train on, without what is ground in it."""
    matte = without_shadow(rgba, matte)
    return without_gaps(rgba, matte) if "turntable" in path.parts else matte


def without_gaps(rgba: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """A turntable's matte with its gaps open, as under a wing: filling took them for panes. uint8 (height, width, 4) and (height, width), as it returns."""
    gap = (rgba[..., 3] < CLEAR) & (matte > 127)
    return cv2.min(matte, cv2.blur(np.where(gap, np.uint8(0), np.uint8(255)), (3, 3)))


def without_shadow(rgba: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """A cut-out's matte without the ground under the car that it took along: black, a little see-through, and open to what is not car.

    rgba: uint8 (height, width, 4), colour not multiplied; matte: uint8 (height, width), in and out.
    """
    _, top, _, height = cv2.boundingRect(matte)
    shadow = (rgba[..., :3].max(-1) <= BLACK) & (rgba[..., 3] < SOLID)
    shadow[:top + height // 2] = False
    open_ = cv2.copyMakeBorder((shadow | (matte < 128)).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, reached = cv2.connectedComponents(open_, connectivity=4)
    ground = shadow & (reached[1:-1, 1:-1] == reached[0, 0]) & (matte > 127)
    return cv2.min(matte, cv2.blur(np.where(ground, np.uint8(0), np.uint8(255)), (3, 3)))


def held_out(path: Path) -> bool:
    """An eighth of backgrounds and occluders, by hash of the name; crops of one place go together."""
    group = path.stem
    if place := re.fullmatch(r"(places\w*)_(\d+)", path.stem):
        group = f"{place[1]} {int(place[2]) // SCENES_PER_PLACE}"
    return zlib.crc32(group.encode()) % 8 == 0


def beside(image: Path, kind: str) -> Path:
    return image.parent.parent / kind / f"{image.stem}.png"


def read_rgb(path: Path) -> np.ndarray:
    return cv2.cvtColor(read_raw(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_grey(path: Path) -> np.ndarray:
    return read_raw(path, cv2.IMREAD_GRAYSCALE)


def read_raw(path: Path, flag: int) -> np.ndarray:
    picture = cv2.imread(str(path), flag)
    if picture is None:
        raise ValueError(f"{path}: not a picture")
    return picture


def shrink(picture: np.ndarray, longest: int | None) -> np.ndarray:
    scale = min(1.0, longest / max(picture.shape[:2])) if longest else 1.0
    return resize(picture, (max(1, round(picture.shape[0] * scale)), max(1, round(picture.shape[1] * scale))))


def in_threads(do: Callable, items: Iterable) -> list:
    """What is done to each of the items, side by side on all cores, in their order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(do, items))
