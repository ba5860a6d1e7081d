"""What the network sees in training: repeatable samples whose matte is the car alone."""
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.cells import unfold
from model.frames import GLANCE
from preprocessing import augment, samples as made, staging, synthesis
from preprocessing.letterbox import PAD
from preprocessing.opened import opened
from preprocessing.samples import HEAVY, THIN, WEIGHT, Samples, Sources
from preprocessing.sources import Cutout, Photo, held_out, photo_paths, read_cutouts, read_photos
from tests.drawn import draw_photo, draw_street

FRAME = (96, 128)
SCALE = 0.25  # of looks: frames of 96x224 and 128x192 pixels


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 and picture.shape[2] == 3 else picture)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A folder of drawn photos, cut-outs and backgrounds in the layout that training reads."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(6):
        photo = draw_photo(192, 144, angle=("side", "three_quarter")[number % 2], seed=number)
        mask = np.rint(photo.alpha * 255).astype(np.uint8)
        split = "val" if number == 5 else "train"
        write(folder / split / "street" / "images" / f"s{number}.png", photo.rgb)
        write(folder / split / "street" / "masks" / f"s{number}.png", mask)
        rgba = np.dstack([photo.foreground[..., ::-1], mask])
        write(folder / "cutouts" / "dealer" / "rgba" / f"{number:04}_car{'abcdef'[number]}_0.png", rgba)
        write(folder / "cutouts" / "dealer" / "mattes" / f"{number:04}_car{'abcdef'[number]}_0.png", mask)
        write(folder / "backgrounds" / "houses" / f"houses_{number:03}.png", draw_street(192, 144, seed=number))
    photo = draw_photo(192, 144, angle="side", seed=4)
    write(folder / "train" / "street" / "glass" / "s4.png", np.rint(photo.alpha * 255).astype(np.uint8))  # all of it a pane
    ignore = np.zeros((144, 192), np.uint8)
    ignore[:, :96] = 255
    write(folder / "train" / "street" / "ignore" / "s0.png", ignore)
    return folder


@pytest.fixture(scope="module")
def samples(drawn) -> Samples:
    return Samples(Sources.read(drawn), seed=1, scale=SCALE)


def test_the_same_number_gives_the_same_sample(drawn, samples):
    again = Samples(Sources.read(drawn), seed=1, scale=SCALE)
    for number in range(12):
        assert all(np.array_equal(one, other) for one, other in zip(samples.make(number, FRAME), again.make(number, FRAME), strict=True))
    assert not np.array_equal(samples.make(0, FRAME)[0], Samples(samples.kept, seed=2, scale=SCALE).make(0, FRAME)[0])


def test_batches_are_the_samples_in_order_each_of_one_frame(samples):
    batches = samples.batches(3, first=2)
    for number in (2, 3, 4):
        batch, frame = next(batches), samples.frame_of(number)
        assert batch[0].shape == (3, *frame, 3)
        for offset in range(3):
            assert all(np.array_equal(part[offset], alone) for part, alone in zip(batch, samples.make(3 * number + offset, frame), strict=True))
    batches.close()


def test_a_fifth_of_the_batches_are_glances_and_the_rest_are_looks(samples):
    frames = [samples.frame_of(batch) for batch in range(300)]
    assert 0.13 < frames.count(GLANCE) / 300 < 0.27
    assert set(frames) <= {GLANCE, *samples.looks}


@pytest.mark.parametrize("look", [0, 1])
def test_a_look_shows_a_large_car(samples, monkeypatch, look):
    monkeypatch.setattr(made, "EMPTY", 0.0)
    shares = []
    for number in range(40):
        matte = unfold(samples.make(number, samples.looks[look])[1][..., :-1]) > 127
        rows, columns = matte.any(1).mean(), matte.any(0).mean()
        shares.append(max(rows, columns))
    assert np.median(shares) > 0.7 and np.min(shares) > 0.3


@pytest.mark.parametrize("cut", [0.0, 1.0])
def test_a_look_cuts_the_car_only_on_purpose(monkeypatch, cut):
    monkeypatch.setattr(augment, "CUT", cut)
    mask = np.zeros((300, 500), np.uint8)
    mask[100:200, 150:350] = 255
    touched = 0
    for seed in range(40):
        seen = augment.warp(mask, augment.car_window(np.random.default_rng(seed), mask, FRAME), FRAME) > 127
        touched += seen[0].any() or seen[:, 0].any() or seen[-1].any() or seen[:, -1].any()
    assert touched <= 4 if cut == 0 else touched > 25


