"""The metrics, against shapes whose scores can be worked out by hand, a slow definition, and the reference script where it is at hand."""
import importlib.util
from dataclasses import asdict

import numpy as np
import pytest

from training.metrics import inner_band, score


def box(left: int, right: int, height: int = 200, width: int = 300) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    mask[50:150, left:right] = 255
    return mask


def test_a_perfect_matte():
    result = score(box(50, 250), box(50, 250))
    assert (result.iou, result.boundary_iou, result.mae, result.blob, result.clean) == (1, 1, 0, 0, True)


def test_a_strip_too_much():
    result = score(box(50, 250), box(50, 240))
    assert result.iou == pytest.approx(190 / 200)
    assert result.mae == pytest.approx(10 * 100 / (200 * 300))
    assert result.blob == pytest.approx(10 / 190) and not result.clean


def test_a_hole_is_not_clean_however_high_the_iou():
    holed = box(50, 250)
    holed[90:100, 100:110] = 0
    result = score(holed, box(50, 250))
    assert result.iou == pytest.approx(0.995) and result.blob == pytest.approx(0.005) and not result.clean


def test_nothing_is_counted_where_it_is_not_known():
    assert score(box(50, 250), box(50, 240), box(240, 300)).clean


def test_nothing_predicted():
    assert score(np.zeros((200, 300), np.uint8), box(50, 250)).iou == 0


def test_sizes_must_agree():
    with pytest.raises(ValueError, match="differ in size"):
        score(box(0, 10), box(0, 10, width=200))


def test_the_band_by_definition():
    mask = np.random.default_rng(0).random((24, 30)) > 0.1
    expected = np.zeros_like(mask)
    for y, x in zip(*np.nonzero(mask)):
        near = mask[max(0, y - 2):y + 3, max(0, x - 2):x + 3]
        expected[y, x] = near.size < 25 or not near.all()
    assert np.array_equal(inner_band(mask, 2), expected)


def test_agrees_with_the_reference_script(data):
    spec = importlib.util.spec_from_file_location("reference", data.parent / "score.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    rng = np.random.default_rng(7)
    for _ in range(40):
        left, right = sorted(rng.integers(0, 300, 2))
        alpha, truth = box(left, right + 1), box(max(0, left - 3), right)
        alpha = np.where(rng.random(alpha.shape) < 0.01, 255 - alpha, alpha).astype(np.uint8)
        ignore = (rng.random(alpha.shape) < 0.02).astype(np.uint8) * 255
        theirs = reference.score(alpha, truth, ignore)
        assert asdict(score(alpha, truth, ignore)) == pytest.approx(theirs, abs=1e-6)
