"""Which pictures of a folder are trained on, which validate, and what is corrected in them."""
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import write
from training.data.sources import is_held_out, photo_paths, read_cutouts, read_photos, summary
from training.errors import DataError


def test_a_plain_folder_of_images_and_masks_is_split(tmp_path):
    for number in range(40):
        write(tmp_path / "images" / f"boat{number}.png", np.zeros((20, 30, 3), np.uint8))
        write(tmp_path / "masks" / f"boat{number}.png", np.zeros((20, 30), np.uint8))
    train, val = ({path.stem for _, path in photo_paths(tmp_path, split)} for split in ("train", "val"))
    assert len(train | val) == 40 and not train & val and val
    assert {photo.set for photo in read_photos(tmp_path, "val")} == {tmp_path.name}


def test_a_plain_folder_always_validates_by_a_photo(tmp_path):
    for number in range(3):
        write(tmp_path / "images" / f"boat{number}.png", np.zeros((20, 30, 3), np.uint8))
        write(tmp_path / "masks" / f"boat{number}.png", np.zeros((20, 30), np.uint8))
    assert [len(photo_paths(tmp_path, split)) for split in ("train", "val")] == [2, 1]
    with pytest.raises(DataError, match="no test photos"):
        photo_paths(tmp_path, "test")


@pytest.mark.parametrize("mask, message", [
    (np.zeros((10, 30), np.uint8), "30x10 pixels, but the photo has 30x20$"),
    (np.zeros((30, 20), np.uint8), "20x30 pixels, but the photo has 30x20; the photo is turned by its EXIF orientation"),
    (np.ones((20, 30), np.uint8), "its highest value is 1; expected 0 for the ground and 255 for the car"),
    (np.full((20, 30), 38, np.uint8), "its highest value is 38"), (np.full((20, 30, 3), (0, 0, 255), np.uint8), "expected grey of 8 bits"),
    (np.full((20, 30, 4), 255, np.uint8), "without colours or alpha"), (np.full((20, 30), 65535, np.uint16), "expected grey of 8 bits"),
])
def test_masks_in_another_form_are_told(tmp_path, mask, message):
    write(tmp_path / "images" / "boat.png", np.zeros((20, 30, 3), np.uint8))
    write(tmp_path / "masks" / "boat.png", mask)
    with pytest.raises(DataError, match=message):
        read_photos(tmp_path, "val")


@pytest.mark.parametrize("kind", ["ignore", "glass"])
def test_other_layers_of_a_photo_in_another_form_are_told(tmp_path, kind):
    write(tmp_path / "images" / "boat.png", np.zeros((20, 30, 3), np.uint8))
    write(tmp_path / "masks" / "boat.png", np.zeros((20, 30, 3), np.uint8))
    write(tmp_path / kind / "boat.png", np.ones((20, 30), np.uint8))
    with pytest.raises(DataError, match=f"{kind}/boat.png: its highest value is 1"):
        read_photos(tmp_path, "val")


def test_the_summary_counts_what_is_used_and_what_is_not(tmp_path):
    for name in ("one", "two", "three"):
        write(tmp_path / "train" / "lot" / "images" / f"{name}.jpg", np.zeros((20, 30, 3), np.uint8))
    for split, name in (("train", "one"), ("val", "other")):
        write(tmp_path / split / "lot" / "images" / f"{name}.jpg", np.zeros((20, 30, 3), np.uint8))
        write(tmp_path / split / "lot" / "masks" / f"{name}.png", np.zeros((20, 30), np.uint8))
    (tmp_path / "train" / "lot" / "images" / ".DS_Store").touch()
    write(tmp_path / "backgrounds" / "beach" / "a.jpg", np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "backgrounds" / "beach" / "Thumbs.db").touch()
    assert summary(tmp_path) == (f"{tmp_path}: 1 photos to train on, 1 to validate by, 2 photos without a mask such as "
                                 f"{tmp_path}/train/lot/masks/three.png; 0 cut-outs, 1 backgrounds, 0 occluders: no composites")


