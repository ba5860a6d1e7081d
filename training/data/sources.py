"""Reads photos with masks, cut-outs with their own alpha, backgrounds and occluders from disk, shrunk once and kept in memory.

Layout: DIR/{train,val,test}/SET/{images,masks[,ignore][,glass]}, DIR/cutouts/SET/{rgba,mattes}, DIR/backgrounds/SET/*.jpg, DIR/occluders/SET/*.webp;
or simply DIR/{images,masks}, of which a tenth, chosen by name, validates. Splits are "train", "val" and "test". An eighth of backgrounds and occluders
is never trained on (`is_held_out`); it serves val and test alike.
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
from training.errors import DataError

# How much a photo of a set counts: masks drawn by hand before those made by networks, many cars before many angles of few.
PHOTO_WEIGHTS = {"wild": 3.5, "studio": 3.0, "street": 2.5, "web": 2.5, "voc": 2.0, "dealers": 14.0, "video": 1.0, "carvana": 1.0, "listing": 0.7,
                 "dealer": 0.7, "closeup": 0.4}
CUTOUT_WEIGHTS = {"turntable": 0.3}
LOW_RESOLUTION = {"wild"}  # sets whose masks were drawn at so few pixels that edges do not count more than the rest
BY_HAND = "street", "web", "studio"  # sets of val whose masks were drawn by hand, at the photo's own pixels
MADE_BY_NETWORKS = {"listing", "dealer", "closeup"}  # sets whose masks were; they often lose mirrors
POLYGONS = ".json"         # suffix of labelme's files
# endings of files that are read; others, such as .DS_Store, are no data
PICTURES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"}
TENTH, EIGHTH = 10, 8      # shares that are not trained on: of plain photos; of backgrounds and occluders
OPAQUE = 240               # alpha from which a pane counts as opaque
EMPTY = 8                  # alpha below which nothing is there: panes of turntables have more
BLACK, SOLID = 8, 252      # of a shadow in a cut-out: its brightest colour, and the alpha that it stays below
LEAST_GLASS = 0.02         # share of the car that see-through panes have at least
CROPS_PER_PLACE = 12       # crops of one panorama, numbered one after another


@dataclass(frozen=True)
class Photo:
    name: str
    set: str
    rgb: np.ndarray                    # uint8 (height, width, 3)
    mask: np.ndarray                   # uint8 (height, width), 255 = car
    ignore: np.ndarray | None          # uint8 (height, width), 255 = not known
    glass: np.ndarray | None = None    # uint8 (height, width), 255 = pane; None: not known
    colours: np.ndarray | None = None  # uint8 (height, width, 3), the car's own colours wherever mask > 0; None: not known


@dataclass(frozen=True)
class Cutout:
    name: str
    set: str
    rgba: np.ndarray   # uint8 (height, width, 4), premultiplied; shadow and see-through glass as found
    matte: np.ndarray  # uint8 (height, width), the car alone, glass filled
    glass: np.ndarray | None = None  # uint8 (height, width), 255 = see-through pane; None: its panes are opaque


def name_of(item: Photo | Cutout) -> str:
    """SET/STEM."""
    return f"{item.set}/{item.name}"


def is_plain(data: Path) -> bool:
    """Whether a folder is in the simple layout: images/ and masks/, without sets."""
    return (data / "images").is_dir()


def photo_paths(data: Path, split: str) -> list[tuple[str, Path]]:
    """(set, image path) of every photo of a split that has a mask, in a fixed order. Raises DataError where there is none."""
    if is_plain(data):
        if sets := [name for name in ("train", "val", "test") if (data / name).is_dir()]:
            raise DataError(f"{data}: holds images/ beside {sets[0]}/: move images/ and masks/ to train/SET, and photos to validate by to val/SET")
        if split == "test":
            raise DataError(f"{data}: images/ and masks/ alone have no test photos; expected test/SET/images and masks")
        every = [path for path in sorted((data / "images").iterdir()) if is_photo(path)]
        hashes = {path: zlib.crc32(path.stem.encode()) for path in every}
        validating = {path for path in every if hashes[path] % TENTH == 0} or set(sorted(every, key=hashes.__getitem__)[:1])
        found = [(data.resolve().name, path) for path in every if (path in validating) == (split == "val")]
    else:
        found = [(path.parent.parent.name, path) for path in sorted((data / split).glob("*/images/*")) if is_photo(path)]
    if not found:
        if is_plain(data) and len(every) == 1:
            raise DataError(f"{data}: one photo can't be for training and for validation; two are the least")
        raise DataError(f"{data}: no '{split}' photos with masks; expected {split}/SET/images/NAME.jpg and {split}/SET/masks/NAME.png, or images/ and masks/")
    return found


def is_photo(path: Path) -> bool:
    """Whether a file in images/ is a photo with a mask; polygons of labelme (training/corrections.py) lie beside the photos."""
    return is_picture(path) and beside(path, "masks").exists()


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not path.name.startswith(".")


def pictures(folder: Path, pattern: str) -> list[Path]:
    return [path for path in sorted(folder.glob(pattern)) if is_picture(path)]


def summary(data: Path) -> str:
    """What of a folder of data is used, in a line for people, so that photos without a mask are noticed."""
    patterns = ["images/*"] if is_plain(data) else ["train/*/images/*", "val/*/images/*"]
    photos = {"train": len(photo_paths(data, "train")), "val": len(photo_paths(data, "val")) if is_plain(data) or any(data.glob(patterns[-1])) else 0}
    without = [path for pattern in patterns for path in pictures(data, pattern) if not beside(path, "masks").exists()]
    missing = f", {len(without)} photos without a mask such as {beside(without[0], 'masks')}" if without else ""
    cutouts, backgrounds, occluders = len(cutout_paths(data, "train")), len(pictures(data, "backgrounds/*/*")), len(pictures(data, "occluders/*/*"))
    made = f"{cutouts} cut-outs, {backgrounds} backgrounds, {occluders} occluders{'' if cutouts and backgrounds else ': no composites'}"
    return f"{data}: {photos['train']} photos to train on, {photos['val']} to validate by{missing}; {made}"


def read_photos(data: Path, split: str, longest: int | None = None) -> list[Photo]:
    """The photos of a split, the longest side at most `longest` pixels (None: as they are).

    Raises DataError where there is none, and as `read_mask` does.
    """
    def read(row: tuple[str, Path]) -> Photo:
        name, path = row
        rgb = read_rgb(path)
        mask, ignore, glass = (read_mask(beside(path, kind), rgb.shape) if kind == "masks" or beside(path, kind).exists() else None
                               for kind in ("masks", "ignore", "glass"))
        ignore, glass = (None if layer is None else shrink(layer, longest) for layer in (ignore, glass))
        return Photo(path.stem, name, shrink(rgb, longest), shrink(mask, longest), ignore, glass)
    return in_threads(read, photo_paths(data, split))


def read_cutouts(data: Path, split: str, longest: int | None = None) -> list[Cutout]:
    """The cut-outs of a split, the longest side at most `longest` pixels."""
    def read(path: Path) -> Cutout:
        rgba = read_rgba(path)
        matte = matte_of(path, rgba)
        panes = transparent_panes(rgba[..., 3], matte)
        glass = None if panes is None else shrink(panes, longest)
        return Cutout(path.stem, path.parent.parent.name, shrink(premultiplied(rgba), longest), shrink(matte, longest), glass)
    return in_threads(read, cutout_paths(data, split))


def cutout_paths(data: Path, split: str) -> list[Path]:
    """The cut-outs of sets named `_val`, of sets named `_test`, or of all others."""
    def split_of(path: Path) -> str:
        ending = path.parent.parent.name.rpartition("_")[2]
        return ending if ending in ("val", "test") else "train"
    return [path for path in pictures(data, "cutouts/*/rgba/*") if split_of(path) == split]


def matte_of(path: Path, rgba: np.ndarray) -> np.ndarray:
    """The matte beside a cut-out's picture, without the ground in it; its own alpha where the set has no mattes."""
    if not (path.parent.parent / "mattes").is_dir():
        return np.ascontiguousarray(rgba[..., 3])
    matte = without_shadow(rgba, read_mask(beside(path, "mattes"), rgba.shape))
    return without_gaps(rgba, matte) if path.parent.parent.name.partition("_")[0] == "turntable" else matte


