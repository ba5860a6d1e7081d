"""Framing: remove.bg's crop, crop_margin, scale and position, to the pixel, on boxes worked out by hand."""
import numpy as np
import pytest

from postprocessing.framing import CENTRE, Framing, Length, Margin, Placement, Sides, box_of, cut_sides, fit_pixels, place, resample

PHOTO = (100, 200)
CAR = (30, 20, 10, 40)  # top, left, height, width


def px(*values: float) -> Margin:
    return Margin.sides(*(Length(value, "px") for value in values))


def percent(*values: float) -> Margin:
    return Margin.sides(*(Length(value, "%") for value in values))


@pytest.fixture
def layer() -> tuple[np.ndarray, np.ndarray]:
    """A photo of noise whose CAR is opaque."""
    rng = np.random.default_rng(0)
    alpha = np.zeros(PHOTO, np.float32)
    alpha[30:40, 20:60] = 1
    return rng.integers(0, 256, (*PHOTO, 3), np.uint8), alpha


def test_box_holds_every_pixel_that_shows_in_8_bits():
    alpha = np.zeros((50, 60), np.float32)
    alpha[7, 11], alpha[20, 30] = 0.002, 1   # 0.51 of 255
    alpha[3, 3], alpha[40, 50] = 0.0019, 0.001
    assert box_of(alpha) == (7, 11, 14, 20)


@pytest.mark.parametrize("pixel", [(0, 0), (0, 59), (49, 0), (49, 59)])
def test_box_of_one_pixel_in_a_corner(pixel):
    alpha = np.zeros((50, 60), np.float32)
    alpha[pixel] = 1
    assert box_of(alpha) == (*pixel, 1, 1)


def test_nothing_to_see_has_no_box():
    assert box_of(np.full((50, 60), 0.001, np.float32)) is None


@pytest.mark.parametrize("margin, around", [
    (px(0), (0, 0, 10, 40)),
    (px(7), (7, 7, 24, 54)),
    (px(1, 2), (1, 2, 12, 44)),
    (px(1, 2, 3, 4), (1, 4, 14, 46)),
    (percent(10), (1, 4, 12, 48)),
    (percent(50), (5, 20, 20, 80)),
    (percent(10, 20, 30, 40), (1, 16, 14, 64)),
    (Margin(Length(5), Length(10, "%"), Length(20, "%"), Length(0)), (5, 0, 17, 44)),
])
def test_margins_go_around_in_css_order_and_percentages_are_of_the_car(margin, around):
    assert margin.around((10, 40), (10, 40)) == around


@pytest.mark.parametrize("width, left, canvas", [(33, 3, 40), (25, 3, 30), (396, 40, 475), (5, 1, 6)])
def test_a_canvas_is_rounded_as_a_whole(width, left, canvas):
    assert percent(10).around((10, width), (10, width))[1::2] == (left, canvas)


@pytest.mark.parametrize("value, unit", [(-1, "px"), (501, "px"), (-0.1, "%"), (50.1, "%"), (float("nan"), "px"), (float("inf"), "%"), (3, "em")])
def test_lengths_beyond_the_limits_are_refused(value, unit):
    with pytest.raises(ValueError, match="margin"):
        Length(value, unit)


@pytest.mark.parametrize("number", [0, 3, 5])
def test_a_margin_has_one_two_or_four_values(number):
    with pytest.raises(ValueError, match=f"not {number}"):
        px(*[1] * number)


@pytest.mark.parametrize("options", [{"scale": 9.9}, {"scale": 100.1}, {"scale": float("nan")}, {"position": (-1, 0)}, {"position": (0, 100.5)},
                                     {"car_width": 9.9}, {"car_width": 100.1}, {"ground": 9.9}, {"ground": float("nan")},
                                     {"car_width": 50, "scale": 50}, {"ground": 50, "position": CENTRE}])
def test_framings_beyond_the_limits_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        Framing(**options)


