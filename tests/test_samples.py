"""What the network sees in training: repeatable samples whose matte is the car alone."""
from dataclasses import fields

import cv2
import numpy as np
import pytest

from model.frames import COARSE_FRAME
from model.space_to_depth import depth_to_space
from preprocessing.letterbox import PAD
from training.data import camera, synthesis
from training.data.augmentation import Augmentation
from training.data.samples import Samples, Sources
from training.data.sources import Photo, name_of, read_cutouts, read_photos
from training.data.targets import GROUND, HEAVIEST, HEAVY, WEIGHT, thin_parts
from training.errors import DataError

FRAME = (96, 128)
SCALE = 0.25  # of the fine frames: frames of 96x224 and 128x192 pixels


@pytest.fixture(scope="module")
def samples(drawn) -> Samples:
    return Samples(Sources.read(drawn), seed=1, scale=SCALE)


def changed(samples: Samples, **probabilities) -> Samples:
    """The same with other probabilities."""
    return Samples(samples.sources, samples.seed, SCALE, Augmentation(**probabilities))


def test_the_same_number_gives_the_same_sample(drawn, samples):
    again = Samples(Sources.read(drawn), seed=1, scale=SCALE)
    for number in range(12):
        assert all(np.array_equal(one, other) for one, other in zip(samples.make(number, FRAME), again.make(number, FRAME), strict=True))
    assert not np.array_equal(samples.make(0, FRAME)[0], Samples(samples.sources, seed=2, scale=SCALE).make(0, FRAME)[0])


def test_batches_are_the_samples_in_order_each_of_one_frame(samples):
    batches = samples.batches(3, first=2)
    for number in (2, 3, 4):
        batch, frame = next(batches), samples.frame_of(number)
        assert batch[0].shape == (3, *frame, 3)
        for offset in range(3):
            assert all(np.array_equal(part[offset], alone) for part, alone in zip(batch, samples.make(3 * number + offset, frame), strict=True))
    batches.close()


def test_a_fifth_of_the_batches_are_of_the_coarse_frame(samples):
    frames = [samples.frame_of(batch) for batch in range(300)]
    assert 0.13 < frames.count(COARSE_FRAME) / 300 < 0.27
    assert set(frames) <= {COARSE_FRAME, *samples.fine_frames}


@pytest.mark.parametrize("place", [0, 1])
def test_a_fine_frame_shows_a_large_car(samples, place):
    shown, shares = changed(samples, empty_scene=0.0), []
    for number in range(40):
        matte = depth_to_space(shown.make(number, shown.fine_frames[place])[1][..., :4]) > 127
        rows, columns = matte.any(1).mean(), matte.any(0).mean()
        shares.append(max(rows, columns))
    assert np.median(shares) > 0.7 and np.min(shares) > 0.3


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_beside_another_the_car_may_be_smaller(samples, monkeypatch, share):
    """As where the coarse pass took the neighbour along."""
    monkeypatch.setattr(synthesis, "OCCLUDER", 0.0)
    typical = []
    for beside in (0.0, 1.0):
        shown = changed(samples, empty_scene=0.0, photo=share, photo_neighbour=beside, neighbours=(1 - beside, beside, 0.0))
        shares = []
        for number in range(40):
            matte = depth_to_space(shown.make(number, shown.fine_frames[1])[1][..., :4]) > 127
            shares.append(max(matte.any(1).mean(), matte.any(0).mean()))
        typical.append(np.mean(shares))
    assert typical[1] < typical[0] - 0.03


@pytest.mark.parametrize("cut", [0.0, 1.0])
def test_a_fine_frame_cuts_the_car_only_on_purpose(monkeypatch, cut):
    monkeypatch.setattr(camera, "TRUNCATED", cut)
    mask = np.zeros((300, 500), np.uint8)
    mask[100:200, 150:350] = 255
    touched = 0
    for seed in range(40):
        seen = camera.warp(mask, camera.car_window(np.random.default_rng(seed), mask, FRAME), FRAME) > 127
        touched += seen[0].any() or seen[:, 0].any() or seen[-1].any() or seen[:, -1].any()
    assert touched <= 4 if cut == 0 else touched > 25