def test_forms_and_weights(samples):
    edges = heavy = 0
    for number in range(40):
        rgb, truth, weight = samples.make(number, FRAME)
        assert rgb.shape == (*FRAME, 3) and truth.shape == weight.shape == (48, 64, 5)
        assert rgb.dtype == truth.dtype == weight.dtype == np.uint8
        matte, counted = unfold(truth[..., :-1]), unfold(weight[..., :-1])
        assert set(np.unique(counted)) <= {0, WEIGHT, HEAVY, THIN}
        half = (matte > 100) & (matte < 155) & (counted > 0)
        edges += half.sum()
        heavy += (counted[half] >= HEAVY).sum()
    assert edges > 500 and heavy / edges > 0.99


def test_thin_parts_and_narrow_gaps_count_most():
    matte = np.zeros((80, 120), np.uint8)
    matte[30:70, 20:100] = 255   # a body
    matte[10:30, 60:64] = 255    # its aerial
    matte[60:70, 50:56] = 0      # a gap under it
    weight = made.thin(matte)
    assert weight[12:28, 60:64].all() and weight[62:68, 51:55].all()
    assert not weight[34:56, 24:96].any() and not weight[:8].any()


def test_glass_is_learnt_only_where_it_is_known(drawn):
    photos = read_photos(drawn, "train")
    for photo in photos:
        _, truth, weight = Samples(Sources([photo], [], []), seed=5, scale=SCALE).make(1, FRAME)
        assert weight[..., -1].any() == truth[..., -1].any() == (photo.name == "s4")
    _, truth, weight = Samples(Sources([photo for photo in photos if photo.name == "s4"], [], []), seed=5, scale=SCALE).make(1, FRAME)
    car = truth[..., :-1].mean(-1)
    assert np.abs(car - truth[..., -1]).max() <= 2
    assert (weight[..., -1][car == 255] == 255).all()


def test_composites_are_letterboxed_as_serving_does(samples, monkeypatch):
    for share in ("REAL", "EMPTY", "FULL"):
        monkeypatch.setattr(made, share, 0.0)
    padded = 0
    for number in range(30):
        rgb, truth, _ = samples.make(number, FRAME)
        pad = (rgb == PAD).all(-1)
        rows, columns = pad.all(1).sum(), pad.all(0).sum()
        padded += rows > 0 or columns > 0
        assert not (rows and columns)
        matte = unfold(truth[..., :-1])
        assert not matte[FRAME[0] - rows:].any() and not matte[:, FRAME[1] - columns:].any()
    assert 8 < padded < 28


def test_some_scenes_hold_no_car(samples):
    empty = sum(not samples.make(number, FRAME)[1].any() for number in range(300))
    assert 6 <= empty <= 40


def test_unknown_pixels_weigh_nothing(drawn, samples):
    photos = [photo for photo in samples.kept.photos if photo.ignore is not None]
    known = Samples(Sources(photos, [], []), seed=3, scale=SCALE)
    weights = np.stack([known.make(number, FRAME)[2][..., 0] for number in range(20)])
    assert 0.3 < (weights == 0).mean() < 0.7


