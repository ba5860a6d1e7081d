"""Each augmentation by itself: what a car carries, its paint, shape and light, and that the matte follows."""
from dataclasses import replace

import cv2
import numpy as np
import pytest

from training.data import accessories, background_lines, scenes
from training.data.open_panels import open_panel
from training.data.sources import Cutout

FRAME = (96, 128)


def test_an_aerial_is_part_of_the_car():
    rgba = np.zeros((100, 100, 4), np.uint8)
    rgba[50:90, 10:90] = 200, 200, 200, 255
    car = Cutout("car", "test", rgba, np.ascontiguousarray(rgba[..., 3]))
    for seed in range(20):
        longer = accessories.add_aerial(np.random.default_rng(seed), car)
        new = (longer.matte > 0) & (car.matte == 0)
        assert new.any() and np.argwhere(new)[:, 0].max() < 50, "above the roof"
        assert np.array_equal(longer.rgba[..., 3], longer.matte)
        assert np.array_equal(longer.rgba[60:], car.rgba[60:])


def test_an_added_mirror_is_part_of_a_car_seen_from_its_front():
    rgba = np.zeros((160, 220, 4), np.uint8)
    rgba[20:140, 40:180] = 200, 200, 200, 255
    car = Cutout("car", "test", rgba, np.ascontiguousarray(rgba[..., 3]))
    sides = set()
    for seed in range(20):
        wider = accessories.add_mirror(np.random.default_rng(seed), car)
        new = np.argwhere((wider.matte > 0) & (car.matte == 0))
        assert len(new) and new[:, 0].min() > 20 and new[:, 0].max() < 100, "in the upper half"
        assert np.array_equal(wider.rgba[..., 3], wider.matte) and (wider.matte >= car.matte).all()
        sides.add("left" if new[:, 1].min() < 40 else "right")
    assert sides == {"left", "right"}
    long = Cutout("car", "test", rgba[80:160], np.ascontiguousarray(rgba[80:160, :, 3]))
    assert all(accessories.add_mirror(np.random.default_rng(seed), long) is long for seed in range(5)), "from the side its mirrors lie within its outline"


