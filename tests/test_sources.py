"""Where pictures to learn from come from, and which are never learnt from."""
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import write
from training.data.sources import held_out, photo_paths, read_cutouts, read_photos


def test_any_folder_of_pictures_and_masks_will_do(tmp_path):
    for number in range(40):
        write(tmp_path / "images" / f"boat{number}.png", np.zeros((20, 30, 3), np.uint8))
        write(tmp_path / "masks" / f"boat{number}.png", np.zeros((20, 30), np.uint8))
    train, val = ({path.stem for _, path in photo_paths(tmp_path, split)} for split in ("train", "val"))
    assert len(train | val) == 40 and not train & val and val
    assert {photo.set for photo in read_photos(tmp_path, "val")} == {tmp_path.name}


def test_a_folder_without_photos_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no photos of 'train'"):
        photo_paths(tmp_path, "train")


def shadowed() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A body with a clear black pane on two opaque black tyres, a black shadow between and beside them: its rgba, a matte that took the shadow along, and the car."""
    rgba = np.zeros((100, 200, 4), np.uint8)
    rgba[70:90, 10:190, 3] = 240
    rgba[20:75, 30:170] = 180, 40, 40, 255
    rgba[60:70, 60:140] = 0, 0, 0, 100
    for left in (40, 130):
        rgba[70:88, left:left + 30] = 0, 0, 0, 255
    car = np.zeros((100, 200), bool)
    car[20:75, 30:170] = car[70:88, 40:70] = car[70:88, 130:160] = True
    return rgba, np.where(rgba[..., 3] > 0, np.uint8(255), np.uint8(0)), car


def test_ground_that_a_matte_took_along_is_not_trained_on(tmp_path):
    rgba, matte, car = shadowed()
    for number in range(40):
        name = f"{number:04}_car{'abcdefghijklmnopqrst'[number % 20] * (1 + number // 20)}_0.png"
        write(tmp_path / "cutouts" / "dealer" / "mattes" / name, matte)
        write(tmp_path / "cutouts" / "dealer" / "rgba" / name, cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    trained, measured = (read_cutouts(tmp_path, side) for side in (False, True))
    assert trained and measured
    for cutout in trained:
        assert ((cutout.matte > 127) != car).sum() <= 16, "but for corners"
        assert np.array_equal(cutout.rgba[..., 3], rgba[..., 3])
        assert cutout.glass[63:67, 63:137].all() and not cutout.glass[~car].any()
    for cutout in measured:
        assert np.array_equal(cutout.matte, matte), "a measure stays as it was given"


def test_a_gap_under_a_turntables_wing_is_no_pane(tmp_path):
    rgba = np.zeros((100, 200, 4), np.uint8)
    rgba[20:90, 20:180] = 60, 60, 60, 255
    rgba[30:50, 60:120, 3] = 150
    rgba[30:50, 140:170, 3] = 0
    matte = np.zeros((100, 200), np.uint8)
    matte[20:90, 20:180] = 255
    write(tmp_path / "cutouts" / "turntable" / "mattes" / "AIL1_left_010.png", matte)
    write(tmp_path / "cutouts" / "turntable" / "rgba" / "AIL1_left_010.png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    (cutout,) = read_cutouts(tmp_path, False)
    assert not cutout.matte[32:48, 142:168].any() and (cutout.matte[20:90, 20:138] == 255).all()
    assert cutout.glass[34:46, 64:116].all() and not cutout.glass[:, 138:].any()


def test_held_out_cutouts_are_never_trained_on(data):
    kept, trained = (read_cutouts(data, side, 64) for side in (True, False))
    assert {cutout.name for cutout in kept}.isdisjoint(cutout.name for cutout in trained)
    assert 0.05 < len(kept) / (len(kept) + len(trained)) < 0.2


def test_variants_and_views_of_one_place_are_held_out_together():
    for first, second in [("cutouts/render/rgba/0039_images_bruiser2_6e7567.webp", "cutouts/render/rgba/0041_images_bruiser_6e00f9.webp"),
                          ("backgrounds/places/places_012.jpg", "backgrounds/places/places_023.jpg")]:
        assert held_out(Path(first)) == held_out(Path(second))