def read_occluders(data: Path, split: str, longest: int | None = None) -> list[np.ndarray]:
    """uint8 (height, width, 4), premultiplied: people and objects to put in front of a car, cropped to what they show."""
    def read(path: Path) -> np.ndarray:
        rgba = read_rgba(path)
        x, y, w, h = cv2.boundingRect((rgba[..., 3] > 127).astype(np.uint8))
        if not w:
            raise DataError(f"{path}: nothing in it is opaque")
        return shrink(premultiplied(rgba[y:y + h, x:x + w]), longest)
    return in_threads(read, [path for path in pictures(data, "occluders/*/*") if is_held_out(path) == (split != "train")])


def read_backgrounds(data: Path, split: str, longest: int | None = None, sets: str = "*") -> list[np.ndarray]:
    """uint8 (height, width, 3) pictures without a main vehicle."""
    paths = [path for path in pictures(data, f"backgrounds/{sets}/*") if is_held_out(path) == (split != "train")]
    return in_threads(lambda path: shrink(read_rgb(path), longest), paths)


def read_interiors(data: Path, split: str, longest: int | None = None) -> list[np.ndarray]:
    """uint8 (height, width, 3) pictures of vehicles' interiors, which are no cut-out either."""
    paths = [path for path in pictures(data, "kinds/interior/*") if is_held_out(path) == (split != "train")]
    return in_threads(lambda path: shrink(read_rgb(path), longest), paths)


def transparent_panes(alpha: np.ndarray, matte: np.ndarray) -> np.ndarray | None:
    """Where a cut-out's own alpha lets the background through inside the car, uint8 like both; None where its maker left the panes opaque."""
    inside = cv2.erode((matte > 250).astype(np.uint8), np.ones((5, 5), np.uint8))
    panes = np.where((inside > 0) & (alpha < OPAQUE), np.uint8(255), np.uint8(0))
    return panes if cv2.countNonZero(panes) > LEAST_GLASS * cv2.countNonZero(inside) else None


