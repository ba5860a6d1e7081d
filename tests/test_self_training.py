"""Self-training labels photos on which the teacher agrees with itself, ignores pixels on which it does not, and leaves other photos out."""
import cv2
import numpy as np
import pytest

from training.errors import DataError
from training.self_training import label_folder, pseudo_label

SIZE, BOX = (300, 400), (120, 100, 130, 200)  # of a photo and of the car in it: top, left, height, width


class Teacher:
    """Sees the car where a picture is red, and a ghost left of the middle, wherever that is in the frame, with the given alpha."""

    def __init__(self, ghost: float = 0.0):
        self.ghost = ghost

    def predict(self, frame):
        alpha = (frame[..., 0] > 100).astype(np.float32) * (frame[..., 1] < 60)
        height, width = alpha.shape
        if self.ghost:
            alpha[height // 3:height // 2, width // 16:width // 3] = self.ghost
        return alpha, alpha[::2, ::2] * 0, ()


@pytest.fixture
def red_car() -> np.ndarray:
    rgb = np.full((*SIZE, 3), 128, np.uint8)
    top, left, height, width = BOX
    rgb[top:top + height, left:left + width] = 200, 0, 0
    return rgb


def test_a_photo_on_which_the_teacher_agrees_is_labelled(red_car):
    label = pseudo_label(red_car, Teacher())
    assert label.trusted and label.agreement > 0.99 and not label.ignore.any()
    top, left, height, width = BOX
    inside = np.zeros(SIZE, bool)
    inside[top:top + height, left:left + width] = True
    assert ((label.mask > 127) != inside).mean() < 0.01


def test_a_photo_on_which_the_teacher_disagrees_is_left_out(red_car):
    label = pseudo_label(red_car, Teacher(ghost=1.0))
    assert not label.trusted and label.ignore.any()


def test_a_photo_without_a_car_has_no_label():
    assert pseudo_label(np.full((*SIZE, 3), 128, np.uint8), Teacher()) is None


def test_a_folder_gets_images_masks_and_ignored_pixels(red_car, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "train" / "dealers"
    photos.mkdir()
    cv2.imwrite(str(photos / "car.png"), red_car[..., ::-1])
    cv2.imwrite(str(photos / "empty.png"), np.full((*SIZE, 3), 128, np.uint8))
    assert [(path.stem, found is not None) for path, found in label_folder(photos, Teacher(), out)] == [("car", True), ("empty", False)]
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == ["ignore/car.png", "images/car.jpg", "masks/car.png"]


def test_nothing_is_overwritten(red_car, tmp_path):
    photos, out = tmp_path / "images", tmp_path / "set"
    with pytest.raises(DataError, match="no photos"):
        list(label_folder(tmp_path, Teacher(), out))
    photos.mkdir()
    cv2.imwrite(str(photos / "car.jpg"), red_car[..., ::-1])
    before = (photos / "car.jpg").read_bytes()
    with pytest.raises(DataError, match="images/car.jpg: would be overwritten"):
        list(label_folder(photos, Teacher(), tmp_path))
    assert (photos / "car.jpg").read_bytes() == before and not (tmp_path / "masks").exists()
    list(label_folder(photos, Teacher(), out))
    with pytest.raises(DataError, match="set/images/car.jpg: would be overwritten; give an --out that holds no photos yet"):
        list(label_folder(photos, Teacher(), out))


def test_photos_of_one_name_are_refused_before_anything_is_written_and_other_files_are_skipped(red_car, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    (photos / "folder").mkdir(parents=True)
    (photos / ".hidden").write_text("no photo")
    cv2.imwrite(str(photos / "car.png"), red_car[..., ::-1])
    assert [path.stem for path, _ in label_folder(photos, Teacher(), out / "one")] == ["car"]
    cv2.imwrite(str(photos / "car.bmp"), red_car[..., ::-1])
    with pytest.raises(DataError, match="such as car"):
        list(label_folder(photos, Teacher(), out / "two"))
    assert not (out / "two").exists()
