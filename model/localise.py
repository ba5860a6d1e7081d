"""Localisation in two passes: a coarse pass over the whole photo finds the car, a fine pass over its surroundings finds its edges.

A car fills only a part of most photos. In a window of its own it is a third to a half larger, at the same cost. One network does both passes.
Where the fine pass gives the car another box than the coarse pass, it is repeated there. A matte that is uncertain is averaged with
that of the mirror image: flip test-time augmentation (Krizhevsky et al. 2012, "ImageNet Classification with Deep Convolutional Neural Networks",
section 4.1). A photo that is still uncertain may lie on its side, because it has lost its orientation: coarse passes over the turned photo decide.
"""
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from model.frames import COARSE_FRAME, best_frame
from postprocessing.pieces import one_piece
from preprocessing.letterbox import Letterbox, resize
from preprocessing.orientation import turn

MARGIN = 0.2              # of the car's box, kept on every side of it
WINDOW_CUTS = 0.02        # share of a window's inner side that the car covers, from which the window cuts the car
SAME_BOX = 0.75           # IoU of the car's boxes in both passes, below which the fine pass is repeated
FLIP_ABOVE = 0.02         # expected error of a matte, above which the mirror image is predicted as well
TURN_ABOVE = 0.03         # uncertainty, above which the turned photo is tried
UPRIGHT_BELOW = 0.06      # uncertainty of a turned coarse pass, below which a car may stand there upright
UPRIGHT_RATIO = 0.6       # and the most it may have of the unturned pass's uncertainty
SMALLEST_CAR = 0.002      # share of a matte; a smaller shape is a speck

Window = tuple[slice, slice]  # rows and columns
Bounds = tuple[float, float, float, float]  # top, bottom, left, right in pixels


class Network(Protocol):
    """A frame, uint8 (height, width, 3), to its alpha (height, width) and its glass (height/2, width/2), float32 in 0..1, and the encoder's
    features at strides 32 and 16 (rows, columns, channels), float32."""

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]: ...


class Pass(NamedTuple):
    """One prediction, without the letterbox's pad."""

    rgb: np.ndarray    # uint8 (h, w, 3), as the network saw it
    matte: np.ndarray  # float32 (h, w) in 0..1
    glass: np.ndarray  # float32 (h/2, w/2) in 0..1
    features: tuple[np.ndarray, ...]  # of the encoder, of the whole frame, the pad included


class Prediction(NamedTuple):
    """Of an upright photo: one that was given otherwise is turned first."""

    size: tuple[int, int]   # height, width of the upright photo in pixels
    coarse: np.ndarray      # float32 (h, w) in 0..1, a small matte of the whole photo
    window: Window          # the part of the photo that the fine pass saw; outside of it there is no car
    rgb: np.ndarray         # uint8 (height, width, 3), the window at the frame's size
    matte: np.ndarray       # float32 (height, width) in 0..1, of the window at the frame's size
    glass: np.ndarray       # the same at half of that: the share of a window pane
    features: tuple[np.ndarray, ...]  # of the encoder in the fine pass, at strides 32 and 16 of its whole frame
    coarse_features: tuple[np.ndarray, ...]  # float32 (8, 8, channels) and (16, 16, channels) of the encoder in the coarse pass, of its whole frame
    quarter_turns: int = 0  # anticlockwise, after which the photo stood upright

    def in_photo(self, layer: np.ndarray) -> np.ndarray:
        """A layer of the window's size as one of the photo's as it was given: 0 outside of the window."""
        whole = np.zeros(self.size, layer.dtype)
        whole[self.window] = layer
        return turn(whole, -self.quarter_turns)

    def cropped(self, rgb: np.ndarray) -> np.ndarray:
        """The window of the photo as it was given (height, width[, channels]), upright."""
        return turn(rgb, self.quarter_turns)[self.window]

    def unrefined(self) -> np.ndarray:
        """The matte enlarged to the photo as it was given, float32 (height, width) in 0..1."""
        return self.in_photo(resize(self.matte, size_of(self.window)))


def localise(rgb: np.ndarray, network: Network) -> Prediction:
    """What a network predicts of a uint8 photo (height, width, 3), upright or not."""
    coarse = predict(COARSE_FRAME, rgb, network)
    prediction = localise_upright(rgb, coarse, network)
    if uncertainty(prediction.matte) <= TURN_ABOVE:
        return prediction
    turned = {turns: predict(COARSE_FRAME, turn(coarse.rgb, turns), network) for turns in (1, 2, 3)}
    turns = min(turned, key=lambda turn: uncertainty(turned[turn].matte))
    if uncertainty(turned[turns].matte) >= min(UPRIGHT_BELOW, UPRIGHT_RATIO * uncertainty(coarse.matte)):
        return prediction
    return localise_upright(turn(rgb, turns), turned[turns], network)._replace(quarter_turns=turns)


def localise_upright(rgb: np.ndarray, coarse: Pass, network: Network) -> Prediction:
    """What a network predicts of an upright photo, given the coarse pass."""
    size: tuple[int, int] = (rgb.shape[0], rgb.shape[1])
    whole = (slice(0, size[0]), slice(0, size[1]))
    bounds = car_bounds(coarse.matte, whole, size)
    window = window_around(bounds, size) if bounds else whole
    fine = predict_window(window, rgb, network)
    if (corrected := corrected_window(bounds, window, fine.matte, size)) != window:
        window, fine = corrected, predict_window(corrected, rgb, network)
    if expected_error(fine.matte[::2, ::2]) > FLIP_ABOVE:  # every fourth pixel suffices
        fine = with_flip(fine, window, network)
    return Prediction(size, coarse.matte, window, fine.rgb, fine.matte, fine.glass, fine.features, coarse.features)


