"""The refiner, a second small network under LiteRT: tiles of a photo and of its coarse alpha in, the tiles' alpha out.

For each cell of two by two pixels it gives a correction of each pixel's coarse logit, and three slopes: what to add for each SLOPE_UNIT by which the red, green
and blue of a pixel differ from their means around it. So alpha is locally linear in the photo's colours (deep guided filter, Wu et al. 2018, arXiv 1803.05619).
An answer of zero leaves the coarse alpha as it is.
"""
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.interpreter_pool import InterpreterPool
from model.space_to_depth import CELL, depth_to_space

REFINER = Path(__file__).with_name("refiner.tflite")
TILE = 128          # pixels, side of a tile
ALPHA_CLIP = 0.02   # a coarse alpha counts as at least so far from 0 and 1, so that its logit is finite
MEAN_WINDOW = 17    # pixels, side of the square in which colours are averaged
SLOPE_UNIT = 32     # levels of 255: a colour that differs from that mean by so many adds its slope once
CHANNEL_SUM = np.full((1, 3), 1 / SLOPE_UNIT, np.float32)


class Refiner:
    """Safe to share between threads."""

    def __init__(self, path: Path = REFINER, pool_size: int | None = None):
        """path: a .tflite file. pool_size: photos at once, one a core by default. Raises ValueError where input or output are not as expected."""
        self.network = path.read_bytes()
        self.pool = InterpreterPool(self.load, pool_size)
        with self.pool.interpreter(TILE) as first:
            (tile,), (answer,) = first.get_input_details(), first.get_output_details()
        if tile["dtype"] is not np.uint8 or answer["dtype"] is not np.int8 or tuple(tile["shape"]) != (1, TILE, TILE, 4):
            raise ValueError(f"{path}: wants uint8 tiles (1, {TILE}, {TILE}, 4) and int8 answers, has {tile['dtype'].__name__} {tile['shape']} "
                             f"and {answer['dtype'].__name__}")
        self.input, self.output = tile["index"], answer["index"]
        self.scale, self.zero = answer["quantization"]
        coarse = np.clip(np.arange(256, dtype=np.float32) / 255, ALPHA_CLIP, 1 - ALPHA_CLIP)
        self.coarse_logit = np.log(coarse / (1 - coarse))

    def predict(self, tiles: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Tiles, uint8 (TILE, TILE, 4) each: colours and coarse alpha -> their alpha, float32 (TILE, TILE) in 0..1."""
        with self.pool.interpreter(TILE) as interpreter:
            return [self.predict_tile(tile, interpreter) for tile in tiles]

    def predict_tile(self, tile: np.ndarray, interpreter: Interpreter) -> np.ndarray:
        interpreter.set_tensor(self.input, tile[None])
        interpreter.invoke()
        answer = (interpreter.get_tensor(self.output)[0].astype(np.float32) - self.zero) * np.float32(self.scale)
        slopes = cv2.resize(answer[..., CELL * CELL:], (TILE, TILE), interpolation=cv2.INTER_NEAREST)
        rgb = np.ascontiguousarray(tile[..., :3])
        difference = cv2.subtract(rgb, cv2.blur(rgb, (MEAN_WINDOW, MEAN_WINDOW)), dtype=cv2.CV_32F)
        logit = depth_to_space(answer[..., :CELL * CELL]) + cv2.transform(slopes * difference, CHANNEL_SUM) + np.take(self.coarse_logit, tile[..., 3])
        alpha: np.ndarray = 1 / (1 + cv2.exp(-logit))
        return alpha

    def load(self, _: int) -> Interpreter:
        interpreter = Interpreter(model_content=self.network, num_threads=1)
        interpreter.allocate_tensors()
        return interpreter