@pytest.mark.parametrize("framing, canvas, target", [
    (Framing(), PHOTO, CAR),
    (Framing(crop=True), (10, 40), (0, 0, 10, 40)),
    (Framing(crop=True, margin=px(1, 2, 3, 4)), (14, 46), (1, 4, 10, 40)),
    (Framing(crop=True, margin=px(100)), (210, 240), (100, 100, 10, 40)),
    (Framing(margin=px(100)), PHOTO, CAR),
    (Framing(position=(0, 0)), PHOTO, (0, 0, 10, 40)),
    (Framing(position=(100, 0)), PHOTO, (0, 160, 10, 40)),
    (Framing(position=(0, 100)), PHOTO, (90, 0, 10, 40)),
    (Framing(position=(100, 100)), PHOTO, (90, 160, 10, 40)),
    (Framing(position=CENTRE), PHOTO, (45, 80, 10, 40)),
    (Framing(position=(25, 75)), PHOTO, (68, 40, 10, 40)),
    (Framing(scale=100), PHOTO, (25, 0, 50, 200)),
    (Framing(scale=50), PHOTO, (38, 50, 25, 100)),
    (Framing(scale=10), PHOTO, (48, 90, 5, 20)),
    (Framing(scale=50, position=(0, 100)), PHOTO, (75, 0, 25, 100)),
    (Framing(crop=True, scale=100), (10, 40), (0, 0, 10, 40)),
    (Framing(crop=True, scale=50), (10, 40), (3, 10, 5, 20)),
    (Framing(crop=True, margin=px(20), scale=50, position=CENTRE), (50, 80), (20, 20, 10, 40)),
    (Framing(crop=True, margin=px(20), scale=100), (50, 80), (15, 0, 20, 80)),
    (Framing(crop=True, margin=px(20), scale=25, position=(100, 100)), (50, 80), (45, 60, 5, 20)),
    (Framing(crop=True, margin=px(1, 2, 3, 4), position=(100, 0)), (14, 46), (0, 6, 10, 40)),
])
def test_where_the_car_goes(framing, canvas, target):
    placement = place(PHOTO, CAR, framing)
    assert (placement.canvas, placement.source, placement.target) == (canvas, CAR, target)


def test_a_tall_car_is_scaled_to_the_height():
    assert place((100, 200), (0, 0, 80, 40), Framing(scale=50)).target == (25, 88, 50, 25)


@pytest.mark.parametrize("box", [(0, 0, 1, 200), (99, 199, 1, 1), (0, 0, 100, 200), (13, 17, 71, 3), (5, 5, 37, 101)])
@pytest.mark.parametrize("scale", [10, 33.3, 100])
def test_a_scaled_car_stays_on_the_canvas_and_fills_its_share_of_it(box, scale):
    canvas, (top, left, height, width) = PHOTO, place(PHOTO, box, Framing(scale=scale)).target
    assert 0 <= top <= top + height <= canvas[0] and 0 <= left <= left + width <= canvas[1] and height > 0 < width
    assert min(abs(height - canvas[0] * scale / 100), abs(width - canvas[1] * scale / 100)) <= 0.5


def test_the_photos_own_frame_costs_nothing(layer):
    rgb, alpha = place(PHOTO, CAR, Framing()).apply(*layer)
    assert rgb is layer[0] and alpha is layer[1]


@pytest.mark.parametrize("framing, target", [
    (Framing(crop=True), np.s_[:, :]),
    (Framing(crop=True, margin=px(100, 0, 200, 3)), np.s_[100:110, 3:43]),
    (Framing(position=(100, 0)), np.s_[0:10, 160:200]),
])
def test_an_unscaled_car_keeps_its_pixels_and_all_around_it_is_transparent_black(layer, framing, target):
    rgb, alpha = place(PHOTO, CAR, framing).apply(*layer)
    assert rgb.dtype == np.uint8 and alpha.dtype == np.float32 and rgb.shape == (*alpha.shape, 3)
    assert np.array_equal(rgb[target], layer[0][30:40, 20:60]) and (alpha[target] == 1).all()
    assert alpha.sum() == 400
    assert (rgb[alpha == 0] == 0).all()