def predict_window(window: Window, rgb: np.ndarray, network: Network) -> Pass:
    return predict(best_frame(size_of(window)), rgb[window], network)


def predict(frame: tuple[int, int], rgb: np.ndarray, network: Network) -> Pass:
    """The network's prediction of a uint8 picture (height, width, 3), letterboxed into a frame."""
    letterbox = Letterbox.fit((rgb.shape[0], rgb.shape[1]), frame)
    letterboxed = letterbox.apply(rgb)
    alpha, glass, features = network.predict(letterboxed)
    return Pass(letterbox.crop(letterboxed), letterbox.crop(alpha), letterbox.crop(glass), features)


def with_flip(fine: Pass, window: Window, network: Network) -> Pass:
    """The mean of a prediction and that of the mirror image."""
    flipped = predict(best_frame(size_of(window)), fine.rgb[:, ::-1], network)
    return fine._replace(matte=(fine.matte + flipped.matte[:, ::-1]) / 2, glass=(fine.glass + flipped.glass[:, ::-1]) / 2)


def size_of(window: Window) -> tuple[int, int]:
    return window[0].stop - window[0].start, window[1].stop - window[1].start


def expected_error(matte: np.ndarray) -> float:
    """1 - the IoU that a float32 matte (height, width), taken as probabilities, promises its car; 0 where it holds none."""
    car = matte > 0.5
    area = np.count_nonzero(car)
    inside = float(matte[car].sum())
    return 1 - inside / (area + float(matte.sum()) - inside) if area else 0.0


def uncertainty(matte: np.ndarray) -> float:
    """Expected error of a float32 matte (height, width), 1 where it holds no car of any size."""
    return expected_error(matte) if np.count_nonzero(matte > 0.5) >= SMALLEST_CAR * matte.size else 1.0


def car_bounds(matte: np.ndarray, window: Window, photo_size: tuple[int, int]) -> Bounds | None:
    """The car of a matte of a window of a photo (height, width), with its margin; None where there is no car."""
    car = (one_piece(matte) > 0.5).astype(np.uint8)
    if cv2.countNonZero(car) < SMALLEST_CAR * car.size:
        return None
    x, y, w, h = cv2.boundingRect(car)
    top, bottom = span_in_photo(y, h, window[0], car.shape[0], photo_size[0])
    left, right = span_in_photo(x, w, window[1], car.shape[1], photo_size[1])
    return top, bottom, left, right


def span_in_photo(start: float, length: float, part: slice, cells: int, whole: int) -> tuple[float, float]:
    """First and last pixel of a photo's side for a stretch of a matte's `cells`, which show `part` of it, with the margin."""
    scale = (part.stop - part.start) / cells
    return max(0.0, part.start + (start - MARGIN * length) * scale), min(float(whole), part.start + (start + length + MARGIN * length) * scale)


def window_around(bounds: Bounds, photo_size: tuple[int, int]) -> Window:
    """The part of a photo (height, width) that shows a box, of a frame's shape as far as the photo reaches."""
    top, bottom, left, right = bounds
    frame = best_frame((bottom - top, right - left))
    scale = max((bottom - top) / frame[0], (right - left) / frame[1])
    step = 1 << int(np.log2(max(1.0, scale)))  # windows of whole steps can be halved on their way into the frame: a third of the time at 12 megapixels
    spans = widened(top, bottom, frame[0] * scale, photo_size[0]), widened(left, right, frame[1] * scale, photo_size[1])
    rows, columns = (slice(int(first // step) * step, min(whole, int(np.ceil(last / step)) * step)) for (first, last), whole in zip(spans, photo_size))
    return rows, columns


def widened(start: float, stop: float, length: float, whole: float) -> tuple[float, float]:
    """A stretch within 0..whole, brought to a length on both sides, or on one where the other ends."""
    length = min(max(length, stop - start), whole)
    start = min(max(0.0, (start + stop - length) / 2), whole - length)
    return start, start + length


def corrected_window(bounds: Bounds | None, window: Window, matte: np.ndarray, photo_size: tuple[int, int]) -> Window:
    """The window that the fine pass should have seen, now that its matte is known.

    The whole photo (height, width) where the window cuts the car. The surroundings of the fine pass's car where its box is not the coarse
    pass's. Else the same window.
    """
    if is_cut(window, matte, photo_size):
        return slice(0, photo_size[0]), slice(0, photo_size[1])
    better = car_bounds(matte, window, photo_size)
    if better is None or bounds_iou(bounds or (0.0, float(photo_size[0]), 0.0, float(photo_size[1])), better) >= SAME_BOX:
        return window
    return window_around(better, photo_size)


def bounds_iou(one: Bounds, other: Bounds) -> float:
    both = area((max(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), min(one[3], other[3])))
    return both / (area(one) + area(other) - both)


def area(bounds: Bounds) -> float:
    top, bottom, left, right = bounds
    return max(0.0, bottom - top) * max(0.0, right - left)


def is_cut(window: Window, matte: np.ndarray, photo_size: tuple[int, int]) -> bool:
    """Whether the car seems to go on outside of a window, in a photo (height, width)."""
    rows, columns = window
    edges = [edge for edge, inside in ((matte[0], rows.start > 0), (matte[-1], rows.stop < photo_size[0]),
                                       (matte[:, 0], columns.start > 0), (matte[:, -1], columns.stop < photo_size[1])) if inside]
    return any((edge > 0.5).mean() > WINDOW_CUTS for edge in edges)