def square(value: int, alpha: int = 255) -> Cutout:
    """A plain square 'car' of one colour, all of glass where alpha is not 255."""
    rgba = np.full((60, 60, 4), value * alpha // 255, np.uint8)
    rgba[..., 3] = alpha
    return Cutout("square", "test", rgba, np.full((60, 60), 255, np.uint8))


@pytest.fixture
def plain(monkeypatch):
    """Composites without shadow, reflection, neighbour, occluder or light."""
    for chance in ("OCCLUDER", "SHADOW", "REFLECTION"):
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


def test_a_veil_brings_the_ground_near_the_car_and_leaves_the_car(plain):
    scene = np.full((*FRAME, 3), 40, np.uint8)
    for veil in (0.0, 0.5, 0.8):
        picture, matte, *_ = synthesis.composite(np.random.default_rng(0), square(240), [], scene, scene, FRAME, veil=veil)
        assert (picture[matte == 255] == 240).all()
        assert np.abs(picture[matte == 0].astype(int) - round(40 + 200 * veil)).max() <= 5  # the car's soft rim is a little darker


@pytest.mark.parametrize("row", [False, True])
def test_a_neighbour_is_seen_but_is_background(plain, row):
    scene = np.full((*FRAME, 3), 200, np.uint8)
    seen = 0
    for seed in range(30):
        picture, matte, others, _ = synthesis.composite(np.random.default_rng(seed), square(100), [square(40)], scene, scene, FRAME, row)
        assert (np.abs(picture[matte == 255].astype(int) - 100) <= 1).all()
        neighbour = (np.abs(picture.astype(int) - 40) <= 1).all(-1)
        seen += neighbour.any()
        assert (matte[neighbour] <= 8).all() and (others[neighbour] > 247).all()
        assert (others > 127).sum() <= synthesis.MOST_NEIGHBOUR * (matte > 0).sum()
    assert seen > 15


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


def test_an_aerial_is_part_of_the_car():
    rgba = np.zeros((100, 100, 4), np.uint8)
    rgba[50:90, 10:90] = 200, 200, 200, 255
    car = Cutout("car", "test", rgba, np.ascontiguousarray(rgba[..., 3]))
    for seed in range(20):
        longer = staging.with_aerial(np.random.default_rng(seed), car)
        new = (longer.matte > 0) & (car.matte == 0)
        assert new.any() and np.argwhere(new)[:, 0].max() < 50, "above the roof"
        assert np.array_equal(longer.rgba[..., 3], longer.matte)
        assert np.array_equal(longer.rgba[60:], car.rgba[60:])


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
        painted = staging.repainted(np.random.default_rng(seed), car)
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
        wrapped = staging.wrapped(np.random.default_rng(seed), grey, picture)
        assert np.array_equal(wrapped.rgba[..., 3], car.rgba[..., 3]) and wrapped.matte is car.matte and wrapped.glass is car.glass
        assert (wrapped.rgba[..., :3] <= wrapped.rgba[..., 3:]).all(), "colour is multiplied by alpha"
        red, _, blue = (wrapped.rgba[car.matte > 127, channel].astype(int) for channel in range(3))
        redder.append((red > blue).mean())
    assert 0.35 < np.mean(redder) < 0.65 and sum(0.1 < share < 0.9 for share in redder) > 10


def test_an_open_door_or_lid_hangs_on_the_car_and_belongs_to_it():
    car, added, beside, above = striped(), [], 0, 0
    x, y, w, h = cv2.boundingRect(car.matte)
    for seed in range(60):
        other = opened(np.random.default_rng(seed), car)
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
        other = staging.lengthened(np.random.default_rng(seed), car)
        assert other.rgba.shape[:2] == other.matte.shape == other.glass.shape and len(other.matte) == 60
        for layer, before in ((other.rgba, car.rgba), (other.matte, car.matte), (other.glass, car.glass)):
            assert np.array_equal(layer[:, :39], before[:, :39]) and np.array_equal(layer[:, -50:], before[:, -50:])
        assert np.array_equal(other.matte > 0, other.rgba[..., 3] > 0)
        lengths.add(other.matte.shape[1])
    assert min(lengths) < 115 and max(lengths) > 140


def test_some_longer_cars_have_a_part_twice_in_line():
    twice = 0
    for seed in range(40):
        columns = staging.lengthened(np.random.default_rng(seed), striped()).rgba[25, :, 0].astype(int)
        back = np.flatnonzero(np.diff(columns[10:-20]) < 0)
        assert len(back) <= 1
        if len(back):
            twice += 1
            part = columns[:10 + back[0] + 1]
            again = np.flatnonzero(part == columns[10 + back[0] + 1])[0]
            assert np.array_equal(columns[10 + back[0] + 1:][:len(part) - again], part[again:])
    assert 4 < twice < 24


def test_paint_mirrors_what_stands_above_and_nothing_beside_the_car_changes():
    matte, street = np.zeros(FRAME, np.uint8), np.full((*FRAME, 3), 40, np.uint8)
    cv2.rectangle(matte, (20, 40), (100, 85), 255, -1)
    street[:38, :, 0] = 240  # red above the car
    reds = []
    for seed in range(20):
        seen = staging.mirroring(np.random.default_rng(seed), street, matte)
        assert np.array_equal(seen[matte == 0], street[matte == 0])
        reds.append(int(seen[matte > 0, 0].max()))
        assert seen[matte > 0, 1].max() <= 41, "no other colour comes from there"
    assert sum(red > 80 for red in reds) > 12
    assert staging.mirroring(np.random.default_rng(0), street, np.zeros(FRAME, np.uint8)) is street


def test_a_hidden_plate_is_a_small_box_on_the_car():
    matte = np.zeros(FRAME, np.uint8)
    cv2.ellipse(matte, (64, 50), (55, 35), 0, 0, 360, 255, -1)
    photo = np.random.default_rng(0).integers(0, 255, (*FRAME, 3), np.uint8)
    hidden = 0
    for seed in range(60):
        seen = staging.hidden_plate(np.random.default_rng(seed), photo, matte)
        new = (seen != photo).any(-1)
        assert not new[matte < 250].any()
        if new.any():
            hidden += 1
            _, _, w, h = cv2.boundingRect(new.astype(np.uint8))
            assert w <= 34 and h <= 17 and new.sum() > 0.7 * w * h
            assert len(np.unique(seen[new], axis=0)) < len(np.unique(photo[new], axis=0)) or seen[new].std() < photo[new].std()
    assert hidden > 20


def test_a_seller_may_have_written_over_all_of_the_photo():
    photo, shares = np.full((*FRAME, 3), 128, np.uint8), []
    for seed in range(30):
        seen = staging.stamped(np.random.default_rng(seed), photo)
        assert seen.shape == photo.shape and seen.dtype == np.uint8
        shares.append((np.abs(seen.astype(int) - 128).max(-1) > 2).mean())
    assert sum(share > 0 for share in shares) > 24 and np.median(shares) < 0.4


@pytest.mark.parametrize("named", [0.0, 1.0])
def test_a_drawn_studio_may_bear_a_name(monkeypatch, named):
    monkeypatch.setattr(staging, "NAMED", named)
    sharp = []
    for seed in range(40):
        along = np.diff(staging.studio(np.random.default_rng(seed)).astype(int), axis=1)
        sharp.append(np.abs(along).max() > 8)
    assert np.mean(sharp) >= 0.7 if named else not any(sharp)


def test_the_car_may_stand_beside_its_like(samples, monkeypatch):
    for name, value in (("TWIN", 1.0), ("PAINT", 0.0), ("LIVERY", 0.0), ("LONGER", 0.0), ("OPEN", 0.0), ("AERIAL", 0.0), ("NEIGHBOURS", (0.0, 1.0, 0.0))):
        monkeypatch.setattr(made, name, value)
    stood = []

    def composite(rng, car, neighbours, *rest):
        stood.append((car, neighbours))
        return real(rng, car, neighbours, *rest)

    real = synthesis.composite
    monkeypatch.setattr(synthesis, "composite", composite)
    for number in range(20):
        samples.make(number, samples.looks[0])
    assert stood and all(neighbours == [car] for car, neighbours in stood)


def test_hard_cutouts_are_drawn_as_often_as_said(drawn):
    names = [f"{car.set}/{car.name}" for car in read_cutouts(drawn, False)]
    often = {name: 4.0 if name == names[0] else 0.7 for name in names}
    kept = Sources.read(drawn, often=often)
    weighed = Samples(kept, seed=0, scale=SCALE)
    rng = np.random.default_rng(0)
    drawn_names = [f"{car.set}/{car.name}" for car in (weighed.cutouts.pick(rng, None) for _ in range(600))]
    assert drawn_names.count(names[0]) / 600 == pytest.approx(4 / sum(often.values()), abs=0.06)
    with pytest.raises(ValueError, match="no_such_car"):
        Sources.read(drawn, often=often | {"dealer/no_such_car": 1.0})
    with pytest.raises(ValueError, match=names[1]):
        Sources.read(drawn, often={name: 1.0 for name in names if name != names[1]})


def test_other_photos_lend_their_cars_as_neighbours_where_all_of_them_is_seen(drawn):
    photos = read_photos(drawn, "train")
    whole = [photo for photo in photos if photo.ignore is None]
    cut = Photo("cut", "street", photos[1].rgb[:, 90:], photos[1].mask[:, 90:], None)
    pair = Photo("pair", "street", np.hstack([photos[1].rgb] * 2), np.hstack([photos[1].mask] * 2), None)
    lent = Samples(Sources([*photos, cut, pair], read_cutouts(drawn, False), []), seed=0, scale=SCALE)
    rng = np.random.default_rng(0)
    seen = [lent.neighbour(rng) for _ in range(80)]
    names = {photo.name for photo in whole}
    borrowed = [other for other in seen if other.name in names]
    assert 20 < len(borrowed) < 60 and not {"cut", "pair"} & {other.name for other in seen}
    for other in borrowed:
        photo = next(photo for photo in whole if photo.name == other.name)
        assert np.array_equal(other.rgba[photo.mask == 255, :3], photo.rgb[photo.mask == 255]) and not other.rgba[photo.mask == 0].any()


@pytest.mark.parametrize("moved", [0.0, 1.0])
def test_the_car_of_a_photo_may_stand_elsewhere_its_rim_not_scored(samples, monkeypatch, moved):
    """Nor does it get an aerial, which would lie in the rim."""
    for name, value in (("REAL", 0.0), ("EMPTY", 0.0), ("AERIAL", moved), ("LONGER", 0.0), ("OPEN", 0.0), ("NEIGHBOURS", (1.0, 0.0, 0.0)), ("MOVED", moved)):
        monkeypatch.setattr(made, name, value)
    lent, subjects = {photo.name: photo.mask for photo in samples.strangers.items}, set()

    def composite(rng, car, *rest):
        subjects.add(car.name)
        assert not moved or np.array_equal(car.matte, lent[car.name])
        return real(rng, car, *rest)

    real = synthesis.composite
    monkeypatch.setattr(synthesis, "composite", composite)
    for number in range(20):
        _, truth, weight = samples.make(number, samples.looks[1])
        matte, counted = unfold(truth[..., :-1]), unfold(weight[..., :-1])
        edge = (matte > 30) & (matte < 225)
        assert (counted[edge] > 0).mean() == pytest.approx(1 - moved, abs=0.04)
        assert (counted[cv2.erode(matte, np.ones((9, 9), np.uint8)) == 255] > 0).all() and (counted[cv2.dilate(matte, np.ones((9, 9), np.uint8)) == 0] > 0).all()
    assert subjects and subjects <= (lent.keys() if moved else {item.name for item in samples.kept.cutouts})


def test_a_lens_bends_picture_and_matte_alike():
    matte = np.zeros(FRAME, np.uint8)
    cv2.circle(matte, (30, 30), 15, 255, -1)
    for seed in range(10):
        bent, alike = staging.bend(np.random.default_rng(seed), [cv2.merge([matte] * 3), matte])
        assert np.array_equal(bent[..., 1], alike)
        assert np.abs(alike.astype(int) - matte).sum() > 255
        assert alike[48, 64] == matte[48, 64], "the centre stays"


def test_at_night_the_car_is_never_darker_than_the_place():
    matte = np.zeros(FRAME, np.uint8)
    matte[40:60, 40:80] = 255
    grey = np.full((*FRAME, 3), 200, np.uint8)
    for seed in range(10):
        dark = staging.night(np.random.default_rng(seed), grey, matte)
        assert dark[:5].mean() < 100 and dark[50, 60].sum() >= dark[2, 2].sum()


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
        assert ((cutout.matte > 127) != car).sum() <= 12, "but for corners"
        assert np.array_equal(cutout.rgba[..., 3], rgba[..., 3])
        assert cutout.glass[63:67, 63:137].all() and not cutout.glass[~car].any()
    for cutout in measured:
        assert np.array_equal(cutout.matte, matte), "a measure stays as it was given"


def test_held_out_cutouts_are_never_trained_on(data):
    kept, trained = (read_cutouts(data, side, 64) for side in (True, False))
    assert {cutout.name for cutout in kept}.isdisjoint(cutout.name for cutout in trained)
    assert 0.05 < len(kept) / (len(kept) + len(trained)) < 0.2


def test_variants_and_views_of_one_place_are_held_out_together():
    for first, second in [("cutouts/render/rgba/0039_images_bruiser2_6e7567.webp", "cutouts/render/rgba/0041_images_bruiser_6e00f9.webp"),
                          ("backgrounds/places/places_012.jpg", "backgrounds/places/places_023.jpg")]:
        assert held_out(Path(first)) == held_out(Path(second))
