"""Corrects masks by polygons drawn by hand, as labelme writes them: images/STEM.json beside images/STEM.jpg.

A polygon says what the pixels in it are: `car`, `ground` (all that is not the car), or `unknown`, which is not scored. A later one covers an earlier one.
The pixels along a new outline are not scored either: a line drawn by hand is exact to some pixels only.
"""
import json
from pathlib import Path

import cv2
import numpy as np

from training.data.sources import POLYGONS, beside, read_mask, write_picture
from training.errors import DataError

VALUES = {"car": 255, "ground": 0}
UNKNOWN = "unknown"
SUBPIXEL = 4  # binary digits after the point, of the polygons' corners
NEXT = np.ones((3, 3), np.uint8)


def correct_set(folder: Path) -> int:
    """Corrects masks/ and ignore/ of a set of photos (DIR/train/SET) that have polygons, and returns their number. The same once more changes nothing.

    Raises DataError where there are none, where a file is not labelme's, names anything else, or belongs to no mask of its size.
    """
    files = sorted((folder / "images").glob(f"*{POLYGONS}"))
    if not files:
        raise DataError(f"{folder}/images: no .json file of labelme")
    masks = [read_mask(beside(file, "masks")) for file in files]
    polygons = [read_polygons(file, mask.shape) for file, mask in zip(files, masks)]  # all of them, before anything is written
    (folder / "ignore").mkdir(exist_ok=True)
    for file, mask, drawn in zip(files, masks, polygons):
        ignore = folder / "ignore" / f"{file.stem}.png"
        after, unscored = corrected(mask, read_mask(ignore) if ignore.exists() else np.zeros_like(mask), drawn)
        write_picture(folder / "masks" / ignore.name, after)
        write_picture(ignore, unscored)
    return len(files)


def read_polygons(file: Path, size: tuple[int, ...]) -> list[tuple[str, np.ndarray]]:
    """Each polygon's name and corners, float (n, 2), x and y in pixels, of a photo of size (height, width)."""
    try:
        drawn = json.loads(file.read_text())
        height, width = drawn["imageHeight"], drawn["imageWidth"]
        polygons = [(shape["label"], shape["shape_type"], np.array(shape["points"], float)) for shape in drawn["shapes"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: not a file of labelme: {error!r}") from None
    if (height, width) != size:
        raise DataError(f"{file}: of a photo of {width}x{height} pixels, but its mask has {size[1]}x{size[0]}")
    for name, kind, corners in polygons:
        if name not in (*VALUES, UNKNOWN):
            raise DataError(f"{file}: a polygon is named {name}; expected {', '.join(VALUES)} or {UNKNOWN}")
        if kind != "polygon" or corners.shape[1:] != (2,) or len(corners) < 3 or not np.isfinite(corners).all():
            raise DataError(f"{file}: a {kind} of {len(corners)} points; expected a polygon of three or more")
    return [(name, corners) for name, _, corners in polygons]


def corrected(mask: np.ndarray, ignore: np.ndarray, polygons: list[tuple[str, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (height, width) mask and ignored pixels, and what `read_polygons` returns -> the corrected two."""
    after, unscored = mask.copy(), ignore.copy()
    for name, corners in polygons:
        whole = [np.rint(corners * 2**SUBPIXEL).astype(np.int32)]
        if name == UNKNOWN:
            cv2.fillPoly(unscored, whole, 255, shift=SUBPIXEL)
        else:
            cv2.fillPoly(after, whole, VALUES[name], shift=SUBPIXEL)
    unscored[(outline(after) > 0) & (cv2.dilate(outline(mask), NEXT) == 0)] = 255
    return after, unscored


def outline(mask: np.ndarray) -> np.ndarray:
    """uint8 (height, width): 1 on the pixels on both sides of a mask's edge."""
    return cv2.morphologyEx((mask > 127).astype(np.uint8), cv2.MORPH_GRADIENT, NEXT)
