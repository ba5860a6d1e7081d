"""Composites: what stands behind, beside and in front of a car, the ground below and around it, and that the matte follows."""
import cv2
import numpy as np
import pytest

from training.data import synthesis
from training.data.sources import Cutout

FRAME = (96, 128)


def square(value: int, alpha: int = 255) -> Cutout:
    """A plain square 'car' of one colour, all of glass where alpha is not 255."""
    rgba = np.full((60, 60, 4), value * alpha // 255, np.uint8)
    rgba[..., 3] = alpha
    return Cutout("square", "test", rgba, np.full((60, 60), 255, np.uint8))


@pytest.fixture
def plain(monkeypatch):
    """Composites without shadow, reflection, neighbour, occluder or light."""
    for chance in ("OCCLUDER", "SHADOW", "BENEATH", "REFLECTION", "LOCAL_CAMOUFLAGE"):
        monkeypatch.setattr(synthesis, chance, 0.0)
    monkeypatch.setattr(synthesis, "match_light", lambda rng, picture, rgba, matte: (picture, rgba))


def test_glass_shows_the_scene_and_still_is_car(plain):
    scene = np.full((*FRAME, 3), 200, np.uint8)
    for seed in range(10):
        picture, matte, *_ = synthesis.composite(np.random.default_rng(seed), square(100, 128), [], scene, scene, FRAME)
        inside, outside = matte == 255, matte == 0
        assert inside.any()
        assert np.abs(picture[inside].astype(int) - (100 * 128 + 200 * 127) // 255).max() <= 3
        assert (picture[outside] == 200).all()


def test_haze_brings_the_ground_near_the_car_and_leaves_the_car(plain):
    scene = np.full((*FRAME, 3), 40, np.uint8)
    for haze in (0.0, 0.5, 0.8):
        picture, matte, *_ = synthesis.composite(np.random.default_rng(0), square(240), [], scene, scene, FRAME, haze=haze)
        assert (picture[matte == 255] == 240).all()
        assert np.abs(picture[matte == 0].astype(int) - round(40 + 200 * haze)).max() <= 5  # the car's soft rim is a little darker


@pytest.mark.parametrize("place", [synthesis.behind, synthesis.right_behind, synthesis.in_row])
def test_a_neighbour_is_seen_but_is_background(plain, place):
    scene = np.full((*FRAME, 3), 200, np.uint8)
    seen = 0
    for seed in range(30):
        picture, matte, others, *_ = synthesis.composite(np.random.default_rng(seed), square(100), [square(40)], scene, scene, FRAME, place)
        assert (np.abs(picture[matte == 255].astype(int) - 100) <= 1).all()
        neighbour = (np.abs(picture.astype(int) - 40) <= 1).all(-1)
        seen += neighbour.any()
        assert (matte[neighbour] <= 8).all() and (others[neighbour] > 247).all()
        assert (others > 127).sum() <= synthesis.LARGEST_NEIGHBOUR * (matte > 0).sum()
    assert seen > 15


def test_ground_below_a_vehicle_may_be_nearly_black_and_is_none_of_it(plain, monkeypatch):
    """The car is a table: all within its legs is below it."""
    table, scene = square(150), np.full((*FRAME, 3), 200, np.uint8)
    table.rgba[40:, 10:50] = table.matte[40:, 10:50] = 0
    darkest = {}
    for share in (0, 1):
        monkeypatch.setattr(synthesis, "BENEATH", share)
        made = [synthesis.composite(np.random.default_rng(seed), table, [], scene, scene, FRAME) for seed in range(10)]
        darkest[share] = [picture[matte == 0].min() for picture, matte, *_ in made]
        assert all((np.abs(picture[matte == 255].astype(int) - 150) <= 1).all() for picture, matte, *_ in made)
    assert min(darkest[0]) >= 140 and max(darkest[1]) < 120 and min(darkest[1]) < 30


def test_ground_along_the_outline_may_be_as_bright_as_the_car(plain, monkeypatch):
    monkeypatch.setattr(synthesis, "LOCAL_CAMOUFLAGE", 1.0)
    scene, changed = np.full((*FRAME, 3), 200, np.uint8), []
    for seed in range(10):
        picture, matte, *_ = synthesis.composite(np.random.default_rng(seed), square(20), [], scene, scene, FRAME, share=0.5)
        ground = cv2.erode((matte == 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        assert (np.abs(picture[matte == 255].astype(int) - 20) <= 1).all()
        changed.append(((picture[ground] < 120).mean(), picture[ground].min()))
    shares, darkest = zip(*changed)
    assert 0 < np.mean(shares) < 0.3 and np.median(darkest) < 60  # of the ground, little becomes as dark as the car


def test_a_neighbour_right_behind_is_hidden_more_than_others():
    left, top, right, bottom = 100, 60, 200, 120

    def hidden(place) -> float:
        shares = []
        for seed in range(300):
            box = place(np.random.default_rng(seed), square(40), (left, top, right, bottom), seed)
            across, down = min(box[2], right) - max(box[0], left), min(box[3], bottom) - max(box[1], top)
            shares.append(max(across, 0) * max(down, 0) / ((box[2] - box[0]) * (box[3] - box[1])))
        return np.mean(shares)

    assert hidden(synthesis.right_behind) > 0.8 > 0.65 > hidden(synthesis.behind) > hidden(synthesis.in_row)


def test_what_stands_in_front_is_not_car(plain, monkeypatch):
    monkeypatch.setattr(synthesis, "OCCLUDER", 1.0)
    scene, texture = np.full((*FRAME, 3), 200, np.uint8), np.full((*FRAME, 3), 10, np.uint8)
    hidden = 0
    for seed in range(30):
        picture, matte, *_ = synthesis.composite(np.random.default_rng(seed), square(100), [], scene, texture, FRAME)
        front = (picture == 10).all(-1)
        hidden += front.any()
        assert (matte[front] == 0).all()
    assert hidden > 20
