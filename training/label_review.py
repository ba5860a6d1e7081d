"""Label review: where a network and the masks of its training photos disagree most, for a person to decide which photos to exclude.

A trained network's disagreement finds wrong labels (confident learning, Northcutt et al. 2021, arXiv 1911.00068).
"""
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from model.localise import Network, localise
from training.contact_sheet import TILE, captioned, outlined
from training.data.samples import without
from training.data.sources import Photo, in_threads, name_of, read_photos

LONGEST = 1024       # pixels; photos are compared at no larger size
BRUSH = 9            # pixels: thinner pieces are within the masks' accuracy
MARGIN = 1.1         # of the piece's length, shown on every side of it
LEAST_MARGIN = 60    # pixels, the same


class Disagreement(NamedTuple):
    photo: Photo
    alpha: np.ndarray              # float32 (height, width), the network's
    box: tuple[int, int, int, int]  # x, y, width, height of the largest piece that only one of the two holds
    share: float                   # area of that piece, share of the mask


def disagreements(data: Path, network: Network, excluded: Collection[str] = ()) -> list[Disagreement]:
    """The training photos but those excluded (as SET/STEM), those with the largest piece first.

    network: safe to share between threads. Raises DataError where an excluded photo is not there.
    """
    found = in_threads(lambda photo: compare(photo, network), without(read_photos(data, "train", LONGEST), excluded))
    return sorted((one for one in found if one.share > 0), key=lambda one: -one.share)


def compare(photo: Photo, network: Network) -> Disagreement:
    alpha = localise(photo.rgb, network).unrefined()
    car, mask = alpha > 0.5, photo.mask > 127
    known = np.ones_like(mask) if photo.ignore is None else photo.ignore < 128
    pieces = [piece for only in (car & ~mask & known, mask & ~car & known) for piece in thick_pieces(only)]
    *box, area = max(pieces, key=lambda piece: piece[cv2.CC_STAT_AREA], default=(0, 0, 0, 0, 0))
    x, y, w, h = map(int, box)
    return Disagreement(photo, alpha, (x, y, w, h), area / max(1, np.count_nonzero(mask)))


def thick_pieces(mask: np.ndarray) -> Iterator[np.ndarray]:
    """Box and area of each piece of a boolean mask that a square brush fits into."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((BRUSH, BRUSH), np.uint8))
    yield from cv2.connectedComponentsWithStats(opened)[2][1:]


def tile_of(one: Disagreement) -> np.ndarray:
    """The piece and its surroundings as a tile, with the network's outline in magenta and the mask's in green."""
    x, y, w, h = one.box
    reach = max(LEAST_MARGIN, MARGIN * max(w, h * TILE[1] / TILE[0]))
    rows, columns = (slice(max(0, int(centre - part)), int(centre + part)) for centre, part in ((y + h / 2, reach * TILE[0] / TILE[1]), (x + w / 2, reach)))
    part, alpha, mask = (layer[rows, columns] for layer in (one.photo.rgb, cv2.convertScaleAbs(one.alpha, alpha=255), one.photo.mask))
    return captioned(outlined(part, alpha, mask), f"{name_of(one.photo)} {one.share:.1%}")
