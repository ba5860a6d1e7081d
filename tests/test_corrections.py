"""Masks corrected by polygons drawn in labelme: through train.py correct."""
import json

import cv2
import numpy as np
import pytest

import train
from training.data.sources import read_photos

SIZE = 60, 80  # height, width


@pytest.fixture
def folder(tmp_path):
    """A set with one photo, whose mask says that rows 20 to 39 and columns 20 to 59 are the car."""
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    mask = np.zeros(SIZE, np.uint8)
    mask[20:40, 20:60] = 255
    cv2.imwrite(str(tmp_path / "masks" / "a.png"), mask)
    cv2.imwrite(str(tmp_path / "images" / "a.jpg"), np.full((*SIZE, 3), 128, np.uint8))
    return tmp_path


def draw(folder, *shapes, size=SIZE, kind="polygon"):
    """What labelme saves of shapes (name, left, top, right, bottom), the last pixels included."""
    drawn = [{"label": name, "points": [[left, top], [right, top], [right, bottom], [left, bottom]], "group_id": None, "shape_type": kind, "flags": {}}
             for name, left, top, right, bottom in shapes]
    content = {"version": "5.5.0", "flags": {}, "shapes": drawn, "imagePath": "a.jpg", "imageData": None, "imageHeight": size[0], "imageWidth": size[1]}
    (folder / "images" / "a.json").write_text(json.dumps(content))


def correct(folder):
    train.main(["correct", "--photos", str(folder)])
    return [cv2.imread(str(folder / kind / "a.png"), cv2.IMREAD_GRAYSCALE) for kind in ("masks", "ignore")]


def test_what_is_drawn_as_car_or_as_ground_is_so(folder):
    draw(folder, ("car", 60, 25, 69, 34), ("ground", 15, 15, 29, 45))
    mask, ignore = correct(folder)
    expected = np.zeros(SIZE, np.uint8)
    expected[20:40, 30:60] = 255
    expected[25:35, 60:70] = 255
    assert np.array_equal(mask, expected)
    assert ignore[30, 29] and ignore[30, 70] and ignore[24, 65]  # along the new outline
    assert not ignore[20, 45] and not ignore[30, 45] and not ignore[5, 5]  # where it was before, inside, outside


def test_training_reads_the_corrected_mask_and_takes_no_polygons_for_a_photo(folder):
    draw(folder, ("car", 60, 25, 69, 34))
    mask, _ = correct(folder)
    photo, = read_photos(folder, "val")  # one photo alone validates
    assert np.array_equal(photo.mask, mask)


def test_a_later_polygon_covers_an_earlier_one(folder):
    draw(folder, ("ground", 0, 0, 79, 59), ("car", 30, 30, 39, 39))
    mask, _ = correct(folder)
    assert mask[35, 35] == 255 and cv2.countNonZero(mask) == 100


def test_what_is_unknown_is_not_scored(folder):
    draw(folder, ("unknown", 50, 30, 65, 45))
    mask, ignore = correct(folder)
    assert mask[35, 55] == 255 and mask[42, 62] == 0
    assert cv2.countNonZero(ignore) == 16 * 16 and ignore[30:46, 50:66].all()


def test_pixels_ignored_before_stay_so_and_a_second_time_changes_nothing(folder):
    (folder / "ignore").mkdir()
    known = np.zeros(SIZE, np.uint8)
    known[:5] = 255
    cv2.imwrite(str(folder / "ignore" / "a.png"), known)
    draw(folder, ("car", 60, 25, 69, 34))
    first = correct(folder)
    assert (first[1][:5] == 255).all()
    assert np.array_equal(first, correct(folder))


@pytest.mark.parametrize("shapes, others, message", [
    ([("tyre", 1, 1, 9, 9)], {}, "a polygon is named tyre; expected car, ground or unknown"),
    ([("car", 1, 1, 9, 9)], {"kind": "rectangle"}, "a rectangle of 4 points; expected a polygon"),
    ([("car", 1, 1, 9, 9)], {"size": (30, 40)}, "a.json: of a photo of 40x30 pixels, but its mask has 80x60"),
])
def test_what_does_not_fit_is_refused_and_nothing_is_changed(folder, shapes, others, message):
    draw(folder, *shapes, **others)
    before = (folder / "masks" / "a.png").read_bytes()
    with pytest.raises(SystemExit, match=message):
        correct(folder)
    assert (folder / "masks" / "a.png").read_bytes() == before and not (folder / "ignore").exists()


@pytest.mark.parametrize("points", [[[1], [2], [3]], [[1, 1], [2, 2]], [[1, 1], [9, float("nan")], [9, 9]]])
def test_points_that_make_no_polygon_are_refused(folder, points):
    draw(folder, ("car", 1, 1, 9, 9))
    file = folder / "images" / "a.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"shapes": [{"label": "car", "points": points, "shape_type": "polygon"}]}))
    with pytest.raises(SystemExit, match="points; expected a polygon"):
        correct(folder)


@pytest.mark.parametrize("content", ["{", "[]", '{"shapes": []}'])
def test_a_file_of_anything_else_is_refused(folder, content):
    (folder / "images" / "a.json").write_text(content)
    with pytest.raises(SystemExit, match="a.json: not a file of labelme"):
        correct(folder)


def test_a_set_without_polygons_is_refused(folder):
    with pytest.raises(SystemExit, match="no .json file of labelme"):
        correct(folder)