def test_halving_is_the_mean_of_four_pixels_weighted_by_alpha():
    rng = np.random.default_rng(1)
    rgb, alpha = rng.integers(0, 256, (30, 40, 3), np.uint8), rng.random((30, 40), np.float32)
    alpha[:10], alpha[10:14] = 1, 0
    small_rgb, small_alpha = resample(rgb, alpha, (15, 20))

    def quarters(values: np.ndarray) -> np.ndarray:
        return values.reshape(15, 2, 20, 2, -1).sum((1, 3))
    weights = alpha.astype(float)[..., None]
    total = quarters(weights)
    assert np.abs(small_alpha - total[..., 0] / 4).max() < 1e-6
    seen = small_alpha > 0
    assert np.abs(small_rgb[seen] - (quarters(rgb * weights)[seen] / total[seen])).max() <= 0.501
    assert (small_alpha[:5] == 1).all() and (small_alpha[5:7] == 0).all()


@pytest.mark.parametrize("size", [(7, 9), (31, 43), (60, 80), (77, 191), (300, 400)])
def test_no_colour_of_the_background_comes_into_the_edge(size):
    """A white disc before red: white at every size, however thin its edge."""
    rows, columns = np.mgrid[:60, :80]
    alpha = np.clip(25 - np.hypot(rows - 29.5, columns - 39.5), 0, 1).astype(np.float32)
    rgb = np.where(alpha[..., None] > 0, 255, (200, 0, 0)).astype(np.uint8)
    framed_rgb, framed_alpha = resample(rgb, alpha, size)
    assert (framed_rgb[framed_alpha > 0] == 255).all()
    assert framed_alpha.min() == 0 and framed_alpha.max() == 1
    assert abs(framed_alpha.mean() - alpha.mean()) < 0.01


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (31, 43), (77, 191), (300, 401)])
def test_a_whole_car_stays_whole(size):
    rgb = np.full((60, 80, 3), (10, 90, 250), np.uint8)
    framed_rgb, framed_alpha = resample(rgb, np.ones((60, 80), np.float32), size)
    assert (framed_alpha == 1).all() and (framed_rgb == (10, 90, 250)).all()


def test_a_car_of_one_pixel_fills_what_it_is_scaled_to():
    rgb, alpha = resample(np.full((1, 1, 3), 70, np.uint8), np.ones((1, 1), np.float32), (4, 6))
    assert (rgb == 70).all() and (alpha == 1).all()


def test_framing_writes_nothing_into_its_layer(layer):
    kept = [part.copy() for part in layer]
    for framing in (Framing(crop=True), Framing(scale=70), Framing(crop=True, margin=percent(10))):
        place(PHOTO, CAR, framing).apply(*layer)
    assert all(np.array_equal(part, before) for part, before in zip(layer, kept))


@pytest.mark.parametrize("size, most, fitted", [
    ((500, 500), 250_000, (500, 500)),
    ((400, 625), 250_000, (400, 625)),
    ((1000, 1000), 250_000, (500, 500)),
    ((1080, 1920), 250_000, (375, 666)),
    ((4000, 2500), 250_000, (632, 395)),
    ((10, 10), 250_000, (10, 10)),
    ((1, 10_000), 100, (1, 100)),
    ((10_000, 1), 100, (100, 1)),
    ((3, 3), 1, (1, 1)),
])
def test_a_pixel_limit_keeps_the_shape(size, most, fitted):
    assert fit_pixels(size, most) == fitted


def test_a_pixel_limit_is_used_up_to_the_last_row_and_column():
    rng = np.random.default_rng(2)
    for size in rng.integers(50, 9000, (500, 2)).tolist():
        for most in (250_000, 1_500_000, 4_000_000):
            height, width = fit_pixels(tuple(size), most)
            assert height * width <= most and height <= size[0] and width <= size[1]
            if size[0] * size[1] > most:
                exact = (most / (size[0] * size[1])) ** 0.5
                assert 0 <= size[0] * exact - height < 1 + 1e-6 and 0 <= size[1] * exact - width < 1 + 1e-6


@pytest.mark.parametrize("framing, box, moved", [
    (Framing(), CAR, CAR),
    (Framing(), (32, 25, 5, 10), (32, 25, 5, 10)),
    (Framing(crop=True), (32, 25, 5, 10), (2, 5, 5, 10)),
    (Framing(scale=50), (30, 20, 5, 20), (38, 50, 13, 50)),
    (Framing(scale=10), (34, 30, 1, 1), (50, 95, 1, 1)),
])
def test_where_a_part_of_what_is_moved_goes(framing, box, moved):
    assert place(PHOTO, CAR, framing).moved(box) == moved


