"""The quantised network under LiteRT: frames in, mattes and panes out. One interpreter a working thread, made once and kept."""
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

NETWORK = Path(__file__).with_name("car_matte.tflite")


class Predictor:
    """Predicts mattes of frames of one size; safe to share between threads.

    An interpreter must not run twice at once and holds some 40 MB while it lives, so a pool of them is kept, no larger than
    the number of cores: more would only wait for each other.
    """

    def __init__(self, path: Path = NETWORK, most: int | None = None, xnnpack: bool = True):
        """path: a .tflite file; most: interpreters at once, one a core by default; without xnnpack, LiteRT's own kernels compute, slowly.

        Raises ValueError where the network's form is not ours.
        """
        self.path = path
        self.kernels = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.pool: LifoQueue[Interpreter | None] = LifoQueue()
        for _ in range(most or os.cpu_count() or 1):
            self.pool.put(None)
        with self.interpreter() as first:
            (photo,), (logits,) = first.get_input_details(), first.get_output_details()
        if photo["dtype"] is not np.uint8 or logits["dtype"] is not np.int8:
            raise ValueError(f"{path}: wants uint8 input and int8 output, has {photo['dtype'].__name__} and {logits['dtype'].__name__}")
        self.frame: tuple[int, int] = tuple(int(side) for side in photo["shape"][1:3])
        self.input, self.output = photo["index"], logits["index"]
        scale, zero = logits["quantization"]
        levels = scale * (np.arange(-128, 128, dtype=np.float32) - zero)
        self.share = 1 / (1 + np.exp(-levels))  # the sigmoid of each of the 256 logits there can be

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uint8 (height, width, 3) of size `self.frame` -> alpha, and the share of glass, as float32 (height/2, width/2) in 0..1."""
        with self.interpreter() as interpreter:
            interpreter.set_tensor(self.input, frame[None])
            interpreter.invoke()
            logits = interpreter.get_tensor(self.output)[0]
        levels = logits.view(np.uint8) ^ 128  # int8's order from 0 on
        alpha, glass = cv2.split(cv2.LUT(levels, self.share))
        return alpha, glass

    @contextmanager
    def interpreter(self) -> Iterator[Interpreter]:
        lent = self.pool.get()
        try:
            if lent is None:
                lent = Interpreter(model_path=str(self.path), num_threads=1, experimental_op_resolver_type=self.kernels)
                lent.allocate_tensors()
            yield lent
        finally:
            self.pool.put(lent)