def test_forms_and_weights(samples):
    edges = heavy = 0
    for number in range(40):
        rgb, truth, weight = samples.make(number, FRAME)
        assert rgb.shape == (*FRAME, 3) and truth.shape == weight.shape == (48, 64, 6)
        assert rgb.dtype == truth.dtype == weight.dtype == np.uint8
        matte, counted = depth_to_space(truth[..., :4]), depth_to_space(weight[..., :4])
        assert set(np.unique(counted)) <= {0, WEIGHT, HEAVY, HEAVIEST}
        half = (matte > 100) & (matte < 155) & (counted > 0)
        edges += half.sum()
        heavy += (counted[half] >= HEAVY).sum()
    assert edges > 500 and heavy / edges > 0.99


def test_thin_parts_and_narrow_gaps_count_most():
    matte = np.zeros((80, 120), np.uint8)
    matte[30:70, 20:100] = 255   # a body
    matte[10:30, 60:64] = 255    # its aerial
    matte[60:70, 50:56] = 0      # a gap under it
    weight = thin_parts(matte)
    assert weight[12:28, 60:64].all() and weight[62:68, 51:55].all()
    assert not weight[34:56, 24:96].any() and not weight[:8].any()


def test_glass_is_learnt_only_where_it_is_known(drawn):
    photos = read_photos(drawn, "train")
    for photo in photos:
        _, truth, weight = Samples(Sources([photo], [], []), seed=5, scale=SCALE).make(1, FRAME)
        assert weight[..., 4].any() == truth[..., 4].any() == (photo.name == "s4")
    _, truth, weight = Samples(Sources([photo for photo in photos if photo.name == "s4"], [], []), seed=5, scale=SCALE).make(1, FRAME)
    car = truth[..., :4].mean(-1)
    assert np.abs(car - truth[..., 4]).max() <= 2
    assert (weight[..., 4][car == 255] == 255).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_other_vehicles_are_told_apart_from_the_car_and_from_the_ground_where_all_are_known(samples, share):
    """All are in a composite; beside the car of a photo may stand one without a mask."""
    shown, seen = changed(samples, photo=share, empty_scene=0.0, copy_paste=0.0, photo_neighbour=1.0, neighbours=(0.0, 1.0, 0.0)), 0
    for number in range(30):
        _, truth, weight = shown.make(number, shown.fine_frames[1])
        car, others, counted = truth[..., :4].mean(-1), truth[..., 5], weight[..., 5]
        known = weight[..., :4].min(-1) > 0
        assert (car + others).max() < 260 and (counted[known & ((car == 255) | (others == 255))] == 255).all()
        ground = known & (car == 0) & (others == 0)
        assert (counted[ground] == (0 if share else GROUND)).all() and not counted[weight[..., :4].max(-1) == 0].any()
        seen += (others > 127).any()
    assert seen > 15


def test_composites_are_letterboxed_as_serving_does(samples):
    shown, padded = changed(samples, photo=0.0, empty_scene=0.0, fill_frame=0.0), 0
    for number in range(30):
        rgb, truth, _ = shown.make(number, FRAME)
        pad = (rgb == PAD).all(-1)
        rows, columns = pad.all(1).sum(), pad.all(0).sum()
        padded += rows > 0 or columns > 0
        assert not (rows and columns)
        matte = depth_to_space(truth[..., :4])
        assert not matte[FRAME[0] - rows:].any() and not matte[:, FRAME[1] - columns:].any()
    assert 8 < padded < 28


def test_unknown_pixels_weigh_nothing(drawn, samples):
    photos = [photo for photo in samples.sources.photos if photo.ignore is not None]
    known = Samples(Sources(photos, [], []), seed=3, scale=SCALE)
    weights = np.stack([known.make(number, FRAME)[2][..., 0] for number in range(20)])
    assert 0.3 < (weights == 0).mean() < 0.7


