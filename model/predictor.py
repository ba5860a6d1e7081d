"""The quantised network under LiteRT: frames in, mattes, glass and features out."""
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from model.encoder_output import with_features
from model.frames import COARSE_FRAME, FRAMES, QUANTISED_FRAME, resized_network
from model.interpreter_pool import InterpreterPool
from model.space_to_depth import depth_to_space

NETWORK = Path(__file__).with_name("car_matte.tflite")


class Predictor:
    """Predicts mattes of frames of the sizes in model.frames. Safe to share between threads. An interpreter of one frame size holds some 40 MB."""

    def __init__(self, path: Path = NETWORK, pool_size: int | None = None, xnnpack: bool = True):
        """path: a .tflite file. pool_size: predictions at once, one a core by default. Without xnnpack, LiteRT's own slower kernels compute.

        Raises ValueError where the network's layers, or its input or output type, are not as expected.
        """
        self.network = with_features(path.read_bytes())
        self.kernels = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.pool = InterpreterPool(self.load, pool_size)
        with self.pool.interpreter(COARSE_FRAME) as first:  # which every photo needs
            (photo,), (logits, *features) = first.get_input_details(), first.get_output_details()
        if photo["dtype"] is not np.uint8 or logits["dtype"] is not np.int8:
            raise ValueError(f"{path}: wants uint8 input and int8 output, has {photo['dtype'].__name__} and {logits['dtype'].__name__}")
        self.input, self.output = photo["index"], logits["index"]
        self.features = [(layer["index"], *layer["quantization"]) for layer in features]
        scale, zero = logits["quantization"]
        levels = scale * (np.arange(-128, 128, dtype=np.float32) - zero)
        self.sigmoid = 1 / (1 + np.exp(-levels))  # of each of the 256 possible logits

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
        """uint8 (height, width, 3) of a size in model.frames -> what model.localise.Network says."""
        with self.pool.interpreter((frame.shape[0], frame.shape[1])) as interpreter:
            interpreter.set_tensor(self.input, frame[None])
            interpreter.invoke()
            logits = interpreter.get_tensor(self.output)[0]
            features = tuple((interpreter.get_tensor(index)[0].astype(np.float32) - zero) * np.float32(scale) for index, scale, zero in self.features)
        levels = logits.view(np.uint8) ^ 128  # int8's order from 0 on
        alpha, glass = cv2.LUT(depth_to_space(levels[..., :-1]), self.sigmoid), cv2.LUT(levels[..., -1], self.sigmoid)
        return alpha, glass, features

    def load(self, frame: tuple[int, int]) -> Interpreter:
        if frame not in FRAMES:
            raise ValueError(f"a frame of {frame[1]}x{frame[0]} is not one of the network's")
        network = self.network if frame == QUANTISED_FRAME else resized_network(self.network, frame)
        interpreter = Interpreter(model_content=network, num_threads=1, experimental_op_resolver_type=self.kernels)
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (1, *frame, 3))
        interpreter.allocate_tensors()
        return interpreter
