"""Confidence: no car, an uncertain cut-out, or one to publish."""
import cv2
import numpy as np
import pytest

from model.confidence import UNCERTAINTY_FEATURES, ConfidenceModel, agreement, features_of, logistic, matte_features, outside_main_piece
from model.localise import Prediction, expected_error


@pytest.fixture(scope="module")
def confidence_model() -> ConfidenceModel:
    return ConfidenceModel.read()


def disc(radius: int, alpha: float = 1.0, at: tuple[int, int] = (160, 120)) -> np.ndarray:
    matte = np.zeros((240, 320), np.uint8)
    cv2.circle(matte, at, radius, 255, -1, cv2.LINE_AA)
    return matte.astype(np.float32) / 255 * alpha


def predicted(matte: np.ndarray) -> Prediction:
    """A car that both passes found, the fine one in a window that is the whole photo."""
    coarse = cv2.resize(matte, (256, 192), interpolation=cv2.INTER_AREA)
    whole = slice(0, matte.shape[0]), slice(0, matte.shape[1])
    return Prediction(matte.shape, coarse, whole, np.zeros((*matte.shape, 3), np.uint8), matte, matte[::2, ::2], (), ())


def presence(model: ConfidenceModel, prediction: Prediction) -> float:
    features = features_of(prediction)
    return 0.0 if features is None else logistic(model.presence, features)


def test_an_empty_matte_is_no_car(confidence_model):
    assert presence(confidence_model, predicted(disc(0) * 0)) == confidence_model.confidence(predicted(disc(0) * 0)) == 0
    assert confidence_model.confidence(predicted(disc(3))) == 0, "a speck"


def test_a_car_that_fills_the_window_has_a_confidence(confidence_model):
    assert 0 <= confidence_model.confidence(predicted(np.ones((240, 320), np.float32))) <= 1


def test_a_sharp_large_shape_is_a_car_that_needs_no_hand(confidence_model):
    assert confidence_model.confidence(predicted(disc(80))) > 0.7


def test_uncertainty_lowers_both(confidence_model):
    blurred = cv2.GaussianBlur(disc(80), (0, 0), 12)
    assert confidence_model.confidence(predicted(blurred)) < confidence_model.confidence(predicted(disc(80))) / 2
    for shape in (disc(80, 0.6), disc(30, 0.55)):
        assert presence(confidence_model, predicted(shape)) < presence(confidence_model, predicted(disc(80)))
        assert confidence_model.confidence(predicted(shape)) < 0.2


def test_a_coarse_pass_that_saw_another_car_makes_presence_less_likely_and_confidence_no_greater(confidence_model):
    same, other = predicted(disc(80)), predicted(disc(80))._replace(coarse=np.roll(predicted(disc(80)).coarse, 60, 1))
    assert presence(confidence_model, other) < presence(confidence_model, same) and confidence_model.confidence(other) <= confidence_model.confidence(same)


def test_no_feature_of_uncertainty_counts_in_a_cut_outs_favour(confidence_model):
    weights = [confidence_model.deliverable[feature] for feature in UNCERTAINTY_FEATURES]
    assert max(weights) <= 0 and min(weights) < 0


def test_agreement_is_the_iou_wherever_the_window_lies():
    matte = disc(40, at=(200, 150))
    whole = predicted(matte)
    window = slice(80, 240), slice(120, 320)
    part = whole._replace(window=window, matte=matte[window])
    for prediction in (whole, part):
        assert agreement(prediction) > 0.97
    assert agreement(whole._replace(coarse=whole.coarse * 0)) == 0


def test_pieces_and_holes_lower_the_confidence(confidence_model):
    broken = np.maximum(disc(80), disc(12, at=(40, 40)))
    holed = np.minimum(disc(80), 1 - disc(12))
    assert max(confidence_model.confidence(predicted(broken)), confidence_model.confidence(predicted(holed))) < confidence_model.confidence(predicted(disc(80)))


def test_expected_error_is_that_of_a_calibrated_matte():
    """Drawn from its own alphas, a truth has on average the IoU that the feature promises."""
    matte = cv2.GaussianBlur(disc(60), (0, 0), 8)
    rng = np.random.default_rng(0)
    car = matte > 0.5
    overlaps = []
    for _ in range(200):
        truth = rng.random(matte.shape) < matte
        overlaps.append((car & truth).sum() / (car | truth).sum())
    assert 1 - expected_error(matte) == pytest.approx(np.mean(overlaps), abs=0.003)


def test_an_undecided_area_is_wider_than_an_edge():
    edge, area = disc(80), disc(80)
    area[110:130, 240:270] = 0.5
    sharp, undecided = (np.exp(matte_features(matte)[0]) - 1e-3 for matte in (edge, area))
    assert sharp < 1e-9 and undecided == pytest.approx(18 * 28 / (np.pi * 80 ** 2), rel=0.1)


def test_loose_pixels_are_those_beside_the_main_piece():
    shape = np.zeros((20, 20), bool)
    shape[2:10, 2:10] = shape[15:17, 15:18] = True
    assert outside_main_piece(shape) == 6
    shape[5:7, 5:7] = False
    assert outside_main_piece(~shape, framed=True) == 4, "the hole; what reaches the frame is background"


def test_it_is_kept_in_a_file(confidence_model, tmp_path):
    confidence_model.write(tmp_path / "confidence.json")
    assert ConfidenceModel.read(tmp_path / "confidence.json") == confidence_model