# cars that the photo cuts off: CAR at the left edge is (30, 0, 10, 40)

@pytest.mark.parametrize("box, cut, framing, canvas, target", [
    ((30, 0, 10, 40), Sides(left=True), Framing(position=(100, 0)), PHOTO, (0, 0, 10, 40)),
    ((30, 160, 10, 40), Sides(right=True), Framing(position=(0, 0)), PHOTO, (0, 160, 10, 40)),
    ((90, 20, 10, 40), Sides(bottom=True), Framing(position=CENTRE), PHOTO, (90, 80, 10, 40)),
    ((0, 20, 10, 40), Sides(top=True), Framing(position=(0, 100)), PHOTO, (0, 0, 10, 40)),
    ((30, 0, 10, 40), Sides(left=True), Framing(scale=50), PHOTO, (38, 0, 25, 100)),
    ((30, 0, 10, 200), Sides(left=True, right=True), Framing(scale=50), PHOTO, (45, 0, 10, 200)),
    ((30, 0, 10, 40), Sides(left=True), Framing(crop=True, margin=px(20)), (50, 60), (20, 0, 10, 40)),
    ((90, 160, 10, 40), Sides(right=True, bottom=True), Framing(crop=True, margin=px(20), scale=50), (30, 60), (22, 30, 8, 30)),
    ((30, 0, 10, 40), Sides(left=True), Framing(), PHOTO, (30, 0, 10, 40)),
])
def test_a_side_that_the_photo_cuts_off_stays_at_the_edge_of_the_canvas(box, cut, framing, canvas, target):
    placement = place(PHOTO, box, framing, cut)
    assert (placement.canvas, placement.target) == (canvas, target)


@pytest.mark.parametrize("rows, columns, cut", [
    ((30, 60), (20, 60), Sides()), ((30, 60), (0, 60), Sides(left=True)), ((30, 60), (100, 200), Sides(right=True)),
    ((0, 60), (20, 60), Sides(top=True)), ((60, 100), (150, 200), Sides(right=True, bottom=True)), ((0, 100), (0, 200), Sides(True, True, True, True)),
])
def test_a_car_is_cut_off_where_much_of_it_lies_on_the_photos_edge(rows, columns, cut):
    alpha = np.zeros(PHOTO, np.float32)
    alpha[slice(*rows), slice(*columns)] = 1
    assert cut_sides(alpha) == cut
    for turns in range(4):
        assert cut_sides(np.rot90(alpha, turns)) == cut.turned(turns)


# car_width and ground place the car itself, whatever is around it

@pytest.mark.parametrize("framing, target", [
    (Framing(car_width=50), (38, 50, 25, 100)),
    (Framing(car_width=50, position=(0, 100)), (75, 0, 25, 100)),
    (Framing(ground=80), (70, 80, 10, 40)),
    (Framing(ground=100), (90, 80, 10, 40)),
    (Framing(car_width=50, ground=80), (55, 50, 25, 100)),
    (Framing(car_width=100, ground=90), (40, 0, 50, 200)),
    (Framing(car_width=100, ground=40), (0, 20, 40, 160)),   # 50 high, and only 40 lie above the ground
    (Framing(scale=50, ground=80), (55, 50, 25, 100)),
])
def test_a_car_has_its_width_and_stands_on_the_ground(framing, target):
    assert place(PHOTO, CAR, framing).target == target


@pytest.mark.parametrize("cut, box, framing, target", [
    (Sides(left=True), (30, 0, 10, 40), Framing(car_width=50, ground=80), (55, 0, 25, 100)),
    (Sides(bottom=True), (90, 20, 10, 40), Framing(car_width=50, ground=80), (75, 50, 25, 100)),
    (Sides(top=True), (0, 20, 10, 40), Framing(car_width=50, ground=80), (0, 50, 25, 100)),
    (Sides(left=True, right=True), (30, 0, 10, 200), Framing(car_width=50, ground=80), (70, 0, 10, 200)),
    (Sides(left=True, right=True), (30, 0, 50, 200), Framing(ground=40), (0, 0, 50, 200)),  # it keeps its size and its roof
    (Sides(left=True, right=True), (30, 0, 50, 200), Framing(ground=40, crop=True), (0, 0, 50, 200)),
])
def test_a_car_that_is_cut_off_stays_at_the_edge_whatever_its_width_and_ground(cut, box, framing, target):
    assert place(PHOTO, box, framing, cut).target == target


