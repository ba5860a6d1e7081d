"""Composites: a cut-out with its own alpha over another background, as in Xu et al. 2017 (Deep Image Matting, arXiv 1703.03872).

The background shows through the glass, a shadow or a reflection lies on the ground, other vehicles may stand behind or beside (they are
background), something may stand in front, and the car's light is matched to that of the scene.
"""
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from training.data.camera import at_pixel_centres, compose, warp
from training.data.sources import Cutout
from training.data.targets import thin_parts

OCCLUDER = 0.12   # share of composites with a post or a blob of something in front
PERSON = 1.1      # largest height of a person, in heights of the car
SHADOW = 0.65
BENEATH = 0.6     # share of vehicles with dark to black ground below their body
REFLECTION = 0.1
CAMOUFLAGE = 0.15  # share of composites with car and ground of the same brightness
LOCAL_CAMOUFLAGE = 0.4  # share of composites whose ground has the car's brightness at a few places along its outline
IN_ROW, RIGHT_BEHIND = 0.35, 0.3  # shares of composites with neighbours in one row with the subject, and close behind it; the rest stand further behind
LARGEST_NEIGHBOUR = 0.65  # visible area of one neighbour, of the subject's area

# another vehicle, the subject's box (left, top, right, bottom) and the number of vehicles placed before -> the other's box
Placement = Callable[[np.random.Generator, Cutout, tuple, int], tuple]


class Composite(NamedTuple):
    rgb: np.ndarray            # uint8 (height, width, 3)
    matte: np.ndarray          # uint8 (height, width), the subject
    others: np.ndarray         # uint8 (height, width), what is seen of other vehicles
    glass: np.ndarray | None   # uint8 (height, width), the subject's see-through panes; None: not known
    rgba: np.ndarray           # uint8 (height, width, 4), premultiplied: the subject as it was laid over the scene


def composite(rng: np.random.Generator, car: Cutout, neighbours: Sequence[Cutout], scene: np.ndarray, texture: np.ndarray,
              frame: tuple[int, int], placement: Placement | None = None, share: float | None = None, haze: float = 0.0,
              occluders_behind: Sequence[np.ndarray] = (), occluders_in_front: Sequence[np.ndarray] = (), hard_ground: bool = True) -> Composite:
    """One picture of frame (height, width).

    car is the subject, neighbours are other vehicles: behind and beside it, or where placement puts them. scene and texture are
    backgrounds, the second for what may stand in front. share is the subject's part of the frame's side; None: random. haze, 0..1, is how
    much of the ground's colour is replaced by the car's own. occluders (read_occluders) stand on the ground behind the subject and in front of it.
    hard_ground: whether ground below vehicles may be nearly black, and of the car's own brightness at places along its outline.
    """
    picture = fill(rng, scene, frame)
    place, box = place_subject(rng, car.matte, frame, share)
    rgba, matte = warp(car.rgba, place, frame), warp(car.matte, place, frame)
    glass = None if car.glass is None else warp(car.glass, place, frame)
    others = np.zeros(frame, np.uint8)
    for number, neighbour in enumerate(neighbours):
        picture, seen = add_neighbour(rng, picture, neighbour, (placement or behind)(rng, neighbour, box, number), matte, dark_beneath=hard_ground)
        others = cv2.max(others, seen)
    for occluder in occluders_behind:
        picture, _ = place_occluder(rng, picture, occluder, box, in_front=False)
    picture = shade_ground(rng, picture, matte, box, hard_ground)
    if rng.random() < REFLECTION:
        picture = reflect(rng, picture, car.rgba, place, box)
    picture, rgba = match_light(rng, picture, rgba, matte)
    if haze and cv2.countNonZero(matte):
        picture = cv2.add(cv2.convertScaleAbs(picture, alpha=1 - haze), (*(haze * np.array(cv2.mean(rgba, matte)[:3])), 0.0))
    if hard_ground and rng.random() < LOCAL_CAMOUFLAGE:
        picture = camouflage_outline(rng, picture, rgba, matte, box)
    picture = over(rgba, picture)
    unhidden = []
    if rng.random() < OCCLUDER:
        picture, visible = add_obstacle(rng, picture, texture, box)
        unhidden.append(visible)
    for occluder in occluders_in_front:
        picture, visible = place_occluder(rng, picture, occluder, box, in_front=True)
        unhidden.append(visible)
    for visible in unhidden:
        matte, others = (cv2.multiply(layer, visible, scale=1 / 255) for layer in (matte, others))
        glass = None if glass is None else cv2.multiply(glass, visible, scale=1 / 255)
    return Composite(picture, matte, others, glass, rgba)