def test_what_a_car_carries_is_part_of_it():
    rgba = np.zeros((120, 240, 4), np.uint8)
    rgba[50:110, 30:210] = 200, 200, 200, 255
    rgba[100:110, 80:160] = 0  # between its wheels
    car = Cutout("car", "test", rgba, np.ascontiguousarray(rgba[..., 3]), np.ascontiguousarray(rgba[..., 3]))
    places = set()
    for seed in range(60):
        laden = accessories.add_load(np.random.default_rng(seed), car)
        if laden is car:
            continue
        assert np.array_equal(laden.rgba[..., 3], laden.matte)
        above, beside = (side - have for side, have in zip(laden.matte.shape, car.matte.shape))
        there = laden.matte[above:, beside // 2:][:120, :240]
        assert (there >= car.matte).all(), "nothing of the car is lost"
        new = np.argwhere(laden.matte > 127) - (above, beside // 2)
        for place, outside in (("above", new[:, 0] < 45), ("below", (new[:, 0] > 100) & (new[:, 1] > 90) & (new[:, 1] < 150)),
                               ("beside", (new[:, 1] < 28) | (new[:, 1] > 212))):
            places |= {place} if outside.any() else set()
        covered = (laden.glass == 255) & (laden.rgba[..., :3] != 200).any(-1)
        assert not covered.any(), "what hides a pane is no pane"
    assert places == {"above", "below", "beside"}


def test_a_cage_stands_on_the_car_and_lets_the_ground_be_seen():
    matte = np.zeros((160, 240), np.uint8)
    matte[60:140, 30:130] = 255   # a cab
    matte[100:140, 130:210] = 255  # and its bed
    built = [shape for seed in range(30) if (shape := accessories.roll_cage(np.random.default_rng(seed), matte)) is not None]
    assert len(built) > 10
    for shape in built:
        _, _, w, h = cv2.boundingRect(shape)
        count, _ = cv2.connectedComponents((shape > 127).astype(np.uint8) | (matte > 127))
        assert count == 2, "cage and car are one piece"
        assert np.count_nonzero(shape) < 0.75 * w * h


def striped() -> Cutout:
    """A car in its margin, of a colour a column, half see-through at its right end."""
    rgba = np.zeros((60, 120, 4), np.uint8)
    rgba[20:50, 10:110, 0] = np.arange(100, 200)
    rgba[20:50, 10:110, 3] = 255
    rgba[20:50, 100:110] //= 2
    matte = np.where(rgba[..., 3] > 0, np.uint8(255), np.uint8(0))
    return Cutout("striped", "test", rgba, matte, np.where(rgba[..., 3] == 127, np.uint8(255), np.uint8(0)))


def test_another_paint_keeps_the_shape_and_its_glass():
    car, colours = striped(), set()
    for seed in range(40):
        painted = scenes.recolour(np.random.default_rng(seed), car)
        assert np.array_equal(painted.rgba[..., 3], car.rgba[..., 3]) and painted.matte is car.matte and painted.glass is car.glass
        assert (painted.rgba[..., :3] <= painted.rgba[..., 3:]).all(), "colour is multiplied by alpha"
        colours.add(tuple(painted.rgba[25, 50, :3]) + tuple(painted.rgba[45, 50, :3]))
    assert len(colours) > 30 and 4 < sum(colour[:3] != colour[3:] for colour in colours) < 24


def test_a_livery_keeps_the_shape_and_its_glass_and_brings_the_pattern():
    """The pattern is known where it is seen alone: a car as grey as its own light, under a picture of two halves."""
    car = striped()
    grey = replace(car, rgba=cv2.merge([*[car.rgba[..., 3] // 2] * 3, car.rgba[..., 3]]))
    picture = np.zeros((90, 120, 3), np.uint8)
    picture[:, :60], picture[:, 60:] = (200, 40, 40), (40, 40, 200)
    redder = []
    for seed in range(40):
        wrapped = scenes.add_pattern(np.random.default_rng(seed), grey, picture)
        assert np.array_equal(wrapped.rgba[..., 3], car.rgba[..., 3]) and wrapped.matte is car.matte and wrapped.glass is car.glass
        assert (wrapped.rgba[..., :3] <= wrapped.rgba[..., 3:]).all(), "colour is multiplied by alpha"
        red, _, blue = (wrapped.rgba[car.matte > 127, channel].astype(int) for channel in range(3))
        redder.append((red > blue).mean())
    assert 0.35 < np.mean(redder) < 0.65 and sum(0.1 < share < 0.9 for share in redder) > 10


def test_an_open_door_or_lid_hangs_on_the_car_and_belongs_to_it():
    car, added, beside, above = striped(), [], 0, 0
    x, y, w, h = cv2.boundingRect(car.matte)
    for seed in range(60):
        other = open_panel(np.random.default_rng(seed), car)
        assert other.rgba.shape[:2] == other.matte.shape == other.glass.shape
        assert (other.rgba[..., :3] <= other.rgba[..., 3:]).all(), "colour is multiplied by alpha"
        assert np.array_equal(other.matte > 0, other.rgba[..., 3] > 0) and not other.glass[other.matte < 20].any()
        left, top = (other.matte.shape[1] - car.matte.shape[1]) // 2, other.matte.shape[0] - car.matte.shape[0]
        within = other.matte[top:, left:left + car.matte.shape[1]]
        assert (within >= car.matte).all() and cv2.connectedComponents((other.matte > 127).astype(np.uint8))[0] == 2
        new_x, new_y, new_w, _ = cv2.boundingRect((other.matte > 127).astype(np.uint8))
        beside += new_x < x + left - 2 or new_x + new_w > x + left + w + 2
        above += new_y < y + top - 2
        added.append(cv2.countNonZero(other.matte) / cv2.countNonZero(car.matte) - 1)
    assert beside > 15 and above > 15 and 0.02 < np.median(added) < 0.4


def test_a_longer_car_keeps_its_ends():
    car, lengths = striped(), set()
    for seed in range(40):
        other = scenes.stretch(np.random.default_rng(seed), car)
        assert other.rgba.shape[:2] == other.matte.shape == other.glass.shape and len(other.matte) == 60
        for layer, before in ((other.rgba, car.rgba), (other.matte, car.matte), (other.glass, car.glass)):
            assert np.array_equal(layer[:, :39], before[:, :39]) and np.array_equal(layer[:, -50:], before[:, -50:])
        assert np.array_equal(other.matte > 0, other.rgba[..., 3] > 0)
        lengths.add(other.matte.shape[1])
    assert min(lengths) < 115 and max(lengths) > 140


def test_some_longer_cars_have_a_part_twice_in_line():
    twice = 0
    for seed in range(40):
        columns = scenes.stretch(np.random.default_rng(seed), striped()).rgba[25, :, 0].astype(int)
        back = np.flatnonzero(np.diff(columns[10:-20]) < 0)
        assert len(back) <= 1
        if len(back):
            twice += 1
            part = columns[:10 + back[0] + 1]
            again = np.flatnonzero(part == columns[10 + back[0] + 1])[0]
            assert np.array_equal(columns[10 + back[0] + 1:][:len(part) - again], part[again:])
    assert 4 < twice < 24


def test_lines_stand_behind_the_car_alone():
    matte, street = np.zeros(FRAME, np.uint8), np.full((*FRAME, 3), 128, np.uint8)
    cv2.rectangle(matte, (20, 50), (100, 85), 255, -1)
    drawn = []
    for seed in range(60):
        seen = background_lines.add_lines(np.random.default_rng(seed), street, matte)
        assert np.array_equal(seen[matte > 0], street[matte > 0])
        drawn.append((np.abs(seen.astype(int) - 128).max(-1) > 8).mean())
    assert sum(share > 0.002 for share in drawn) > 40 and np.median(drawn) < 0.1
    assert background_lines.add_lines(np.random.default_rng(0), street, np.zeros(FRAME, np.uint8)) is street


@pytest.mark.parametrize("seed", range(20))
def test_no_post_behind_a_car_could_be_its_aerial(seed):
    """An aerial ends no higher above the car than 0.4 of its height."""
    shape, (top, height) = np.zeros((200, 300), np.uint8), (100, 60)
    background_lines.posts(np.random.default_rng(seed), shape, (60, top, 180, height))
    boxes = cv2.connectedComponentsWithStats((shape > 0).astype(np.uint8))[2]
    for _, first, wide, tall, _ in boxes[1:]:
        assert first < top - 0.4 * height or wide > 0.05 * height, "tall, or with a lamp's arm"
        assert first + tall < top + height, "it stands behind"


def test_paint_mirrors_what_stands_above_and_nothing_beside_the_car_changes():
    matte, street = np.zeros(FRAME, np.uint8), np.full((*FRAME, 3), 40, np.uint8)
    cv2.rectangle(matte, (20, 40), (100, 85), 255, -1)
    street[:38, :, 0] = 240  # red above the car
    reds = []
    for seed in range(20):
        seen = scenes.reflect_surroundings(np.random.default_rng(seed), street, matte)
        assert np.array_equal(seen[matte == 0], street[matte == 0])
        reds.append(int(seen[matte > 0, 0].max()))
        assert seen[matte > 0, 1].max() <= 41, "no other colour comes from there"
    assert sum(red > 80 for red in reds) > 12
    assert scenes.reflect_surroundings(np.random.default_rng(0), street, np.zeros(FRAME, np.uint8)) is street


def test_a_hidden_plate_is_a_small_box_on_the_car():
    matte = np.zeros(FRAME, np.uint8)
    cv2.ellipse(matte, (64, 50), (55, 35), 0, 0, 360, 255, -1)
    photo = np.random.default_rng(0).integers(0, 255, (*FRAME, 3), np.uint8)
    hidden = 0
    for seed in range(60):
        seen = scenes.hide_plate(np.random.default_rng(seed), photo, matte)
        new = (seen != photo).any(-1)
        assert not new[matte < 250].any()
        if new.any():
            hidden += 1
            _, _, w, h = cv2.boundingRect(new.astype(np.uint8))
            assert w <= 34 and h <= 17 and new.sum() > 0.7 * w * h
            assert len(np.unique(seen[new], axis=0)) < len(np.unique(photo[new], axis=0)) or seen[new].std() < photo[new].std()
    assert hidden > 20


def test_watermarks_cover_a_part_of_the_photo_or_all_of_it():
    photo, shares = np.full((*FRAME, 3), 128, np.uint8), []
    for seed in range(30):
        seen = scenes.add_watermark(np.random.default_rng(seed), photo)
        assert seen.shape == photo.shape and seen.dtype == np.uint8
        shares.append((np.abs(seen.astype(int) - 128).max(-1) > 2).mean())
    assert sum(share > 0 for share in shares) > 24 and np.median(shares) < 0.4


@pytest.mark.parametrize("grid", [0.0, 1.0])
def test_a_watermark_may_come_with_a_grid_over_all_of_the_photo(monkeypatch, grid):
    monkeypatch.setattr(scenes, "GRID", grid)
    photo, everywhere = np.full((*FRAME, 3), 128, np.uint8), []
    for seed in range(30):
        changed = (scenes.add_watermark(np.random.default_rng(seed), photo) != 128).any(-1)
        everywhere.append(all(block.any() for rows in np.array_split(changed, 3) for block in np.array_split(rows, 3, axis=1)))
    assert np.mean(everywhere) > 0.8 if grid else np.mean(everywhere) < 0.3


def test_watermarks_on_white_can_be_seen():
    white = np.full((*FRAME, 3), 255, np.uint8)
    assert np.mean([(scenes.add_watermark(np.random.default_rng(seed), white) < 250).any() for seed in range(60)]) > 0.75


@pytest.mark.parametrize("named", [0.0, 1.0])
def test_a_drawn_studio_may_bear_a_name(monkeypatch, named):
    monkeypatch.setattr(scenes, "NAMED", named)
    sharp = []
    for seed in range(40):
        along = np.diff(scenes.studio(np.random.default_rng(seed)).astype(int), axis=1)
        sharp.append(np.abs(along).max() > 8)
    assert np.mean(sharp) >= 0.7 if named else not any(sharp)


def test_a_lens_bends_picture_and_matte_alike():
    matte = np.zeros(FRAME, np.uint8)
    cv2.circle(matte, (30, 30), 15, 255, -1)
    for seed in range(10):
        bent, alike = scenes.distort_lens(np.random.default_rng(seed), [cv2.merge([matte] * 3), matte])
        assert np.array_equal(bent[..., 1], alike)
        assert np.abs(alike.astype(int) - matte).sum() > 255
        assert alike[48, 64] == matte[48, 64], "the centre stays"


def test_at_night_the_car_is_never_darker_than_the_place():
    matte = np.zeros(FRAME, np.uint8)
    matte[40:60, 40:80] = 255
    grey = np.full((*FRAME, 3), 200, np.uint8)
    for seed in range(10):
        dark = scenes.night(np.random.default_rng(seed), grey, matte)
        assert dark[:5].mean() < 100 and dark[50, 60].sum() >= dark[2, 2].sum()
