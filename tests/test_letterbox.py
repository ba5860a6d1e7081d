"""The letterbox: any photo into the frame and its matte back, without the shift of even a tenth of a pixel."""
import numpy as np
import pytest
from PIL import Image

from model.space_to_depth import CELL
from preprocessing.letterbox import PAD, Letterbox, resize

FRAME = (480, 640)
SIZES = [(1080, 1920), (960, 1280), (1280, 854), (516, 1280), (480, 640), (479, 641), (333, 217), (60, 80), (1, 1), (3, 900), (2000, 7)]


@pytest.mark.parametrize("size", SIZES)
def test_photo_fills_one_side_of_the_frame_and_keeps_its_shape(size):
    box = Letterbox.fit(size, FRAME)
    assert all(0 < side <= limit and side % CELL == 0 for side, limit in zip(box.content, FRAME))
    assert any(limit - side < CELL for side, limit in zip(box.content, FRAME))
    scale = min(limit / side for limit, side in zip(FRAME, size))
    assert all(abs(side - max(CELL, whole * scale)) <= CELL / 2 for side, whole in zip(box.content, size))


@pytest.mark.parametrize("size", SIZES)
def test_everything_beside_the_photo_is_pad(size):
    box = Letterbox.fit(size, FRAME)
    framed = box.apply(np.full((*size, 3), 200, np.uint8))
    assert framed.shape == (*FRAME, 3) and framed.dtype == np.uint8
    height, width = box.content
    assert (framed[:height, :width] == 200).all()
    assert (framed[height:] == PAD).all() and (framed[:, width:] == PAD).all()


@pytest.mark.parametrize("size", [(1080, 1920), (960, 1280), (1280, 854), (516, 1280), (479, 641), (333, 217)])
@pytest.mark.parametrize("stride", [1, CELL])
def test_a_place_in_a_layer_is_the_same_place_in_the_photo(size, stride):
    """Each pixel or cell of a layer is given the coordinates of its own centre; restored, each pixel must find its own."""
    box = Letterbox.fit(size, FRAME)
    cells = tuple(side // stride for side in FRAME)
    height, width = (side // stride for side in box.content)
    x = np.tile((np.arange(cells[1], dtype=np.float32) + 0.5) / width, (cells[0], 1))
    y = np.tile(((np.arange(cells[0], dtype=np.float32) + 0.5) / height)[:, None], (1, cells[1]))
    inner = tuple(slice(side // 20, side - side // 20) for side in size)
    assert np.abs(resize(box.crop(x), size) * size[1] - (np.arange(size[1]) + 0.5))[inner].max() < 0.1
    assert np.abs(resize(box.crop(y), size) * size[0] - (np.arange(size[0]) + 0.5)[:, None])[inner].max() < 0.1


@pytest.mark.parametrize("size", [(1080, 1920), (960, 1280), (1280, 854)])
def test_shrinking_agrees_with_pillow(size):
    rng = np.random.default_rng(1)
    photo = np.array(Image.fromarray(rng.integers(0, 255, (40, 60, 3), np.uint8)).resize(size[::-1], Image.Resampling.BICUBIC))
    box = Letterbox.fit(size, FRAME)
    oracle = np.array(Image.fromarray(photo).resize(box.content[::-1], Image.Resampling.BOX)).astype(int)
    difference = np.abs(box.apply(photo)[:box.content[0], :box.content[1]] - oracle)
    assert difference.mean() < 1 and difference.max() <= 10


def test_where_the_photo_fills_the_frame_nothing_is_cropped():
    matte = np.random.default_rng(2).random((480, 640), np.float32)
    assert np.array_equal(Letterbox.fit((480, 640), (480, 640)).crop(matte), matte)
