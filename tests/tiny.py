"""A tiny network and pictures that it learns within seconds: cars are coloured blocks on grey ground."""
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

import training.network
from tests.conftest import write

SIZE = (144, 192)  # height, width


def shrink_network(patch: pytest.MonkeyPatch) -> None:
    """Makes training.network.get_network build a network of 20,000 weights, with the strides of the real one."""
    patch.setattr(training.network, "STAGES", ((3, 1, 1, 8, 1), (3, 2, 2, 8, 1), (3, 2, 2, 8, 1), (3, 2, 2, 16, 1), (3, 2, 2, 16, 1)))
    patch.setattr(training.network, "DECODER", (16, 16, 16, 16))
    patch.setattr(training.network, "CONTEXT", 1)
    patch.setattr(training.network, "CLOSER", 0)


def tiny_network(path: Path) -> Path:
    """A .keras file with random kernels, and with normalisation that fits pictures of `block`."""
    keras.utils.set_random_seed(3)
    network = training.network.get_network()
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5
    pictures = np.stack([picture(seed)[0] for seed in range(4)])[:, :128].astype(np.float32)
    for _ in range(8):
        network(pictures, training=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    network.save(path)
    return path


def ground(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """uint8 (height, width, 3), grey of some brightness, with grain."""
    rng = np.random.default_rng(seed)
    grain = cv2.resize(rng.normal(0, 20, (size[0] // 8, size[1] // 8)), size[::-1])
    return cv2.merge([np.clip(rng.uniform(60, 200) + grain, 0, 255).astype(np.uint8)] * 3)


def block(seed: int, size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Saturated colours, uint8 (height, width, 3), and the matte of a block with a cabin, uint8 (height, width)."""
    rng = np.random.default_rng(seed)
    hue = np.uint8([[[rng.integers(0, 180), 255, rng.integers(160, 255)]]])
    colours = np.full((*size, 3), cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0], np.uint8)
    matte = np.zeros(size, np.uint8)
    height, width = size
    left, top = int(width * rng.uniform(0.12, 0.2)), int(height * rng.uniform(0.4, 0.5))
    right, bottom = int(width * rng.uniform(0.8, 0.88)), int(height * rng.uniform(0.75, 0.85))
    cv2.rectangle(matte, (left, top), (right, bottom), 255, -1)
    cv2.rectangle(matte, (left + width // 6, int(height * 0.25)), (right - width // 5, top), 255, -1)
    return colours, cv2.blur(matte, (3, 3))


def picture(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A block on the ground, uint8 (height, width, 3), and its matte, uint8 (height, width)."""
    colours, matte = block(seed)
    share = matte[..., None] / 255
    return np.rint(colours * share + ground(seed) * (1 - share)).astype(np.uint8), matte


def tiny_data(folder: Path) -> Path:
    """Photos, cut-outs and backgrounds. A third of the validation masks are wrong, and a few backgrounds hold a small coloured block."""
    for number in range(16):
        photo, matte = picture(number)
        split = "val" if number >= 10 else "train"
        if number % 3 == 0 and split == "val":
            matte[:, :80] = 255
        write(folder / split / "street" / "images" / f"{number}.png", photo)
        write(folder / split / "street" / "masks" / f"{number}.png", matte)
        if number == 1:
            write(folder / "train" / "street" / "glass" / "1.png", matte)
    for number in range(4):
        colours, matte = block(100 + number, (720, 960))
        write(folder / "cutouts" / ("studio_val" if number == 3 else "studio") / "rgba" / f"{number}.png", np.dstack([colours[..., ::-1], matte]))
    for number in range(32):
        scene = ground(200 + number)
        if number % 4 == 0:
            cv2.rectangle(scene, (80, 60), (110, 80), (250, 20, 20), -1)
        write(folder / "backgrounds" / "places" / f"scene{number}.png", scene)
    return folder
