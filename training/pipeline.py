"""A network with its refiner and confidence model, as in serving but without the kind model, by which serving refuses more photos."""
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from model.confidence import FITTED, ConfidenceModel
from model.encoder_output import READERS
from model.localise import Network, Prediction, localise
from model.predictor import Predictor
from model.refiner import REFINER, Refiner
from model.space_to_depth import depth_to_space
from postprocessing.full_size import full_size_alpha
from training.errors import DataError


@dataclass(frozen=True)
class Pipeline:
    network: Network
    refiner_file: Path = REFINER
    confidence_file: Path = FITTED

    @classmethod
    def load(cls, network: Path, xnnpack: bool = True) -> "Pipeline":
        """A .keras or .tflite file, with refiner.tflite and confidence.json beside it, or the installed ones where there are none. xnnpack: see Predictor."""
        refiner, confidence = (path if path.exists() else installed for path, installed in
                             ((network.parent / REFINER.name, REFINER), (network.parent / FITTED.name, FITTED)))
        return cls(load(network, xnnpack), refiner, confidence)

    def localise(self, rgb: np.ndarray) -> Prediction:
        return localise(rgb, self.network)

    def refined(self, prediction: Prediction, rgb: np.ndarray) -> np.ndarray:
        """The prediction of a uint8 photo (height, width, 3) as its refined uint8 matte (height, width)."""
        alpha = full_size_alpha(prediction.matte, prediction.cropped(rgb), self.refiner)
        return cv2.convertScaleAbs(prediction.in_photo(alpha), alpha=255)

    def matte(self, rgb: np.ndarray) -> np.ndarray:
        return self.refined(self.localise(rgb), rgb)

    def confidence(self, prediction: Prediction) -> float:
        """0..1; 0 where presence is too low. Serving also refuses by kind."""
        return self.confidence_model.confidence(prediction)

    @cached_property
    def refiner(self) -> Refiner:
        return Refiner(self.refiner_file)

    @cached_property
    def confidence_model(self) -> ConfidenceModel:
        return ConfidenceModel.read(self.confidence_file)


def load(path: Path, xnnpack: bool = True) -> Network:
    """A network from a .tflite or .keras file, safe to share between threads; xnnpack is for the first. Raises DataError where it is neither or missing."""
    if path.suffix not in (".tflite", ".keras"):
        raise DataError(f"{path}: expected a .tflite or a .keras network")
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.suffix == ".tflite":
        try:
            return Predictor(path, xnnpack=xnnpack)
        except (ValueError, RuntimeError, struct.error) as error:
            raise DataError(f"{path}: not a quantised matte network: {error}") from error
    from training.float_network import load_keras

    network = load_keras(path)
    try:
        return FloatPredictor(network)
    except ValueError as error:  # it has not the layers that are read
        raise DataError(f"{path}: not a network of training/network.py") from error


class FloatPredictor:
    """A float network with the predictor's interface."""

    def __init__(self, network) -> None:
        import keras

        read = [network.get_layer(reader).input for reader in READERS]
        self.network = keras.Model(network.input, [network.output, *read])

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
        logits, *features = (np.asarray(output)[0] for output in self.network(frame[None].astype(np.float32), training=False))
        probability = 1 / (1 + np.exp(-logits))
        return depth_to_space(probability[..., :-1]), probability[..., -1], tuple(features)
