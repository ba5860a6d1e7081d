"""Self-training: masks for photos without any, by a trained network (noisy student, Xie et al. 2020, arXiv 1911.04252).

The teacher is the mean over windows, scales and mirror images. Pixels on which these disagree are ignored in training. A photo with many of
these is left out: the teacher does not know it.
"""
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from model.frames import best_frame
from model.localise import Network, Window, localise, predict, size_of
from postprocessing.pieces import one_piece
from preprocessing.letterbox import resize
from training.data.sources import PICTURES, in_threads, pictures, read_rgb, write_picture
from training.errors import DataError
from training.metrics import overlap

LONGEST = 1100             # pixels of a photo's longer side
AT_ONCE = 32               # photos in memory
WIDER = (0.0, 0.25, 0.6)   # of the window's sides, added around the fine pass's window
DISAGREE = 0.25            # standard deviation of the passes' alpha, from which a pixel is ignored
UNDECIDED = (0.15, 0.85)   # mean alpha away from edges, between which a pixel is ignored
EDGE = 5                   # pixels on both sides of the mean's outline that count as edge
MOST_IGNORED = 0.03        # share of the car: a photo with more is left out
LEAST_AGREEMENT = 0.975    # mean IoU of a pass and the mean, below which a photo is left out


@dataclass(frozen=True)
class PseudoLabel:
    mask: np.ndarray    # uint8 (height, width), 255 = car
    ignore: np.ndarray  # uint8 (height, width), 255 = not scored
    ignored: float      # share of the car's area
    agreement: float    # mean IoU of the passes and their mean

    @property
    def trusted(self) -> bool:
        return self.ignored <= MOST_IGNORED and self.agreement >= LEAST_AGREEMENT


def pseudo_label(rgb: np.ndarray, network: Network) -> PseudoLabel | None:
    """The teacher's label of a uint8 photo (height, width, 3); None where it finds no upright car."""
    first = localise(rgb, network)
    if first.quarter_turns or not (first.matte > 0.5).any():
        return None
    mattes = [in_photo(window, rgb, network, flip) for share in WIDER for window in [wider(first.window, share, first.size)] for flip in (False, True)]
    mean, spread = np.mean(mattes, 0), np.std(mattes, 0)
    mean = one_piece(mean)
    car = (mean > 0.5).astype(np.uint8)
    kernel = np.ones((2 * EDGE + 1,) * 2, np.uint8)
    edge = cv2.dilate(car, kernel) - cv2.erode(car, kernel)
    unsure = (spread > DISAGREE) | (mean > UNDECIDED[0]) & (mean < UNDECIDED[1]) & (edge == 0)
    unsure = cv2.dilate(cv2.morphologyEx(unsure.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.ones((7, 7), np.uint8))
    agreement = float(np.mean([overlap(matte > 0.5, car > 0) for matte in mattes]))
    return PseudoLabel(cv2.convertScaleAbs(mean, alpha=255), 255 * unsure, float(unsure.sum()) / max(1, int(car.sum())), agreement)


def in_photo(window: Window, rgb: np.ndarray, network: Network, flip: bool) -> np.ndarray:
    """float32 (height, width): the matte of a window, or of its mirror image, in the photo."""
    part = rgb[window]
    matte = predict(best_frame(size_of(window)), np.ascontiguousarray(part[:, ::-1]) if flip else part, network).matte
    whole = np.zeros(rgb.shape[:2], np.float32)
    whole[window] = resize(matte[:, ::-1] if flip else matte, size_of(window))
    return whole


def wider(window: Window, share: float, photo: tuple[int, int]) -> Window:
    """A window with so much of its sides added on each side, as far as the photo (height, width) reaches."""
    rows, columns = (slice(max(0, int(part.start - share * (part.stop - part.start))), min(whole, int(part.stop + share * (part.stop - part.start))))
                     for part, whole in zip(window, photo))
    return rows, columns


def label_folder(photos: Path, network: Network, out: Path) -> Iterator[tuple[Path, PseudoLabel | None]]:
    """Labels each photo of a folder and writes those that are trusted as OUT/images, OUT/masks and OUT/ignore. Yields each photo with its label.

    Raises DataError, before anything is written, where there are no photos, where two differ only in the ending of their name, or where a mask or a photo
    would be overwritten.
    """
    paths = pictures(photos, "*")
    if not paths:
        raise DataError(f"{photos}: no photos; expected {', '.join(sorted(PICTURES))}")
    if twice := [stem for stem, number in Counter(path.stem for path in paths).items() if number > 1]:
        raise DataError(f"{photos}: {len(twice)} names come twice, such as {twice[0]}: a label is named as its photo, without the ending")
    kept = [there for path in paths for there in (out / "images" / f"{path.stem}.jpg", out / "masks" / f"{path.stem}.png") if there.exists()]
    if kept or (out / "images").resolve() == photos.resolve():
        raise DataError(f"{kept[0] if kept else photos}: would be overwritten; give an --out that holds no photos yet")
    for kind in ("images", "masks", "ignore"):
        (out / kind).mkdir(parents=True, exist_ok=True)

    def labelled(path: Path) -> tuple[Path, np.ndarray, PseudoLabel | None]:
        rgb = read_rgb(path)
        scale = min(1.0, LONGEST / max(rgb.shape[:2]))
        rgb = resize(rgb, (round(rgb.shape[0] * scale), round(rgb.shape[1] * scale)))
        return path, rgb, pseudo_label(rgb, network)

    for start in range(0, len(paths), AT_ONCE):
        for path, rgb, label in in_threads(labelled, paths[start:start + AT_ONCE]):
            if label is not None and label.trusted:
                write_picture(out / "images" / f"{path.stem}.jpg", rgb)
                write_picture(out / "masks" / f"{path.stem}.png", label.mask)
                write_picture(out / "ignore" / f"{path.stem}.png", label.ignore)
            yield path, label
