"""The quantised network under LiteRT: frames in, mattes and panes out. Interpreters are made once and kept."""
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from model.cells import unfold
from model.frames import FRAMES, GLANCE, NATIVE, reframed

NETWORK = Path(__file__).with_name("car_matte.tflite")


class Predictor:
    """Predicts mattes of frames of the shapes in model.frames; safe to share between threads.

    An interpreter must not run twice at once and holds some 40 MB while it lives, so a pool of desks is kept, no more than there are
    cores: more would only wait for each other. A desk keeps an interpreter for each frame that it has met.
    """

    def __init__(self, path: Path = NETWORK, most: int | None = None, xnnpack: bool = True):
        """path: a .tflite file; most: interpreters at once, one a core by default; without xnnpack, LiteRT's own kernels compute, slowly.

        Raises ValueError where the network's form is not ours.
        """
        self.network = path.read_bytes()
        self.kernels = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.desks: LifoQueue[dict[tuple[int, int], Interpreter]] = LifoQueue()
        for _ in range(most or os.cpu_count() or 1):
            self.desks.put({})
        with self.interpreter(GLANCE) as first:  # which every photo needs
            (photo,), (logits,) = first.get_input_details(), first.get_output_details()
        if photo["dtype"] is not np.uint8 or logits["dtype"] is not np.int8:
            raise ValueError(f"{path}: wants uint8 input and int8 output, has {photo['dtype'].__name__} and {logits['dtype'].__name__}")
        self.input, self.output = photo["index"], logits["index"]
        scale, zero = logits["quantization"]
        levels = scale * (np.arange(-128, 128, dtype=np.float32) - zero)
        self.share = 1 / (1 + np.exp(-levels))  # the sigmoid of each of the 256 logits there can be

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uint8 (height, width, 3) of one of model.frames -> alpha (height, width) and the share of glass (height/2, width/2), float32 in 0..1."""
        with self.interpreter(frame.shape[:2]) as interpreter:
            interpreter.set_tensor(self.input, frame[None])
            interpreter.invoke()
            logits = interpreter.get_tensor(self.output)[0]
        levels = logits.view(np.uint8) ^ 128  # int8's order from 0 on
        return cv2.LUT(unfold(levels[..., :-1]), self.share), cv2.LUT(levels[..., -1], self.share)

    @contextmanager
    def interpreter(self, frame: tuple[int, int]) -> Iterator[Interpreter]:
        desk = self.desks.get()
        try:
            if frame not in desk:
                desk[frame] = self.make(frame)
            yield desk[frame]
        finally:
            self.desks.put(desk)

    def make(self, frame: tuple[int, int]) -> Interpreter:
        if frame not in FRAMES:
            raise ValueError(f"a frame of {frame[1]}x{frame[0]} is not one of the network's")
        network = self.network if frame == NATIVE else reframed(self.network, frame)
        made = Interpreter(model_content=network, num_threads=1, experimental_op_resolver_type=self.kernels)
        made.resize_tensor_input(made.get_input_details()[0]["index"], (1, *frame, 3))
        made.allocate_tensors()
        return made
