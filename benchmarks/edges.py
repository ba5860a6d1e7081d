"""How good the edges are, where the truth is known exactly: 60 cars put before other backgrounds, cut out again, and laid side by side.

    python -m benchmarks.edges --data DIR                      what the project makes of them, step by step
    python -m benchmarks.edges --data DIR --write FOLDER       also writes the pictures, FOLDER/00.jpg ..., for other tools
    python -m benchmarks.edges --data DIR --mattes FOLDER ...  also judges the mattes FOLDER/00.png ... of other tools, with the photo's colours
    python -m benchmarks.edges --data DIR --peer               also U²-Net as rembg runs it, with the photo's colours (needs onnxruntime)

A picture is car * matte + background * (1 - matte), rounded and then saved as a JPEG, and nothing else: no shadow, no light, no neighbours. So
matte and car are the exact truth. The cars are cut-outs that are never trained on, at least LEAST pixels wide; their matte is the filled one;
where their own alpha left no colour, the nearest colour is continued. Seeded: always the same pictures.
"""
import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np

from benchmarks.matting import EdgeScore, edge_score
from cutout import predictor
from model.gaze import look
from model.metrics import overlap
from postprocessing.foreground import foreground
from postprocessing.refine import refine
from preprocessing.letterbox import resize
from preprocessing.sources import Cutout, held_out, in_threads, read_backgrounds, read_grey, read_raw

NUMBER = 60
SEED = 5
FRAMES = (1066, 1600), (1200, 1600), (900, 1600), (1600, 1200)  # height, width
LEAST = 600        # pixels of a cut-out's width
QUALITY = 92       # of the JPEG

Method = Callable[["Scene"], tuple[np.ndarray, np.ndarray]]  # -> alpha, float32 (height, width), and colours, uint8 (height, width, 3)


@dataclass(frozen=True)
class Scene:
    name: str
    photo: np.ndarray  # uint8 (height, width, 3), as decoded from the JPEG
    jpeg: bytes
    alpha: np.ndarray  # float32 (height, width) in 0..1, the truth
    car: np.ndarray    # uint8 (height, width, 3), its own colours wherever alpha > 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--mattes", type=Path, nargs="*", default=[])
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--number", type=int, default=NUMBER, help="only the first so many")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    methods: dict[str, Method] = {
        "truth": lambda scene: (scene.alpha, scene.car),
        "true alpha, the photo's colours": lambda scene: (scene.alpha, scene.photo),
        "true alpha, foreground": lambda scene: (scene.alpha, foreground(scene.photo, scene.alpha)),
        "network enlarged, the photo's colours": lambda scene: (looked(scene, lambda matte, small, rgb: resize(matte, rgb.shape[:2])), scene.photo),
        "refine, the photo's colours": lambda scene: (looked(scene, refine), scene.photo),
        "refine, foreground": lambda scene: (alpha := looked(scene, refine), foreground(scene.photo, alpha)),
        **{folder.name: lambda scene, folder=folder: (read_grey(folder / f"{scene.name}.png") / np.float32(255), scene.photo) for folder in args.mattes},
    }
    if args.peer:
        from benchmarks.peers import WHEELS, Rembg, network_of

        peer = Rembg(network_of(*WHEELS["U²-Net"]))
        methods["U²-Net, the photo's colours"] = lambda scene: (peer(scene.photo) / np.float32(255), scene.photo)
    if args.write:
        args.write.mkdir(parents=True, exist_ok=True)
    scores: dict[str, list[EdgeScore]] = {name: [] for name in methods}
    ious: dict[str, list[float]] = {name: [] for name in methods}
    for scene in scenes(args.data, args.number):
        if args.write:
            (args.write / f"{scene.name}.jpg").write_bytes(scene.jpeg)
        for name, method in methods.items():
            alpha, colours = method(scene)
            scores[name].append(edge_score(alpha, colours, scene.alpha, scene.car))
            ious[name].append(overlap(alpha > 0.5, scene.alpha > 0.5))
    print(f"{'':38} {'IoU':>6}  {'SAD':>6}  {'MSE':>6}  {'grad':>6}  {'bIoU':>6}  {'bIoU 1%':>7}  {'halo':>6}")
    for name, rows in scores.items():
        sad, mse, gradient, fine, coarse, halo = (np.mean([getattr(row, field.name) for row in rows]) for field in fields(EdgeScore))
        print(f"{name:38} {np.mean(ious[name]):.4f}  {sad:6.3f}  {mse:.4f}  {gradient:6.3f}  {fine:.4f}  {coarse:7.4f}  {halo:6.3f}")