def paste_neighbour(rng: np.random.Generator, picture: np.ndarray, matte: np.ndarray, other: Cutout) -> tuple[np.ndarray, np.ndarray]:
    """A photo with a second vehicle behind its car, whose matte (uint8, height x width) stays in front; and what is seen of the second one."""
    x, y, w, h = cv2.boundingRect(matte)
    box = (x, y, x + w, y + h)
    behind_it, seen = add_neighbour(rng, picture, other, neighbour_placement(rng)(rng, other, box, rng.integers(2)), matte)
    front = cv2.merge([matte] * 3)
    return cv2.add(cv2.multiply(picture, front, scale=1 / 255), cv2.multiply(behind_it, 255 - front, scale=1 / 255)), seen


def fill(rng: np.random.Generator, scene: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """A random window of the scene that fills the frame."""
    height, width = scene.shape[:2]
    scale = max(frame[0] / height, frame[1] / width) * rng.uniform(1.0, 1.6)
    x, y = (rng.uniform(0, side * scale - edge) for side, edge in ((width, frame[1]), (height, frame[0])))
    flip = -1 if rng.random() < 0.5 else 1
    matrix = np.array([[flip * scale, 0, -x if flip > 0 else width * scale - x], [0, scale, -y]])
    return cv2.warpAffine(scene, at_pixel_centres(matrix), frame[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def place_subject(rng: np.random.Generator, matte: np.ndarray, frame: tuple[int, int], share: float | None = None) -> tuple[np.ndarray, tuple]:
    """The affine matrix from the subject's picture into the frame, and the car's box there (left, top, right, bottom)."""
    x, y, w, h = cv2.boundingRect(matte)
    share = share or (0.3 + 0.65 * rng.beta(2, 1.3) if rng.random() < 0.85 else rng.uniform(0.95, 1.4))
    scale = share * min(frame[1] / w, frame[0] / h)
    stretch = np.exp(rng.normal(0, 0.06))
    width, height = w * scale * stretch, h * scale
    left = rng.uniform(*sorted((0, frame[1] - width)))
    slack = frame[0] - height
    top = slack * rng.beta(3, 2) if slack > 0 else rng.uniform(slack, 0)
    return matrix_to_box((x, y, w, h), (left, top, left + width, top + height), rng), (left, top, left + width, top + height)


def matrix_to_box(source: tuple, box: tuple, rng: np.random.Generator) -> np.ndarray:
    """Affine matrix that takes a source rectangle (x, y, width, height) to a box (left, top, right, bottom), flipped or tilted at random."""
    x, y, w, h = source
    left, top, right, bottom = box
    sx, sy = (right - left) / w, (bottom - top) / h
    matrix = np.array([[sx, 0, left - x * sx], [0, sy, top - y * sy]])
    if rng.random() < 0.5:
        matrix = compose(np.array([[-1, 0, left + right], [0, 1, 0]]), matrix)
    if rng.random() < 0.3:
        matrix = compose(cv2.getRotationMatrix2D(((left + right) / 2, (top + bottom) / 2), rng.normal(0, 3), 1.0), matrix)
    return at_pixel_centres(matrix)


def over(rgba: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """A layer of premultiplied colour over a picture."""
    clear = cv2.merge([255 - rgba[..., 3]] * 3)
    return cv2.add(rgba[..., :3], cv2.multiply(picture, clear, scale=1 / 255))


def neighbour_placement(rng: np.random.Generator) -> Placement:
    """How the other vehicles of one picture stand."""
    return rng.choice([in_row, right_behind, behind], p=[IN_ROW, RIGHT_BEHIND, 1 - IN_ROW - RIGHT_BEHIND])


def behind(rng: np.random.Generator, other: Cutout, box: tuple, number: int) -> tuple:
    """The box (left, top, right, bottom) of a vehicle behind or beside the subject's: smaller, and higher in the picture."""
    _, _, w, h = cv2.boundingRect(other.matte)
    car_width, car_height = box[2] - box[0], box[3] - box[1]
    scale = rng.uniform(0.35, 0.8) * (car_width * car_height / (w * h)) ** 0.5
    width, height = w * scale, h * scale
    side = rng.choice([-1, 1])
    shift = rng.uniform(0.15, 1.0) * (car_width + width) / 2 * side
    centre = (box[0] + box[2]) / 2 + shift
    ground = box[3] - car_height * rng.uniform(0.03, 0.45)
    return centre - width / 2, ground - height, centre + width / 2, ground


def right_behind(rng: np.random.Generator, other: Cutout, box: tuple, number: int) -> tuple:
    """The box of a vehicle nearly as large as the subject and close behind it: only its roof or an end is visible, and what is seen through gaps."""
    _, _, w, h = cv2.boundingRect(other.matte)
    car_width, car_height = box[2] - box[0], box[3] - box[1]
    height = car_height * rng.uniform(0.7, 1.1)
    width = min(w * height / h, 1.2 * car_width)
    centre = (box[0] + box[2]) / 2 + rng.normal(0, 0.2) * car_width
    ground = box[3] - car_height * rng.uniform(0.03, 0.3)
    return centre - width / 2, ground - height, centre + width / 2, ground


def in_row(rng: np.random.Generator, other: Cutout, box: tuple, number: int) -> tuple:
    """The box of a vehicle as large as the subject, parked next to it as on a forecourt: half hidden by it, or a gap away; on its right for an even number."""
    _, _, w, h = cv2.boundingRect(other.matte)
    car_width, car_height = box[2] - box[0], box[3] - box[1]
    height = car_height * rng.uniform(0.7, 1.02)
    width = min(w * height / h, 1.6 * car_width)
    gap = car_width * rng.uniform(-0.45, 0.12)
    left = box[2] + gap if number % 2 == 0 else box[0] - gap - width
    ground = box[3] - car_height * rng.uniform(0.0, 0.15)
    return left, ground - height, left + width, ground


def add_neighbour(rng: np.random.Generator, picture: np.ndarray, other: Cutout, spot: tuple, matte: np.ndarray,
                  largest: float = LARGEST_NEIGHBOUR, dark_beneath: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The picture with another vehicle in a box behind the subject, and what will be seen of it beside the subject's matte.

    One whose visible area is over `largest` of the subject's is left out: it might be taken for the subject.
    """
    frame = picture.shape[:2]
    matrix = matrix_to_box(cv2.boundingRect(other.matte), spot, rng)
    rgba, shape = warp(other.rgba, matrix, frame), warp(other.matte, matrix, frame)
    seen = cv2.multiply(shape, 255 - matte, scale=1 / 255)
    if cv2.countNonZero(seen) > largest * cv2.countNonZero(matte):
        return picture, np.zeros(frame, np.uint8)
    picture = shade_ground(rng, picture, shape, spot, dark_beneath)
    picture, rgba = match_light(rng, picture, rgba, shape)
    return over(rgba, picture), seen


def shade_ground(rng: np.random.Generator, picture: np.ndarray, matte: np.ndarray, box: tuple, dark_beneath: bool) -> np.ndarray:
    """The picture with the shadow of a vehicle that will stand there, with nearly black ground below it, with both, or with neither."""
    if rng.random() < SHADOW:
        picture = cast_shadow(rng, picture, matte, box)
    return darken_beneath(rng, picture, matte, box) if dark_beneath and rng.random() < BENEATH else picture


def darken_beneath(rng: np.random.Generator, picture: np.ndarray, matte: np.ndarray, box: tuple) -> np.ndarray:
    """The ground that hardly any light reaches: between the tyres and below the body, as the convex hull of the matte's lower part."""
    left, top, right, bottom = box
    first = max(0, int(bottom - (bottom - top) * rng.uniform(0.15, 0.4)))
    lower = cv2.findNonZero((matte[first:] > 127).astype(np.uint8)) if first < len(matte) else None
    if lower is None:
        return picture
    dark = np.zeros_like(matte)
    cv2.fillConvexPoly(dark, cv2.convexHull(lower) + (0, first + int((bottom - top) * rng.uniform(-0.02, 0.02))), 255)
    blur = max(0, int((right - left) * rng.uniform(0, 0.015)))
    light = cv2.convertScaleAbs(cv2.blur(dark, (2 * blur + 1,) * 2), alpha=rng.uniform(0.5, 1.0))
    return cv2.multiply(picture, cv2.merge([255 - light] * 3), scale=1 / 255)


def cast_shadow(rng: np.random.Generator, picture: np.ndarray, matte: np.ndarray, box: tuple) -> np.ndarray:
    """The car's own outline, flattened onto the ground at its wheels and blurred: from a soft contact shadow to that of a low sun."""
    left, _, right, bottom = box
    flat, lean = (rng.uniform(0.04, 0.2), 0.0) if rng.random() < 0.6 else (rng.uniform(-0.35, 0.35), rng.uniform(-0.8, 0.8))
    drop = (bottom - box[1]) * rng.uniform(-0.06, 0.03)
    matrix = np.array([[1, -lean, lean * bottom], [0, flat, bottom * (1 - flat) + drop]])
    shadow = warp(matte, matrix, matte.shape)
    blur = max(1, int((right - left) * rng.uniform(0.005, 0.06)))
    shadow = cv2.blur(shadow, (2 * blur + 1, blur + 1))
    light = cv2.addWeighted(shadow, -rng.uniform(0.25, 0.9), shadow, 0, 255)
    return cv2.multiply(picture, cv2.merge([light] * 3), scale=1 / 255)


def reflect(rng: np.random.Generator, picture: np.ndarray, rgba: np.ndarray, place: np.ndarray, box: tuple) -> np.ndarray:
    """A wet or polished floor: the car mirrored below its wheels, faint."""
    mirrored = warp(rgba, compose(np.array([[1, 0, 0], [0, -1, 2 * box[3] - 0.03 * (box[3] - box[1])]]), place), picture.shape[:2])
    if rng.random() < 0.7:
        mirrored = cv2.blur(mirrored, (3, 7))
    return over(cv2.convertScaleAbs(mirrored, alpha=rng.uniform(0.1, 0.45)), picture)


def match_light(rng: np.random.Generator, picture: np.ndarray, rgba: np.ndarray, matte: np.ndarray,
                camouflage: float = CAMOUFLAGE) -> tuple[np.ndarray, np.ndarray]:
    """Moves the car's brightness and tint towards the scene's; with `camouflage` as its probability the scene's brightness to the car's instead."""
    inside = cv2.countNonZero(matte)
    if not inside:
        return picture, rgba
    car = np.maximum(cv2.mean(rgba, matte)[:3], 1.0)
    ground = np.maximum(cv2.mean(picture)[:3], 1.0)
    ratio = np.array(ground) / car
    if rng.random() < camouflage:
        gain = np.clip(1 / ratio.mean(), 0.3, 3.0) ** rng.uniform(0.8, 1.0)
        picture = cv2.convertScaleAbs(picture, alpha=gain)
    else:
        tint = ratio / ratio.mean()
        gain = np.clip(ratio.mean() ** rng.uniform(0, 0.5) * tint ** rng.uniform(0, 0.5), 0.5, 1.8)
        rgba = cv2.multiply(rgba, (*gain, 1.0))
    return picture, rgba


def camouflage_outline(rng: np.random.Generator, picture: np.ndarray, rgba: np.ndarray, matte: np.ndarray, box: tuple) -> np.ndarray:
    """The picture whose brightness is that of the car's edge in one to four soft blobs along its outline, half of them at thin parts such as mirrors."""
    outline = cv2.inRange(cv2.blur(matte, (3, 3)), 9, 246) > 0
    places, thin = np.argwhere(outline), np.argwhere(outline & thin_parts(matte))
    for _ in range(rng.integers(1, 5)):
        among = thin if len(thin) and rng.random() < 0.5 else places
        if not len(among):
            break
        y, x = (int(at) for at in among[rng.integers(len(among))])
        reach = max(4, int((box[2] - box[0]) * rng.uniform(0.02, 0.12)))
        blob = np.zeros_like(matte)
        cv2.ellipse(blob, (x, y), (reach, max(4, int(reach * rng.uniform(0.5, 2)))), rng.uniform(0, 180), 0, 360, 255, -1)
        blob = cv2.blur(blob, (2 * (reach // 2) + 1,) * 2)
        near = cv2.inRange(cv2.multiply(blob, matte, scale=1 / 255), 96, 255)
        if not cv2.countNonZero(near):
            continue
        car, ground = (max(1.0, float(np.mean(cv2.mean(layer[..., :3], mask)[:3]))) for layer, mask in ((rgba, near), (picture, cv2.inRange(blob, 96, 255))))
        changed = cv2.convertScaleAbs(picture, alpha=np.clip(car / ground, 0.03, 3.0) ** rng.uniform(0.8, 1.0))
        share = cv2.merge([blob] * 3)
        picture = cv2.add(cv2.multiply(changed, share, scale=1 / 255), cv2.multiply(picture, 255 - share, scale=1 / 255))
    return picture


def place_occluder(rng: np.random.Generator, picture: np.ndarray, occluder: np.ndarray, box: tuple, in_front: bool) -> tuple[np.ndarray, np.ndarray]:
    """The picture with a person or an object (uint8, premultiplied RGBA) on the ground in front of the car's box or behind it; and uint8 (height, width),
    255 where it hides nothing."""
    frame, (high, wide) = picture.shape[:2], occluder.shape[:2]
    width, height = box[2] - box[0], box[3] - box[1]
    tall = height * (rng.uniform(0.6, PERSON) if high > 1.6 * wide else rng.uniform(0.15, 0.7))
    tall = min(tall, 0.6 * width * high / wide)
    breadth = tall * wide / high
    centre = rng.uniform(box[0] - 0.3 * breadth, box[2] + 0.3 * breadth)
    foot = box[3] + height * (rng.uniform(-0.05, 0.2) if in_front else rng.uniform(-0.25, -0.02))
    matrix = matrix_to_box((0, 0, wide, high), (centre - breadth / 2, foot - tall, centre + breadth / 2, foot), rng)
    shown = warp(occluder, matrix, frame)
    if rng.random() < SHADOW:
        picture = cast_shadow(rng, picture, shown[..., 3], (centre - breadth / 2, foot - tall, centre + breadth / 2, foot))
    picture, shown = match_light(rng, picture, shown, shown[..., 3], camouflage=0.0)
    return over(shown, picture), 255 - shown[..., 3]


def add_obstacle(rng: np.random.Generator, picture: np.ndarray, texture: np.ndarray, box: tuple) -> tuple[np.ndarray, np.ndarray]:
    """The picture with a post or a blob of another picture's texture in front of the car; and uint8 (height, width), 255 where it hides nothing."""
    frame = picture.shape[:2]
    width, height = box[2] - box[0], box[3] - box[1]
    shape = np.zeros(frame, np.uint8)
    x = rng.uniform(box[0], box[2])
    if rng.random() < 0.5:
        thick = max(1, int(width * rng.uniform(0.01, 0.08)))
        foot = box[3] + rng.uniform(-0.1, 0.2) * height
        top = foot - rng.uniform(0.5, 2.0) * height
        cv2.line(shape, (int(x), int(foot)), (int(x + rng.normal(0, 0.05) * width), int(top)), 255, thick, cv2.LINE_AA)
    else:
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        radius = 1 + rng.normal(0, 0.2, 24)
        reach = np.array([rng.uniform(0.04, 0.14) * width, rng.uniform(0.15, 0.5) * height])
        centre = np.array([x, box[3] - reach[1] * rng.uniform(0.0, 1.2)])
        outline = centre + np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None] * reach
        cv2.fillPoly(shape, [outline.astype(np.int32)], 255, cv2.LINE_AA)
    clear = 255 - shape
    front = cv2.multiply(fill(rng, texture, frame), cv2.merge([shape] * 3), scale=1 / 255)
    beyond = cv2.multiply(picture, cv2.merge([clear] * 3), scale=1 / 255)
    return cv2.add(front, beyond), clear
