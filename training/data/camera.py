"""Geometric and photometric augmentation: framing, light, blur, noise, JPEG. All in uint8 OpenCV calls, for speed."""
import cv2
import numpy as np

from preprocessing.letterbox import PAD

NOISE_SIZE = 2048
PORTRAIT = 0.12    # share of random windows in portrait format
VISIBLE = 0.5      # least share of the car that a random window keeps
MARGIN = 0.3       # largest margin of a car window, in the car's box
TRUNCATED = 0.1    # share of car windows that cut the car
FILLED = 0.8       # share of car windows that are widened to the frame's shape


def random_window(rng: np.random.Generator, mask: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """Affine matrix (2, 3) from a picture with this mask (uint8, height x width) into the frame (height, width).

    A random part of the picture, letterboxed as in serving, flipped, tilted and squeezed a little. The frame may cut the car, but at least
    VISIBLE of it stays.
    """
    height, width = mask.shape
    area = max(cv2.countNonZero(mask), 1)
    left, top, right, bottom = 0.0, 0.0, float(width), float(height)
    if rng.random() < 0.7:
        for _ in range(8):
            share = rng.uniform(0.35, 1.0) ** 0.5
            aspect = rng.uniform(0.5, 1.0) if rng.random() < PORTRAIT else frame[1] / frame[0] if rng.random() < 0.5 else width / height
            aspect *= np.exp(rng.normal(0, 0.15))
            w = min(width * share, height * share * aspect) if rng.random() < 0.5 else width * share
            h = min(w / aspect, height)
            x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
            if cv2.countNonZero(mask[int(y):int(y + h), int(x):int(x + w)]) >= VISIBLE * area:
                left, top, right, bottom = x, y, x + w, y + h
                break
    return window_matrix(rng, (left, top, right, bottom), frame, rng.uniform(0.8, 1.0) if rng.random() < 0.15 else 1.0)


def car_window(rng: np.random.Generator, mask: np.ndarray, frame: tuple[int, int], largest: float = MARGIN) -> np.ndarray:
    """Affine matrix (2, 3) from the surroundings of the car with this mask (uint8, height x width) into the frame (height, width).

    As the window of the fine pass (model.localise) with random margins, the largest one given in the box's side; one side may cut the car.
    """
    height, width = mask.shape
    x, y, w, h = cv2.boundingRect((mask > 127).astype(np.uint8))
    if not w:
        return random_window(rng, mask, frame)
    margins = rng.uniform(0.02, largest, 4)
    if rng.random() < TRUNCATED:
        margins[rng.integers(4)] = -rng.uniform(0.0, 0.35)
    left, top = max(0.0, x - margins[0] * w), max(0.0, y - margins[1] * h)
    right, bottom = min(float(width), x + w + margins[2] * w), min(float(height), y + h + margins[3] * h)
    if margins.min() > 0 and rng.random() < FILLED:
        scale = max((right - left) / frame[1], (bottom - top) / frame[0])
        left, right = widened(rng, left, right, frame[1] * scale, width)
        top, bottom = widened(rng, top, bottom, frame[0] * scale, height)
    return window_matrix(rng, (left, top, right, bottom), frame)


def widened(rng: np.random.Generator, start: float, stop: float, length: float, whole: float) -> tuple[float, float]:
    """A range within 0..whole, extended to a length by a random amount on either side."""
    length = min(max(length, stop - start), whole)
    first, last = max(0.0, stop - length), min(start, whole - length)
    start = first + max(0.0, last - first) * rng.random()
    return start, start + length


def window_matrix(rng: np.random.Generator, window: tuple[float, float, float, float], frame: tuple[int, int], smaller: float = 1.0) -> np.ndarray:
    """Affine matrix from a window (left, top, right, bottom) to the frame's upper left, flipped, tilted and squeezed a little."""
    left, top, right, bottom = window
    squeeze = np.exp(rng.normal(0, 0.06))
    w, h = (right - left) * squeeze, bottom - top
    scale = min(frame[0] / h, frame[1] / w) * smaller
    matrix = np.array([[scale * squeeze, 0, -left * scale * squeeze], [0, scale, -top * scale]])
    if rng.random() < 0.3:
        tilt = cv2.getRotationMatrix2D((w * scale / 2, h * scale / 2), rng.normal(0, 3), 1.0)
        matrix = compose(tilt, matrix)
    if rng.random() < 0.5:
        matrix = compose(np.array([[-1, 0, w * scale], [0, 1, 0]]), matrix)
    return at_pixel_centres(matrix)


def compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The affine matrix that does `inner`, then `outer`."""
    return outer @ np.vstack([inner, [0, 0, 1]])


def at_pixel_centres(matrix: np.ndarray) -> np.ndarray:
    """An affine matrix of corner coordinates (the first pixel spans 0..1) as one of OpenCV's, where pixel centres have whole numbers."""
    return compose(np.array([[1, 0, -0.5], [0, 1, -0.5]]), compose(matrix, np.array([[1, 0, 0.5], [0, 1, 0.5]])))


def warp(picture: np.ndarray, matrix: np.ndarray, frame: tuple[int, int], pad: int = 0) -> np.ndarray:
    return cv2.warpAffine(picture, matrix, frame[::-1], flags=cv2.INTER_LINEAR, borderValue=(pad,) * 4)


def warp_photo(rgb: np.ndarray, matrix: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    return warp(rgb, matrix, frame, PAD)


def degrade(rng: np.random.Generator, rgb: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A picture as another camera and the web would give it: exposure, white balance, saturation, blur, noise, compression. uint8 in and out."""
    if rng.random() < 0.8:
        rgb = relight(rng, rgb, 0.25 if rng.random() < 0.85 else 0.6)
    if rng.random() < 0.3:
        grey = cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        colour = rng.uniform(0.0, 1.6)
        rgb = cv2.addWeighted(rgb, colour, grey, 1 - colour, 0)
    if rng.random() < 0.1:
        rgb = soften_by_scale(rng, rgb)
    if rng.random() < 0.15:
        rgb = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.4, 1.5))
    elif rng.random() < 0.05:
        rgb = motion_blur(rng, rgb)
    if rng.random() < 0.3:
        rgb = add_noise(rng, rgb, noise)
    if rng.random() < 0.4:
        rgb = compress(rng, rgb)
    return rgb


def relight(rng: np.random.Generator, rgb: np.ndarray, strength: float) -> np.ndarray:
    """Exposure, contrast, gamma and white balance, as one look-up table a channel."""
    level = np.linspace(0, 1, 256)[:, None]
    gamma = np.exp(rng.normal(0, strength, 1) + rng.normal(0, strength / 6, 3))
    curve = (level ** gamma - 0.5) * np.exp(rng.normal(0, strength)) + 0.5 + rng.normal(0, strength / 4)
    table = np.clip(curve * np.exp(rng.normal(0, strength / 4, 3)) * 255, 0, 255).astype(np.uint8)
    return cv2.LUT(rgb, np.ascontiguousarray(table[:, None, :]))


def soften_by_scale(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """Reduced and enlarged again, as old listing photos are."""
    size = rgb.shape[1::-1]
    factor = rng.uniform(0.4, 0.8)
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)


def motion_blur(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    length, angle = int(rng.integers(3, 10)), rng.uniform(0, np.pi)
    kernel = np.zeros((length, length), np.float32)
    centre, reach = (length - 1) / 2, np.array([np.cos(angle), np.sin(angle)]) * length / 2
    ends = [tuple(int(round(centre + sign * part)) for part in reach) for sign in (-1, 1)]
    cv2.line(kernel, *ends, 1.0)
    return cv2.filter2D(rgb, -1, kernel / kernel.sum())


def noise_bank(seed: int) -> np.ndarray:
    """uint8 (NOISE_SIZE, NOISE_SIZE, 3) of Gaussian noise, standard deviation 32 around 128, to cut windows from."""
    return np.clip(np.random.default_rng(seed).normal(128, 32, (NOISE_SIZE, NOISE_SIZE, 3)), 0, 255).astype(np.uint8)


def add_noise(rng: np.random.Generator, rgb: np.ndarray, noise: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    y, x = (int(rng.integers(0, NOISE_SIZE - side)) for side in (height, width))
    strength = rng.uniform(1, 14) / 32
    return cv2.addWeighted(rgb, 1, noise[y:y + height, x:x + width], strength, -128 * strength)


def compress(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    _, jpeg = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 92))])
    return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
