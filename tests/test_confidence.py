"""What a matte says of itself: nothing found, doubt, or a cut-out to publish."""
import cv2
import numpy as np
import pytest

from model.confidence import UNCERTAINTY_FEATURES, ConfidenceModel, agreement, measures, stray
from model.localise import Prediction


@pytest.fixture(scope="module")
def confidence_model() -> ConfidenceModel:
    return ConfidenceModel.read()


def disc(radius: int, alpha: float = 1.0, at: tuple[int, int] = (160, 120)) -> np.ndarray:
    matte = np.zeros((240, 320), np.uint8)
    cv2.circle(matte, at, radius, 255, -1, cv2.LINE_AA)
    return matte.astype(np.float32) / 255 * alpha


def seen(matte: np.ndarray) -> Prediction:
    """A car found at a glance, and looked at in a window that is the whole photo."""
    glance = cv2.resize(matte, (256, 192), interpolation=cv2.INTER_AREA)
    return Prediction(matte.shape, glance, (slice(0, matte.shape[0]), slice(0, matte.shape[1])), np.zeros((*matte.shape, 3), np.uint8), matte, matte[::2, ::2])


def test_an_empty_matte_is_no_car(judge):
    assert judge.presence(seen(disc(0) * 0)) == judge.confidence(seen(disc(0) * 0)) == 0
    assert judge.confidence(seen(disc(3))) == 0, "a speck"


def test_a_sharp_large_shape_is_a_car_that_needs_no_hand(judge):
    assert judge.confidence(seen(disc(80))) > 0.7


def test_doubt_lowers_both(judge):
    blurred = cv2.GaussianBlur(disc(80), (0, 0), 12)
    assert judge.confidence(seen(blurred)) < judge.confidence(seen(disc(80))) / 2
    for shape in (disc(80, 0.6), disc(30, 0.55)):
        assert judge.presence(seen(shape)) < judge.presence(seen(disc(80))) and judge.confidence(seen(shape)) < 0.2


def test_a_glance_that_saw_another_car_makes_presence_less_likely_and_confidence_no_greater(judge):
    same, other = seen(disc(80)), seen(disc(80))._replace(glance=np.roll(seen(disc(80)).glance, 60, 1))
    assert judge.presence(other) < judge.presence(same) and judge.confidence(other) <= judge.confidence(same)


def test_no_measure_of_doubt_counts_in_a_cut_outs_favour(judge):
    assert all(judge.clean[measure] <= 0 for measure in UNCERTAINTY_FEATURES) and any(judge.clean[measure] < 0 for measure in UNCERTAINTY_FEATURES)


def test_agreement_is_the_iou_wherever_the_window_lies():
    matte = disc(40, at=(200, 150))
    whole = seen(matte)
    window = slice(80, 240), slice(120, 320)
    part = whole._replace(window=window, matte=matte[window])
    for prediction in (whole, part):
        assert agreement(prediction) > 0.97
    assert agreement(whole._replace(glance=whole.glance * 0)) == 0


def test_pieces_and_holes_lower_the_confidence(judge):
    broken = np.maximum(disc(80), disc(12, at=(40, 40)))
    holed = np.minimum(disc(80), 1 - disc(12))
    assert max(judge.confidence(seen(broken)), judge.confidence(seen(holed))) < judge.confidence(seen(disc(80)))


def test_expected_error_is_that_of_a_calibrated_matte():
    """Drawn from its own alphas, a truth has on average the IoU that the measure promises."""
    matte = cv2.GaussianBlur(disc(60), (0, 0), 8)
    rng = np.random.default_rng(0)
    car = matte > 0.5
    overlaps = []
    for _ in range(200):
        truth = rng.random(matte.shape) < matte
        overlaps.append((car & truth).sum() / (car | truth).sum())
    assert 1 - measures(matte)[0] ** 2 == pytest.approx(np.mean(overlaps), abs=0.003)


def test_stray_pixels_are_those_beside_the_main_piece():
    shape = np.zeros((20, 20), bool)
    shape[2:10, 2:10] = shape[15:17, 15:18] = True
    assert stray(shape) == 6
    shape[5:7, 5:7] = False
    assert stray(~shape, framed=True) == 4, "the hole; what reaches the frame is background"


def test_it_is_kept_in_a_file(judge, tmp_path):
    judge.write(tmp_path / "confidence.json")
    assert ConfidenceModel.read(tmp_path / "confidence.json") == judge
