"""Judges mattes: of a .keras network, a .tflite network, or a folder that any other tool has filled.

Against the masks of the validation photos, and, for networks, against the exact mattes of composites and against empty scenes, both
made from cut-outs and backgrounds that are never trained on.
"""
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cutout import confidence_model
from model.localise import Prediction, localise
from model.space_to_depth import depth_to_space
from postprocessing.refine import refine
from preprocessing.letterbox import resize
from training.data.camera import develop, noise_bank
from training.data.sources import Photo, in_threads, read_backgrounds, read_cutouts, read_grey, read_occluders, read_photos
from training.data.synthesis import composite
from training.metrics import Score, score

COMPOSITES = 90
COMPOSITE_FRAME = (720, 960)
SEED = 2026
WORST = 24
TILE = (240, 320)
OUTLINES = (255, 0, 255), (0, 255, 0)


@dataclass(frozen=True)
class Judged:
    photo: Photo
    alpha: np.ndarray  # uint8 (height, width)
    score: Score


def evaluate(data: Path, judged: Path, worst: Path | None = None, xnnpack: bool = True) -> dict[str, list[Judged]]:
    """Prints a row a set, writes the sheet of the worst if asked, and returns every score by set."""
    photos = read_photos(data, "val")
    network = None if judged.is_dir() else load(judged, xnnpack)
    if network:
        photos += composites(data)

    def judged_one(photo: Photo) -> tuple[Judged, bool]:
        """Its score, and whether it was seen to show a car."""
        seen = localise(photo.rgb, network) if network else None
        alpha = refined(seen, photo.rgb) if seen else read_grey(judged / photo.set / f"{photo.name}.png")
        return Judged(photo, alpha, score(alpha, photo.mask, photo.ignore)), seen is not None and confidence_model().confidence(seen) > 0

    by_set: dict[str, list[Judged]] = {}
    found = in_threads(judged_one, photos)
    for row, _ in found:
        by_set.setdefault(row.photo.set, []).append(row)
    print(f"{'set':10} {'n':>3}  {'IoU':>6}  {'bIoU':>6}  {'MAE':>6}  clean  worst")
    for name, rows in by_set.items():
        low = min(rows, key=lambda row: row.score.iou)
        iou, boundary_iou, mae, clean = (np.mean([getattr(row.score, key) for row in rows]) for key in ("iou", "boundary_iou", "mae", "clean"))
        print(f"{name:10} {len(rows):3}  {iou:.4f}  {boundary_iou:.4f}  {mae:.4f}  {clean:4.0%}   {low.photo.name} {low.score.iou:.3f}")
    if network:
        empty = in_threads(lambda scene: confidence_model().confidence(localise(scene, network)) > 0, scenes_without_car(data))
        print(f"answered without a car: {sum(empty)} of {len(empty)}; refused with one: {sum(not answered for _, answered in found)} of {len(found)}")
    if worst:
        rows = sorted((row for rows in by_set.values() for row in rows), key=lambda row: row.score.iou)[:WORST]
        tiles = [captioned(outlined(row.photo.rgb, row.alpha), f"{row.photo.set} {row.photo.name} {row.score.iou:.3f}") for row in rows]
        worst.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(worst), cv2.cvtColor(sheet(tiles, 6), cv2.COLOR_RGB2BGR))
    return by_set


def matte_of(rgb: np.ndarray, network) -> np.ndarray:
    """A network's uint8 matte of a uint8 photo (height, width, 3), looked at and refined as in serving."""
    return refined(localise(rgb, network), rgb)


def refined(seen: Prediction, rgb: np.ndarray) -> np.ndarray:
    """What was seen of a uint8 photo (height, width, 3) as its uint8 matte, refined as in serving."""
    return cv2.convertScaleAbs(seen.in_photo(refine(seen.matte, seen.photo, seen.cropped(rgb))), alpha=255)


def composites(data: Path, seed: int = SEED, number: int = COMPOSITES, held_back: bool = True) -> list[Photo]:
    """Always the same pictures with exact mattes, a third each of cars alone, with a neighbour, and with a person or an object in front; none where there are no cut-outs."""
    cutouts, backgrounds, occluders = (read(data, held_back) for read in (read_cutouts, read_backgrounds, read_occluders))
    if not (cutouts and backgrounds):
        return []
    noise, photos = noise_bank(0), []
    for count in range(number):
        rng = np.random.default_rng((seed, count))
        car, other = (cutouts[i] for i in rng.choice(len(cutouts), 2, replace=len(cutouts) < 2))
        scene, texture = (backgrounds[i] for i in rng.integers(len(backgrounds), size=2))
        kind = ("neighbour", "composite", "occluder" if occluders else "composite")[count % 3]
        before = [occluders[rng.integers(len(occluders))]] if kind == "occluder" else []
        made = composite(rng, car, [other] if kind == "neighbour" else [], scene, texture, COMPOSITE_FRAME, before_it=before)
        photos.append(Photo(f"{count:02}", kind, develop(rng, made.rgb, noise), made.matte, None, made.glass))
    return photos


def scenes_without_car(data: Path) -> list[np.ndarray]:
    """Backgrounds kept out of training, but for those that show parked cars."""
    sets = [path.name for path in sorted(data.glob("backgrounds/*")) if path.name != "places_with_cars"]
    return [scene for name in sets for scene in read_backgrounds(data, True, sets=name)]


def load(path: Path, xnnpack: bool = True):
    """A network with the predictor's `predict`, from a .tflite or .keras file; xnnpack is for the first."""
    if path.suffix == ".tflite":
        from model.predictor import Predictor

        return Predictor(path, xnnpack=xnnpack)
    if path.suffix == ".keras":
        import keras

        return FloatPredictor(keras.models.load_model(path, compile=False))
    raise ValueError(f"{path}: neither a .tflite nor a .keras network, nor a folder of mattes")


class FloatPredictor:
    """The float network with the predictor's face."""

    def __init__(self, network):
        self.network = network

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits = np.asarray(self.network(frame[None].astype(np.float32), training=False))[0]
        share = 1 / (1 + np.exp(-logits))
        return depth_to_space(share[..., :-1]), share[..., -1]


def outlined(rgb: np.ndarray, *mattes: np.ndarray) -> np.ndarray:
    """The picture as a tile with the outlines of one or two mattes drawn."""
    scale = min(TILE[0] / rgb.shape[0], TILE[1] / rgb.shape[1])
    size = (round(rgb.shape[0] * scale), round(rgb.shape[1] * scale))
    tile = np.zeros((*TILE, 3), np.uint8)
    tile[:size[0], :size[1]] = resize(rgb, size)
    for matte, colour in zip(mattes, OUTLINES):
        edges, _ = cv2.findContours((resize(matte, size) > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, edges, -1, colour, 1)
    return tile


def captioned(tile: np.ndarray, text: str) -> np.ndarray:
    cv2.putText(tile, text, (5, TILE[0] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
    return cv2.putText(tile, text, (5, TILE[0] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)


def sheet(tiles: list[np.ndarray], columns: int) -> np.ndarray:
    """Tiles of one size, in rows."""
    blank = [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [*tiles, *blank]
    return np.vstack([np.hstack(rows[i:i + columns]) for i in range(0, len(rows), columns)])