def test_the_summary_needs_no_photos_to_validate_by(tmp_path):
    write(tmp_path / "train" / "lot" / "images" / "one.JPE", np.zeros((20, 30, 3), np.uint8))
    write(tmp_path / "train" / "lot" / "masks" / "one.png", np.zeros((20, 30), np.uint8))
    assert summary(tmp_path).startswith(f"{tmp_path}: 1 photos to train on, 0 to validate by; 0 cut-outs")


def test_one_photo_and_two_layouts_are_told(tmp_path):
    write(tmp_path / "images" / "boat.png", np.zeros((20, 30, 3), np.uint8))
    write(tmp_path / "masks" / "boat.png", np.zeros((20, 30), np.uint8))
    with pytest.raises(DataError, match="one photo can't be for training and for validation"):
        photo_paths(tmp_path, "train")
    (tmp_path / "train" / "more").mkdir(parents=True)
    with pytest.raises(DataError, match="holds images/ beside train/: move images/ and masks/ to train/SET"):
        photo_paths(tmp_path, "val")


def test_a_folder_without_photos_says_what_is_expected(tmp_path):
    with pytest.raises(DataError, match="no 'train' photos with masks; expected train/SET/images"):
        photo_paths(tmp_path, "train")


def shadowed() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A body with a clear black pane on two opaque black tyres, a black shadow between and beside them: its rgba, a matte with the shadow, and the car."""
    rgba = np.zeros((100, 200, 4), np.uint8)
    rgba[70:90, 10:190, 3] = 240
    rgba[20:75, 30:170] = 180, 40, 40, 255
    rgba[60:70, 60:140] = 0, 0, 0, 100
    for left in (40, 130):
        rgba[70:88, left:left + 30] = 0, 0, 0, 255
    car = np.zeros((100, 200), bool)
    car[20:75, 30:170] = car[70:88, 40:70] = car[70:88, 130:160] = True
    return rgba, np.where(rgba[..., 3] > 0, np.uint8(255), np.uint8(0)), car


def test_the_shadow_in_a_matte_is_removed(tmp_path):
    rgba, matte, car = shadowed()
    write(tmp_path / "cutouts" / "dealer" / "mattes" / "a.png", matte)
    write(tmp_path / "cutouts" / "dealer" / "rgba" / "a.png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    (cutout,) = read_cutouts(tmp_path, "train")
    assert ((cutout.matte > 127) != car).sum() <= 16, "but for corners"
    assert np.array_equal(cutout.rgba[..., 3], rgba[..., 3])
    assert cutout.glass[63:67, 63:137].all() and not cutout.glass[~car].any()


def test_a_gap_under_a_turntables_wing_is_no_pane(tmp_path):
    rgba = np.zeros((100, 200, 4), np.uint8)
    rgba[20:90, 20:180] = 60, 60, 60, 255
    rgba[30:50, 60:120, 3] = 150
    rgba[30:50, 140:170, 3] = 0
    matte = np.zeros((100, 200), np.uint8)
    matte[20:90, 20:180] = 255
    write(tmp_path / "cutouts" / "turntable" / "mattes" / "AIL1_left_010.png", matte)
    write(tmp_path / "cutouts" / "turntable" / "rgba" / "AIL1_left_010.png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    (cutout,) = read_cutouts(tmp_path, "train")
    assert not cutout.matte[32:48, 142:168].any() and (cutout.matte[20:90, 20:138] == 255).all()
    assert cutout.glass[34:46, 64:116].all() and not cutout.glass[:, 138:].any()


def test_cutouts_of_val_and_test_are_never_trained_on(tmp_path):
    for name in ("studio", "studio_val", "studio_test"):
        write(tmp_path / "cutouts" / name / "rgba" / "car.png", np.full((20, 30, 4), 255, np.uint8))
    assert {split: [cutout.set for cutout in read_cutouts(tmp_path, split)] for split in ("train", "val", "test")} == {
        "train": ["studio"], "val": ["studio_val"], "test": ["studio_test"]}


def test_an_eighth_of_the_backgrounds_is_held_out_and_crops_of_one_place_go_together():
    names = [f"houses_{number:03}" for number in range(800)]
    assert 0.09 < np.mean([is_held_out(Path(f"{name}.jpg")) for name in names]) < 0.16
    for place in range(20):
        assert len({is_held_out(Path(f"places_{12 * place + crop:03}.jpg")) for crop in range(12)}) == 1