@pytest.mark.parametrize("seed", range(8))
def test_cars_of_every_size_and_view_stand_on_one_line_and_their_shadows_follow(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(10, 60), rng.integers(20, 150)
    top, left = rng.integers(0, 100 - height), rng.integers(0, 200 - width)
    shadowed = top - rng.integers(0, top + 1), left - rng.integers(0, 60), height + rng.integers(60, 90), width + rng.integers(60, 90)
    placement = place(PHOTO, (top, left, height, width), Framing(car_width=60, ground=75), shadowed=tuple(map(int, shadowed)))
    box = placement.moved((top, left, height, width))
    assert abs(box[0] + box[2] - 75) <= 1 and abs(box[1] + box[3] / 2 - 100) <= 1
    assert abs(box[3] - 120) <= 1 or box[0] <= 1 and box[3] < 120
    around = [(now / was, corner) for now, was, corner in zip(placement.target[2:], shadowed[2:], placement.target[:2])]
    assert all(abs(scale - box[3] / width) < 0.05 * scale for scale, _ in around)


@pytest.mark.parametrize("seed", range(20))
def test_a_car_beside_its_shadow_lies_within_the_canvas(seed):
    rng = np.random.default_rng(seed)
    height, width, room = (int(n) for n in rng.integers(20, 70, 3))
    box, car = (0, 0, height + room, width + 2 * room), (0, room, height, width)
    top, left, tall, wide = place(PHOTO, car, Framing(car_width=100), shadowed=box).moved(car)
    assert 0 <= top < top + tall <= PHOTO[0] and 0 <= left < left + wide <= PHOTO[1]


@pytest.mark.parametrize("framing", [Framing(scale=50), Framing(scale=80, position=(10, 90)), Framing(position=(10, 90)), Framing(car_width=50, ground=80)])
def test_a_shadow_changes_neither_the_size_nor_the_place_of_a_car(framing):
    shadowed = place(PHOTO, CAR, framing, shadowed=(28, 10, 20, 60)).moved(CAR)
    assert np.abs(np.subtract(shadowed, place(PHOTO, CAR, framing).moved(CAR))).max() <= 1


def test_a_crop_holds_the_shadow_and_its_margins_are_of_the_car():
    placement = place(PHOTO, CAR, Framing(crop=True, margin=percent(50)), shadowed=(28, 10, 20, 60))
    assert placement == ((30, 100), (28, 10, 20, 60), (5, 20, 20, 60))


def test_what_reaches_beyond_the_canvas_is_lost(layer):
    """A layer of noise, twice as large as the canvas and laid over it."""
    rgb, alpha = layer[0], np.ones(PHOTO, np.float32)
    framed_rgb, framed_alpha = Placement((50, 100), (0, 0, 100, 200), (-20, -30, 100, 200)).apply(rgb, alpha)
    assert np.array_equal(framed_rgb, rgb[20:70, 30:130]) and (framed_alpha == 1).all()


def test_a_car_that_just_touches_the_edge_is_not_cut_off():
    alpha = np.zeros(PHOTO, np.float32)
    alpha[30:60, 20:60] = alpha[42:46, :20] = 1
    assert cut_sides(alpha) == Sides()


@pytest.mark.parametrize("seed", range(50))
def test_what_stands_at_the_edge_of_a_canvas_stands_there_when_it_is_made_smaller(seed):
    rng = np.random.default_rng(seed)
    height, width, top, left = (int(number) for number in rng.integers((200, 200, 0, 0), (2000, 2000, 190, 190)))
    small = Placement((height, width), (0, 0, 5, 5), (top, left, height - top, width - left)).within(10_000)
    assert small.canvas[0] * small.canvas[1] <= 10_000
    assert (small.target[0] + small.target[2], small.target[1] + small.target[3]) == small.canvas