def without_gaps(rgba: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """A turntable's matte with its gaps open, as under a wing: filling took them for panes. uint8 (height, width, 4) and (height, width), as it returns."""
    gap = (rgba[..., 3] < EMPTY) & (matte > 127)
    return cv2.min(matte, cv2.blur(np.where(gap, np.uint8(0), np.uint8(255)), (3, 3)))


def without_shadow(rgba: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """A cut-out's matte without its shadow under the car: black, a little see-through, and connected to what is not car.

    rgba: uint8 (height, width, 4), straight; matte: uint8 (height, width), in and out.
    """
    _, top, _, height = cv2.boundingRect(matte)
    shadow = (rgba[..., :3].max(-1) <= BLACK) & (rgba[..., 3] < SOLID)
    shadow[:top + height // 2] = False
    open_ = cv2.copyMakeBorder((shadow | (matte < 128)).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, reached = cv2.connectedComponents(open_, connectivity=4)
    ground = shadow & (reached[1:-1, 1:-1] == reached[0, 0]) & (matte > 127)
    return cv2.min(matte, cv2.blur(np.where(ground, np.uint8(0), np.uint8(255)), (3, 3)))


def is_held_out(path: Path) -> bool:
    """Whether a background, an occluder or an interior is one of the eighth that is never trained on: by hash of its name; crops of one place go together.

    Of interiors it is for presence alone: the kind model splits by `validates` (training/data/listing.py).
    """
    group = path.stem
    if place := re.fullmatch(r"(places\w*)_(\d+)", path.stem):
        group = f"{place[1]} {int(place[2]) // CROPS_PER_PLACE}"
    return zlib.crc32(group.encode()) % EIGHTH == 0


def beside(image: Path, kind: str) -> Path:
    """The picture of another kind (masks, ignore, glass, mattes) that belongs to a picture."""
    return image.parent.parent / kind / f"{image.stem}.png"


def premultiplied(rgba: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 4), straight -> premultiplied, rounded."""
    colours = (rgba[..., :3] * rgba[..., 3:].astype(np.uint16) + 127) // 255
    return np.dstack([colours.astype(np.uint8), rgba[..., 3]])


def read_rgb(path: Path) -> np.ndarray:
    return cv2.cvtColor(read_raw(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_rgba(path: Path) -> np.ndarray:
    picture = read_raw(path, cv2.IMREAD_UNCHANGED)
    if picture.ndim != 3 or picture.shape[2] != 4:
        raise DataError(f"{path}: no alpha channel")
    return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)


def read_grey(path: Path) -> np.ndarray:
    return read_raw(path, cv2.IMREAD_GRAYSCALE)


def read_mask(path: Path, size: tuple[int, ...] | None = None) -> np.ndarray:
    """uint8 (height, width), 255 = car, or whatever the mask tells.

    Raises DataError for another size than `size`, if that is given, and for colours, classes or alpha: read as grey they would teach something else.
    """
    mask = read_raw(path, cv2.IMREAD_UNCHANGED)
    if size and mask.shape[:2] != size[:2]:
        turned = "; the photo is turned by its EXIF orientation, turn the mask too" if mask.shape[:2] == (size[1], size[0]) != size[:2] else ""
        raise DataError(f"{path}: {mask.shape[1]}x{mask.shape[0]} pixels, but the photo has {size[1]}x{size[0]}{turned}")
    if mask.dtype != np.uint8 or mask.ndim == 3 and (mask.shape[2] == 4 or (mask != mask[..., :1]).any()):
        raise DataError(f"{path}: expected grey of 8 bits, 0 for the ground and 255 for the car, without colours or alpha")
    mask = np.ascontiguousarray(mask[..., 0]) if mask.ndim == 3 else mask
    if 0 < mask.max() < 128:
        raise DataError(f"{path}: its highest value is {mask.max()}; expected 0 for the ground and 255 for the car")
    return mask


def write_picture(path: Path, picture: np.ndarray) -> None:
    """A uint8 picture, grey or RGB, in the format of the name; JPEG of quality 95. Raises DataError where it can't be written."""
    if not cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture):
        raise DataError(f"{path}: can't be written")


def read_raw(path: Path, flag: int) -> np.ndarray:
    if not path.exists():
        raise DataError(f"{path}: no such file")
    picture = cv2.imread(str(path), flag)
    if picture is None:
        raise DataError(f"{path}: not a picture that can be read: use JPEG, PNG or WebP")
    return picture


def shrink(picture: np.ndarray, longest: int | None) -> np.ndarray:
    scale = min(1.0, longest / max(picture.shape[:2])) if longest else 1.0
    return resize(picture, (max(1, round(picture.shape[0] * scale)), max(1, round(picture.shape[1] * scale))))


def in_threads(do: Callable, items: Iterable) -> list:
    """The results of a function for each of the items, in their order, computed in threads on all cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(do, items))
