"""Refinement: the matte finds the photo's own edges, and nothing far from an edge is touched."""
import cv2
import numpy as np
import pytest

from model.refiner import TILE, Refiner
from postprocessing import band
from postprocessing.full_size import full_size_alpha
from postprocessing.refine import CORE, LARGEST, MARGIN, refine, tile_places, tile_scale_size
from preprocessing.letterbox import resize
from tests.drawn import draw_photo


@pytest.fixture(scope="module")
def refiner() -> Refiner:
    return Refiner()


class Answering:
    """A refiner that gives every tile the same answer, and keeps what it was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def predict(self, tiles):
        self.asked += tiles
        return [self.answer(tile) for tile in tiles]


def unchanged(tile: np.ndarray) -> np.ndarray:
    return tile[..., 3].astype(np.float32) / 255


def coarse(alpha: np.ndarray, factor: int = 2) -> np.ndarray:
    """What a network would give for a true alpha: small, soft by a cell, and off by about half a cell here and there."""
    small = resize(alpha, (alpha.shape[0] // factor, alpha.shape[1] // factor))
    rng = np.random.default_rng(0)
    shift = [cv2.GaussianBlur(rng.normal(0, 9, small.shape).astype(np.float32), (0, 0), 6) for _ in range(2)]
    y, x = np.mgrid[:small.shape[0], :small.shape[1]].astype(np.float32)
    return cv2.remap(cv2.GaussianBlur(small, (0, 0), 0.8), x + shift[0], y + shift[1], cv2.INTER_LINEAR)


@pytest.mark.parametrize("angle", ["side", "front", "three_quarter", "rear"])
def test_edges_come_nearer_to_the_truth(refiner, angle):
    photo = draw_photo(1280, 960, angle=angle, seed=3)
    matte = coarse(photo.alpha)
    plain = resize(matte, photo.alpha.shape)
    error, plain_error = (float(np.abs(guess - photo.alpha).sum()) for guess in (refine(matte, photo.rgb, refiner), plain))
    assert error < 0.9 * plain_error


def test_far_from_the_edge_alpha_is_exactly_nothing_or_all(refiner):
    photo = draw_photo(1280, 960, seed=4)
    alpha = refine(coarse(photo.alpha), photo.rgb, refiner)
    assert alpha.dtype == np.float32 and alpha.shape == photo.alpha.shape
    assert alpha.min() >= 0 and alpha.max() <= 1
    far = np.ones((2 * TILE + 1,) * 2, np.uint8)
    car = (photo.alpha > 0.5).astype(np.uint8)
    assert (alpha[cv2.erode(car, far) > 0] == 1).all()
    assert (alpha[cv2.dilate(car, far) == 0] == 0).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_matte_without_edge_stays_as_it_is(value):
    rgb = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    refiner = Answering(unchanged)
    assert (refine(np.full((30, 40), value, np.float32), rgb, refiner) == value).all() and not refiner.asked


@pytest.mark.parametrize("size", [(960, 1280), (300, 400), (90, 700), (700, 90), (40, 50), (3000, 4000)])
def test_a_refiner_that_changes_nothing_gives_the_enlarged_matte_along_the_outline(size):
    matte = np.zeros((120, 160), np.float32)
    cv2.ellipse(matte, (80, 60), (50, 35), 20, 0, 360, 1, -1)
    matte = cv2.GaussianBlur(matte, (0, 0), 1.5)
    rgb = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)
    refiner = Answering(unchanged)
    alpha = refine(matte, rgb, refiner)
    scale = tile_scale_size(matte.shape, rgb.shape)
    expected = cv2.resize(matte, scale[::-1], interpolation=cv2.INTER_LINEAR)
    assert alpha.shape == scale and np.abs(alpha - expected).max() < 0.08  # alpha near 0 and 1 is made exact
    assert refiner.asked and {tile.shape for tile in refiner.asked} == {(TILE, TILE, 4)}


def test_tiles_show_the_photo_and_the_coarse_alpha_at_one_scale():
    matte = np.zeros((300, 400), np.float32)
    matte[100:200, 100:300] = 1
    matte = cv2.blur(matte, (5, 5))
    rgb = np.zeros((600, 800, 3), np.uint8)
    rgb[200:400, 200:600] = 255
    refiner = Answering(unchanged)
    refine(matte, rgb, refiner)
    for tile in refiner.asked:
        assert np.abs(tile[..., 0].astype(int) - tile[..., 3]).mean() < 10
        assert ((tile[..., 0] > 127) != (tile[..., 3] > 127)).mean() < 0.02  # but for corners, which the blur rounds


def test_an_answer_fades_in_at_the_rim_of_a_tile():
    matte = np.full((300, 400), 0.03, np.float32)  # seen, but certain to be no car
    matte[140:160, 190:210] = cv2.blur(np.ones((20, 20), np.float32), (3, 3))
    matte[140:160, 190] = 0.5
    alpha = refine(matte, np.zeros((300, 400, 3), np.uint8), Answering(lambda tile: np.full((TILE, TILE), 0.5, np.float32)))
    place, = {(rows.start, columns.start) for rows, columns in tile_places(matte, matte.shape)}
    row = alpha[place[0] + TILE // 2, place[1]:place[1] + MARGIN]
    assert 0 < row[0] < 0.05 and (np.diff(row) > 0).all() and (alpha[place[0] + MARGIN:place[0] + TILE - MARGIN, place[1] + MARGIN] == 0.5).all()


def test_what_the_matte_does_not_see_at_all_is_not_added():
    matte = np.zeros((300, 400), np.float32)
    matte[100:200, 100:300] = 1
    matte[80:100, 150] = 0.3  # a faint aerial
    alpha = refine(cv2.blur(matte, (3, 3)), np.zeros((300, 400, 3), np.uint8), Answering(lambda tile: np.ones((TILE, TILE), np.float32)))
    assert (alpha[103:197, 103:297] == 1).all() and (alpha[84:100, 150] == 1).all()
    assert not alpha[:92, :140].any() and not alpha[:, 310:].any()


@pytest.mark.parametrize("size", [(450, 600), (150, 200), (900, 1200)])
def test_what_8_bits_round_to_nothing_is_nothing(size):
    matte = np.zeros((300, 400), np.float32)
    matte[100:200, 100:300] = 1
    alpha = full_size_alpha(cv2.blur(matte, (5, 5)), np.zeros((*size, 3), np.uint8), Answering(lambda tile: unchanged(tile) * 0.98 + 0.0205))
    assert alpha.shape == size and ((alpha == 0) == (np.rint(255 * alpha) == 0)).all() and (alpha == 0).any()


@pytest.mark.parametrize("scale", [1, 1.37, 2])
def test_the_cores_of_tiles_hold_all_of_the_outline(scale):
    rng = np.random.default_rng(7)
    for _ in range(10):
        height, width = rng.integers(TILE, 500, 2)
        matte = cv2.resize(rng.random((6, 8)).astype(np.float32), (int(width), int(height)), interpolation=cv2.INTER_CUBIC)
        matte = np.clip((matte - 0.5) * 8, 0, 1)
        size = round(height * scale), round(width * scale)
        alpha = cv2.resize(matte, size[::-1], interpolation=cv2.INTER_LINEAR)
        held = np.zeros(size, bool)
        for rows, columns in tile_places(matte, size):
            assert rows.start >= 0 and rows.stop <= size[0] and columns.start >= 0 and columns.stop <= size[1] and rows.stop - rows.start == TILE
            rims = [(part.start + (MARGIN if part.start else 0), part.stop - (MARGIN if part.stop < side else 0))
                    for part, side in zip((rows, columns), size)]
            held[rims[0][0]:rims[0][1], rims[1][0]:rims[1][1]] = True
        assert held[(alpha > 0.06) & (alpha < 0.94)].all()
    assert CORE == TILE - 2 * MARGIN


@pytest.mark.parametrize("photo, expected", [((450, 600), (450, 600)), ((200, 267), (300, 400)), ((451, 600), (451, 600)), ((3000, 4000), (600, 800))])
def test_tiles_have_the_photos_pixels_within_limits(photo, expected):
    assert tile_scale_size((300, 400), photo) == expected and LARGEST == 2


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 4)])
def test_samples_are_those_of_the_enlarged_layer(shape):
    rng = np.random.default_rng(6)
    layer, mask = rng.random(shape, np.float32), (rng.random((150, 200)) < 0.3).astype(np.uint8)
    points = band.points_of(mask)
    assert len(points) == mask.sum() and (mask[points[:, 1], points[:, 0]] == 1).all()
    whole = cv2.resize(layer, (200, 150), interpolation=cv2.INTER_LINEAR)
    assert np.abs(band.sample(layer, points, (150, 200)) - whole[points[:, 1], points[:, 0]]).max() < 0.02
    assert np.array_equal(mask.reshape(-1)[band.flat_indices(points, (150, 200))], np.ones(len(points)))


def test_an_empty_band_has_no_pixels():
    assert band.points_of(np.zeros((4, 5), np.uint8)).shape == (0, 2)


@pytest.mark.parametrize("angle", ["side", "three_quarter"])
def test_an_edge_is_narrower_than_the_enlarged_mattes(refiner, angle):
    photo = draw_photo(1280, 960, angle=angle, seed=3)
    refined, plain = (((alpha > 0) & (alpha < 1)).sum()
                      for alpha in (refine(coarse(photo.alpha), photo.rgb, refiner), resize(coarse(photo.alpha), photo.alpha.shape)))
    assert refined < 0.5 * plain
