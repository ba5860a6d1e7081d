"""Where the network and the masks of its training photos disagree most, for a person to look at: who is right decides what training/excluded_photos.txt names.

Masks that networks have made miss mirrors and tyres in the shade, and hold the car next door; a trained network's own disagreement finds such
labels (confident learning, Northcutt et al. 2021, arXiv 1911.00068).
"""
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from model.localise import localise
from training.data.samples import name_of, without
from training.data.sources import Photo, in_threads, read_photos
from training.evaluation import TILE, captioned, outlined

LONGEST = 1024       # pixels that photos are looked at
BRUSH = 9            # pixels: what is thinner is the edge's inexactness
AROUND = 1.1         # of the piece's length, shown on every side of it
LEAST = 60           # pixels, the same


class Disputed(NamedTuple):
    photo: Photo
    alpha: np.ndarray              # float32 (height, width), the network's
    box: tuple[int, int, int, int]  # x, y, width, height of the largest piece that only one of the two holds
    share: float                   # of the mask, that piece


def disputed(data: Path, network, left_out: Collection[str] = ()) -> list[Disputed]:
    """The training photos but those left out (as SET/STEM), those with the largest piece first.

    network: anything with `predict` (model.localise.Network). Raises ValueError where one left out is not there.
    """
    found = in_threads(lambda photo: dispute(photo, network), without(read_photos(data, "train", LONGEST), left_out))
    return sorted((one for one in found if one.share > 0), key=lambda one: -one.share)


def dispute(photo: Photo, network) -> Disputed:
    seen = localise(photo.rgb, network)
    alpha = seen.unrefined()
    car, mask = alpha > 0.5, photo.mask > 127
    known = np.ones_like(mask) if photo.ignore is None else photo.ignore < 128
    pieces = [piece for only in (car & ~mask & known, mask & ~car & known) for piece in thick_pieces(only)]
    *box, area = max(pieces, key=lambda piece: piece[cv2.CC_STAT_AREA], default=(0, 0, 0, 0, 0))
    return Disputed(photo, alpha, tuple(map(int, box)), area / max(1, np.count_nonzero(mask)))


def thick_pieces(mask: np.ndarray) -> Iterator[np.ndarray]:
    """Box and area of each piece of a mask that a square brush fits into."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((BRUSH, BRUSH), np.uint8))
    yield from cv2.connectedComponentsWithStats(opened)[2][1:]


def shown(one: Disputed) -> np.ndarray:
    """The piece and what is around it as a tile, with the network's outline drawn, and the mask's."""
    x, y, w, h = one.box
    reach = max(LEAST, AROUND * max(w, h * TILE[1] / TILE[0]))
    rows, columns = (slice(max(0, int(centre - part)), int(centre + part)) for centre, part in ((y + h / 2, reach * TILE[0] / TILE[1]), (x + w / 2, reach)))
    part, alpha, mask = (layer[rows, columns] for layer in (one.photo.rgb, cv2.convertScaleAbs(one.alpha, alpha=255), one.photo.mask))
    tile = outlined(part, alpha, mask)
    return captioned(tile, f"{name_of(one.photo)} {one.share:.1%}")
