"""PNG files: what other readers find in them."""
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from postprocessing.png import png as write
from tests.drawn import draw_photo

MODES = {(): "L", (3,): "RGB", (4,): "RGBA"}


def png(picture: np.ndarray) -> bytes:
    return write(picture.shape, picture.__getitem__)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (63, 17), (64, 17), (65, 17), (200, 333)])
@pytest.mark.parametrize("channels", MODES)
def test_every_pixel_comes_back(channels, size):
    picture = np.random.default_rng(0).integers(0, 256, size + channels, np.uint8)
    with Image.open(io.BytesIO(png(picture))) as read:
        read.verify()  # the checksums
    with Image.open(io.BytesIO(png(picture))) as read:
        assert read.mode == MODES[channels] and np.array_equal(np.array(read), picture)
    order = {(): None, (3,): cv2.COLOR_BGR2RGB, (4,): cv2.COLOR_BGRA2RGBA}[channels]
    read = cv2.imdecode(np.frombuffer(png(picture), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(read if order is None else cv2.cvtColor(read, order), picture)


def test_a_view_gives_the_file_of_its_copy():
    whole = np.random.default_rng(1).integers(0, 256, (150, 90, 4), np.uint8)
    for view in (whole[20:140, 5:80], whole[::-1], whole[:, ::-1], whole[..., 0], whole[..., :3]):
        assert png(view) == png(view.copy())


def test_files_are_no_larger_than_pillows_fastest():
    photo = draw_photo(960, 720)
    alpha = np.rint(photo.alpha * 255).astype(np.uint8)
    for picture in (alpha, photo.rgb, np.dstack([photo.foreground, alpha])):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=1)
        assert len(png(picture)) <= file.tell()
