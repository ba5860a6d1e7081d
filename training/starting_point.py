"""Where training starts: from ImageNet weights, whose normalisation statistics are learnt, or from another network, whose statistics are kept."""
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from training.batch_norm_folding import folded_weights, without_batch_norm
from training.errors import DataError
from training.fake_quantisation import fake_quantised
from training.float_network import load_keras
from training.fused_batch_norm import with_fused_batch_norm
from training.imagenet import load_imagenet
from training.network import get_network, inherit


class StartingPoint(NamedTuple):
    network: keras.Model                                     # that learns
    average: keras.Model                                     # that keeps the running average of its weights; also the form of `network`
    forward: Callable[[tf.Tensor], tf.Tensor]                # float32 photos (n, h, w, 3) -> logits (n, h/2, w/2, 6) in training
    served: Callable[[keras.Model], keras.Model]             # of a network as serving has it: what to validate, as int8 will compute it


def from_imagenet() -> StartingPoint:
    average = get_network(others=True)
    load_imagenet(average)
    network = with_fused_batch_norm(average)
    return StartingPoint(network, average, lambda photos: network(photos, training=True), lambda bare: bare)


def from_network(path: Path) -> StartingPoint:
    """Of a .keras file. Trained with folded normalisation and kernels rounded as int8 rounds them; validated so, too. Prints which layers are new."""
    if path.suffix != ".keras" or not path.exists():
        raise DataError(f"{path}: expected a .keras network")
    average, parent = get_network(others=True), load_keras(path)
    try:
        new = inherit(average, parent)
    except (KeyError, ValueError) as error:  # no logits, or layers of another shape
        raise DataError(f"{path}: not a network of training/network.py") from error
    print(f"starts from {path}" + (f"; new layers: {', '.join(new)}" if new else ""))
    network = keras.models.clone_model(average)
    network.set_weights(average.get_weights())
    folded, folded_bare = without_batch_norm(network), without_batch_norm(get_network())

    def served(bare: keras.Model) -> keras.Model:
        folded_bare.set_weights(fake_quantised(folded_weights(bare)))
        return folded_bare

    return StartingPoint(network, average, lambda photos: folded.stateless_call(fake_quantised(folded_weights(network)), [], photos)[0], served)