@pytest.mark.parametrize("name, scored", [("street", True), ("listing", False)])
def test_ground_beside_the_windows_is_scored_only_where_masks_have_their_mirrors(name, scored):
    """A drawn van with its mirror, whose mask lacks the mirror, as masks of sets made by networks often do."""
    mask = np.zeros((200, 300), np.uint8)
    mask[40:160, 60:240] = 255
    rgb = np.where(mask[..., None] > 0, (200, 200, 200), (90, 90, 90)).astype(np.uint8)
    rgb[70:86, 243:254] = 200, 0, 0  # the mirror
    alone = {field.name: 0.0 for field in fields(Augmentation) if field.name != "neighbours"} | {"photo": 1.0, "light_only": 1.0}
    samples, seen = Samples(Sources([Photo("van", name, rgb, mask, None)], [], []), 0, 1.0, Augmentation(**alone)), 0
    for number in range(10):
        picture, truth, weight = samples.make(number, samples.fine_frames[1])
        mirror = cv2.erode(((picture[..., 0] > 150) & (picture[..., 1] < 60)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        weights = depth_to_space(weight[..., :4])
        seen += mirror.any()
        assert (weights[mirror] > 0).all() if scored else not weights[mirror].any()
        assert (weights[depth_to_space(truth[..., :4]) == 255] > 0).all()  # the car itself always is
    assert seen > 5


def test_the_car_may_stand_beside_its_like(samples, monkeypatch):
    shown, stood = changed(samples, same_car=1.0, recolour=0.0, pattern=0.0, stretch=0.0, load=0.0, open_panel=0.0, aerial=0.0, neighbours=(0.0, 1.0, 0.0)), []

    def composite(rng, car, neighbours, *rest):
        stood.append((car, neighbours))
        return make(rng, car, neighbours, *rest)

    make = synthesis.composite
    monkeypatch.setattr(synthesis, "composite", composite)
    for number in range(20):
        shown.make(number, shown.fine_frames[0])
    assert stood and all(neighbours == [car] for car, neighbours in stood)


def test_cutouts_are_drawn_by_their_sampling_weights(drawn):
    names = [name_of(car) for car in read_cutouts(drawn, "train")]
    weights = {name: 4.0 if name == names[0] else 0.7 for name in names}
    weighted = Samples(Sources.read(drawn, sampling_weights=weights), seed=0, scale=SCALE)
    rng = np.random.default_rng(0)
    picked = [name_of(weighted.cutouts.pick(rng, None)) for _ in range(600)]
    assert picked.count(names[0]) / 600 == pytest.approx(4 / sum(weights.values()), abs=0.06)
    with pytest.raises(DataError, match="no_such_car"):
        Sources.read(drawn, sampling_weights=weights | {"dealer/no_such_car": 1.0})
    with pytest.raises(DataError, match=names[1]):
        Sources.read(drawn, sampling_weights={name: 1.0 for name in names if name != names[1]})


def test_other_photos_lend_their_cars_as_neighbours_where_all_of_them_is_seen(drawn):
    photos = read_photos(drawn, "train")
    whole = [photo for photo in photos if photo.ignore is None]
    cut = Photo("cut", "street", photos[1].rgb[:, 90:], photos[1].mask[:, 90:], None)
    pair = Photo("pair", "street", np.hstack([photos[1].rgb] * 2), np.hstack([photos[1].mask] * 2), None)
    lent = Samples(Sources([*photos, cut, pair], read_cutouts(drawn, "train"), []), seed=0, scale=SCALE)
    rng = np.random.default_rng(0)
    seen = [lent.neighbour(rng) for _ in range(80)]
    names = {photo.name for photo in whole}
    borrowed = [other for other in seen if other.name in names]
    assert 20 < len(borrowed) < 60 and not {"cut", "pair"} & {other.name for other in seen}
    for other in borrowed:
        photo = next(photo for photo in whole if photo.name == other.name)
        assert np.array_equal(other.rgba[photo.mask == 255, :3], photo.rgb[photo.mask == 255]) and not other.rgba[photo.mask == 0].any()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_car_of_a_photo_may_get_an_aerial_that_is_car(samples, monkeypatch, share):
    photo, seen = samples.sources.photos[1], []
    warp_photo, warp = camera.warp_photo, camera.warp
    monkeypatch.setattr(camera, "warp_photo", lambda rgb, *where: seen.append(rgb) or warp_photo(rgb, *where))
    monkeypatch.setattr(camera, "warp", lambda layer, *where: seen.append(layer) or warp(layer, *where))
    alone, grown = Samples(Sources([photo], [], []), 0, SCALE, Augmentation(aerial=share)), 0
    for seed in range(20):
        seen.clear()
        alone.photo(np.random.default_rng(seed), alone.fine_frames[1])
        rgb, mask = seen[0], next(layer for layer in seen if layer.ndim == 2)
        assert (mask >= photo.mask).all() and np.array_equal(rgb[mask == 0], photo.rgb[mask == 0])
        new = (mask == 255) & (photo.mask == 0)
        assert len(np.unique(rgb[new], axis=0)) <= 1, "of one colour"
        grown += (mask != photo.mask).any()
    assert grown > 15 if share else grown == 0


@pytest.mark.parametrize("pasted", [0.0, 1.0])
def test_the_car_of_a_photo_may_stand_elsewhere_its_rim_not_scored(samples, monkeypatch, pasted):
    """Nor does it get an aerial, which would lie in the rim."""
    shown = changed(samples, photo=0.0, empty_scene=0.0, aerial=pasted, stretch=0.0, load=0.0, open_panel=0.0, neighbours=(1.0, 0.0, 0.0), copy_paste=pasted)
    lent, subjects = {photo.name: photo.mask for photo in samples.pasteable.items}, set()

    def composite(rng, car, *rest):
        subjects.add(car.name)
        assert not pasted or np.array_equal(car.matte, lent[car.name])
        return make(rng, car, *rest)

    make = synthesis.composite
    monkeypatch.setattr(synthesis, "composite", composite)
    for number in range(20):
        _, truth, weight = shown.make(number, shown.fine_frames[1])
        matte, counted = depth_to_space(truth[..., :4]), depth_to_space(weight[..., :4])
        edge = (matte > 30) & (matte < 225)
        assert (counted[edge] > 0).mean() == pytest.approx(1 - pasted, abs=0.04)
        inside, outside = cv2.erode(matte, np.ones((9, 9), np.uint8)) == 255, cv2.dilate(matte, np.ones((9, 9), np.uint8)) == 0
        assert (counted[inside] > 0).all() and (counted[outside] > 0).all()
    assert subjects and subjects <= (lent.keys() if pasted else {item.name for item in samples.sources.cutouts})


def test_shares_of_photos_and_empty_scenes_are_as_said(samples):
    assert not any(changed(samples, photo=0.0, empty_scene=1.0).make(number, FRAME)[1].any() for number in range(20))
    assert all(changed(samples, photo=1.0, empty_scene=0.0).make(number, FRAME)[1].any() for number in range(20))


def test_a_photo_that_nothing_is_done_to_keeps_its_colours():
    """Without any augmentation of the scene, a sample is the photo's crop; with no change of light at all, each colour stays."""
    paint, ground = (200, 40, 30), (90, 120, 60)
    mask = np.zeros((200, 300), np.uint8)
    mask[60:150, 60:240] = 255
    rgb = np.where(mask[..., None] > 0, paint, ground).astype(np.uint8)
    plain = {field.name: 0.0 for field in fields(Augmentation) if field.name != "neighbours"} | {"photo": 1.0, "light_only": 1.0}
    alone = Samples(Sources([Photo("p", "street", rgb, mask, None)], [], []), 0, SCALE, Augmentation(**plain))
    for number in range(10):
        picture, truth, _ = alone.make(number, alone.fine_frames[1])
        matte = depth_to_space(truth[..., :4])
        for colour, where in ((paint, matte == 255), (ground, (matte == 0) & (picture != PAD).any(-1))):
            inside = cv2.erode(where.astype(np.uint8), np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
            assert inside.any() and np.abs(picture[inside].astype(int) - colour).max() <= 1
