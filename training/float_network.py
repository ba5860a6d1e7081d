"""The float network on disk: a .keras file whose weights are float16, which keras.models.load_model reads as float32. Half the size of float32."""
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import h5py
import keras
import numpy as np

from training.errors import DataError

WEIGHTS = "model.weights.h5"  # in a .keras file (keras.saving)


def save_float16(network: keras.Model, path: Path) -> None:
    """Writes a .keras file."""
    network.save(path)
    path.write_bytes(as_float16(path.read_bytes()))


def as_float16(data: bytes) -> bytes:
    """A .keras file with its weights rounded to float16; one that is so already stays as it is. Raises ValueError where a weight is too large for float16."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    file = io.BytesIO()
    with h5py.File(io.BytesIO(members[WEIGHTS])) as given, h5py.File(file, "w") as rounded:
        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Group):
                copied = rounded.require_group(name)
            else:
                values = item[()].astype(np.float16)
                if not np.isfinite(values).all():
                    raise ValueError(f"{name}: a weight is too large for float16")
                copied = rounded.create_dataset(name, data=values)
            copied.attrs.update(item.attrs)
        given.visititems(copy)
        rounded.attrs.update(given.attrs)
    members[WEIGHTS] = file.getvalue()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_STORED if name == WEIGHTS else zipfile.ZIP_DEFLATED)
    return written.getvalue()


def load_keras(path: Path) -> keras.Model:
    """The network of a .keras file. Raises DataError where it can't be read."""
    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, OSError, KeyError, TypeError, zipfile.BadZipFile) as error:  # of a file that is no archive, and of one that holds something else
        raise DataError(f"{path}: not a .keras network that can be read") from error


def mean_network(paths: Sequence[Path]) -> keras.Model:
    """The network whose weights are the mean of several .keras files', as of runs from one start (model soup, Wortsman et al. 2022, arXiv 2203.05482).

    Raises DataError where their forms differ.
    """
    networks = [load_keras(path) for path in paths]
    weights = [network.get_weights() for network in networks]
    if any([part.shape for part in other] != [part.shape for part in weights[0]] for other in weights[1:]):
        raise DataError("the networks differ in form")
    networks[0].set_weights([np.mean(parts, 0) for parts in zip(*weights)])
    return networks[0]
