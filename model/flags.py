"""What is wrong with a photo of a car: a measure for each flag, and the least value at which the photo is good.

tilted, occluded and several are told by the kind model (model/kind.py); the others are taken from what the fine pass saw and
predicted, some 830 x 350 pixels around the car. benchmarks/flags.py reports how often each is right.
"""
from typing import Literal

import cv2
import numpy as np

from model.kind import Flaws
from model.localise import Prediction, Window
from postprocessing.pieces import one_piece
from preprocessing.orientation import Box, turn_box

LEAST = {
    "cut_off": 0.96,        # share of the car's width or height that does not lie on the photo's edge, of the worst edge
    "small": 400.0,         # pixels of the car's longer side in the photo as it was sent
    "dark": 125.0,          # grey level, 0 to 255, that a twentieth of the surroundings and the car exceeds
    "blurred": 0.29,        # steepness of edges: see `sharpness`
    "tilted": -5.0,         # minus the degrees by which the photo is turned
    "occluded": 0.2,        # probability, with equal priors (training/flaws.py), that nothing stands before the car
    "several": 0.5,         # probability that no other vehicle is as large
    "low_confidence": 0.5,  # probability that the cut-out can be published untouched
}
FLAGS = tuple(LEAST)
RETAKE = {"cut_off", "small", "dark", "blurred", "tilted"}  # flags that another photo may be without
OF_SCENE = {"cut_off", "dark"}                    # flags of what is around the car
BRIGHT, STEEP = 0.95, 0.99  # quantiles
EDGE = 6                    # pixels, wider than what is soft at a sharp edge
AWAY_FROM_OUTLINE = np.ones((2 * EDGE + 1,) * 2, np.uint8)  # the outline of a cut-out on white is soft, however sharp the car is
ENOUGH = 100                # pairs of pixels

RegionOfPhoto = tuple[Box, tuple[int, int]]  # a box of a photo as it was given, and the photo's height and width


def flags(prediction: Prediction, confidence: float, flaws: Flaws, scale: float, region: RegionOfPhoto | None = None, scene: bool = True) -> tuple[str, ...]:
    """Of FLAGS, in their order, those that a photo with a car has.

    confidence: 0..1, that its cut-out can be published untouched. scale: pixels of the photo as it was sent to one of the prediction's, along a side.
    region: what the prediction is of, where it is not of a whole photo.
    scene: whether it shows what is around the car; False for a cut-out, whose transparent parts have any colour.
    """
    measured = measures(prediction, confidence, flaws, scale, region)
    return tuple(flag for flag in FLAGS if measured[flag] < LEAST[flag] and (scene or flag not in OF_SCENE))


def advice(flags: tuple[str, ...]) -> Literal["retake", "look"] | None:
    """What a person should do: take the photo again, look at the cut-out, or nothing."""
    return "retake" if RETAKE.intersection(flags) else "look" if flags else None


def measures(prediction: Prediction, confidence: float, flaws: Flaws, scale: float, region: RegionOfPhoto | None = None) -> dict[str, float]:
    """By flag, in the units of LEAST; the less, the worse."""
    car = one_piece(prediction.matte[::2, ::2]) > 0.5  # every fourth pixel suffices
    box = window_of(car)
    window = tuple(part.stop - part.start for part in prediction.window)
    sides = [(part.stop - part.start) * whole / have for part, whole, have in zip(box, window, car.shape)]
    scene, of_car = (cv2.cvtColor(part, cv2.COLOR_RGB2GRAY) for part in (prediction.rgb[::4, ::4].copy(), prediction.rgb[twice(box)]))
    inside = cv2.erode(cv2.inRange(prediction.matte[twice(box)], 0.5, 1), AWAY_FROM_OUTLINE, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if (enlarged := prediction.rgb.shape[0] / window[0]) > 1:  # it is as blurred as it is enlarged
        of_car = cv2.resize(of_car, None, fx=1 / enlarged, fy=1 / enlarged, interpolation=cv2.INTER_AREA)
        inside = cv2.resize(inside, of_car.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return {"cut_off": 1 - on_edge(car, box, prediction, region), "small": scale * max(sides), "dark": quantile(scene, BRIGHT),
            "blurred": sharpness(of_car, inside), "tilted": -abs(flaws.roll), "occluded": 1 - flaws.occluded, "several": 1 - flaws.several,
            "low_confidence": confidence}


def window_of(car: np.ndarray) -> Window:
    x, y, width, height = cv2.boundingRect(car.astype(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def twice(box: Window) -> Window:
    rows, columns = (slice(2 * part.start, 2 * part.stop) for part in box)
    return rows, columns


def on_edge(car: np.ndarray, box: Window, prediction: Prediction, region: RegionOfPhoto | None) -> float:
    """The largest share of the car's width or height that lies on one edge of the photo; other sides of the region or of the window do not count."""
    (rows, columns), matte = prediction.window, prediction.matte
    top, left, (height, width) = 0, 0, prediction.size
    if region:
        (top, left, *_), photo = turn_box(*region, prediction.quarter_turns), region[1]
        height, width = photo[::-1] if prediction.quarter_turns % 2 else photo
    tall, wide = (side.stop - side.start for side in box)
    edges = ((top + rows.start == 0, car[0], matte[0, ::2], wide), (top + rows.stop == height, car[-1], matte[-1, ::2], wide),
             (left + columns.start == 0, car[:, 0], matte[::2, 0], tall), (left + columns.stop == width, car[:, -1], matte[::2, -1], tall))
    return max(np.count_nonzero(beside & (edge > 0.5)) / length if reached else 0.0 for reached, beside, edge, length in edges)


def sharpness(grey: np.ndarray, inside: np.ndarray) -> float:
    """How much of an edge's contrast lies between neighbours, 0..1, across or down, whichever is less: motion blurs one direction alone.

    grey: uint8 (height, width); inside: the same, 255 where pixels count.

    The 99th percentile of the differences of neighbours, by that of pixels EDGE apart. Of a sharp edge it is near 1; blur lowers it by its width.
    1 where there are too few pixels, or no contrast, to tell.
    """
    if min(grey.shape) <= EDGE:
        return 1.0
    return min(steepness(grey, inside), steepness(cv2.transpose(grey), cv2.transpose(inside)))


def steepness(grey: np.ndarray, inside: np.ndarray) -> float:
    """`sharpness` across, in every other row."""
    near, far = (cv2.absdiff(grey[::2, apart:], grey[::2, :-apart]) for apart in (1, EDGE))
    of_near, of_far = (cv2.bitwise_and(inside[::2, apart:], inside[::2, :-apart]) for apart in (1, EDGE))
    contrast = quantile(far, STEEP, of_far) if cv2.countNonZero(of_far) >= ENOUGH else 0
    return quantile(near, STEEP, of_near) / contrast if contrast else 1.0


def quantile(levels: np.ndarray, share: float, counted: np.ndarray | None = None) -> int:
    """The level that a share of uint8 levels does not exceed; only of those that are `counted`, uint8 not 0, where that is given."""
    counts = cv2.calcHist([np.ascontiguousarray(levels)], [0], counted, [256], [0, 256]).ravel().cumsum()
    return int(np.searchsorted(counts, share * counts[-1]))