def looked(scene: Scene, enlarge: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """The network's matte at the photo's size."""
    seen = look(scene.photo, predictor())
    return seen.in_photo(enlarge(seen.matte, seen.photo, scene.photo[seen.window]))


def scenes(data: Path, number: int = NUMBER) -> Iterator[Scene]:
    """Always the same pictures, made one after another."""
    cars, backgrounds = read_cars(data), read_backgrounds(data, True)
    if not (cars and backgrounds):
        raise FileNotFoundError(f"{data}: no cut-outs or no backgrounds are held out")
    for count in range(number):
        rng = np.random.default_rng((SEED, count))
        car, background = cars[rng.integers(len(cars))], backgrounds[rng.integers(len(backgrounds))]
        yield made(rng, f"{count:02}", car, background, FRAMES[rng.integers(len(FRAMES))])


def made(rng: np.random.Generator, name: str, car: Cutout, background: np.ndarray, frame: tuple[int, int]) -> Scene:
    """One picture: the car upright, whole, at half to nine tenths of the frame, in the lower half; the background covers the frame."""
    height, width = frame
    x, y, w, h = cv2.boundingRect(car.matte)
    scale = rng.uniform(0.5, 0.9) * min(width / w, height / h)
    left, top = rng.uniform(0, width - w * scale), (height - h * scale) * rng.uniform(0.4, 0.95)
    flip = rng.random() < 0.5
    place = np.array([[scale, 0, left - x * scale], [0, scale, top - y * scale]])
    if flip:
        place[0] = (-scale, 0, left + (x + w) * scale)
    place[:, 2] += 0.5 * place[:, :2].sum(1) - 0.5  # pixel centres lie at +0.5
    colours, alpha = (cv2.warpAffine(layer, place, (width, height), flags=cv2.INTER_CUBIC) for layer in (car.rgba, car.matte))
    cover = max(height / background.shape[0], width / background.shape[1]) * rng.uniform(1, 1.3)
    behind = cv2.resize(background, None, fx=cover, fy=cover, interpolation=cv2.INTER_CUBIC)
    first = [rng.integers(whole - side + 1) for whole, side in zip(behind.shape, frame)]
    behind = behind[first[0]:first[0] + height, first[1]:first[1] + width]
    alpha = alpha.astype(np.float32) / 255
    photo = np.rint(colours * alpha[..., None] + behind * (1 - alpha[..., None])).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1]
    return Scene(name, cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), jpeg.tobytes(), alpha, colours)


def read_cars(data: Path) -> list[Cutout]:
    """The held-out cut-outs that are wide enough, their `rgba` reduced to straight colours everywhere."""
    def read(path: Path) -> Cutout:
        rgba = cv2.cvtColor(read_raw(path, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
        return Cutout(path.stem, path.parent.parent.name, continued(rgba), read_grey(path.parent.parent / "mattes" / f"{path.stem}.png"))
    cars = in_threads(read, [path for path in sorted(data.glob("cutouts/*/rgba/*")) if held_out(path)])
    return [car for car in cars if cv2.boundingRect(car.matte)[2] >= LEAST]


def continued(rgba: np.ndarray, faint: int = 32) -> np.ndarray:
    """uint8 (height, width, 3): the straight colours, and where alpha is under `faint`, whose colours are rounded away, those of the nearest pixel."""
    clear = (rgba[..., 3] < faint).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(clear, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((nearest.max() + 1, 3), np.uint8)
    colours[nearest[clear == 0]] = rgba[clear == 0][:, :3]
    return colours[nearest]


if __name__ == "__main__":
    main()
