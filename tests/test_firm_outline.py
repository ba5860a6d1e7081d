"""Haze along an outline becomes a firm, smooth edge in its place; edges that are narrow already stay, of thin parts too."""
import cv2
import numpy as np
import pytest

from postprocessing.firm_outline import HAZE, firm_outline

MATTE = 240, 320


def ramp(width: float, size: tuple[int, int] = MATTE, edge: float = 0.5) -> np.ndarray:
    """float32 alpha that rises from left to right over `width` pixels, a half at the share `edge` of the picture's width."""
    columns = np.arange(size[1], dtype=np.float32) + 0.5 - edge * size[1]
    return np.tile(np.clip(columns / width + 0.5, 0, 1).astype(np.float32), (size[0], 1))


def soft_columns(alpha: np.ndarray) -> int:
    """How many columns of the middle row are neither clear nor opaque."""
    row = alpha[len(alpha) // 2]
    return int(((row > 0.02) & (row < 0.98)).sum())


@pytest.mark.parametrize("scale", [1, 2, 3.5])
def test_haze_becomes_an_edge_in_its_place(scale):
    hazy = ramp(12 * scale, tuple(round(side * scale) for side in MATTE))
    firm = firm_outline(hazy, MATTE)
    assert soft_columns(hazy) > 11 * scale and soft_columns(firm) <= 5 * scale
    assert abs(float(firm.sum(1).mean() - hazy.sum(1).mean())) < 0.3 * scale  # no pixel column is won or lost


@pytest.mark.parametrize("scale", [1, 2, 3.5])
def test_a_narrow_edge_stays_exactly(scale):
    alpha = ramp(2 * scale, tuple(round(side * scale) for side in MATTE))
    assert np.array_equal(firm_outline(alpha, MATTE), alpha)


def test_thin_parts_stay_exactly():
    alpha = cv2.line(np.zeros(MATTE, np.float32), (20, 200), (90, 10), 0.6, HAZE // 2, cv2.LINE_AA)
    cv2.ellipse(alpha, (200, 120), (12, 8), 0, 0, 360, 1, -1, cv2.LINE_AA)
    assert np.array_equal(firm_outline(alpha, MATTE), alpha)


def test_far_from_haze_nothing_changes():
    alpha = np.where(np.arange(MATTE[0])[:, None] < 120, ramp(12), ramp(2))
    firm = firm_outline(alpha, MATTE)
    assert np.array_equal(firm[140:], alpha[140:]) and not np.array_equal(firm[:100], alpha[:100])


def test_a_frayed_hazy_outline_becomes_smooth():
    frayed = np.clip(ramp(12) + np.random.default_rng(0).normal(0, 0.15, MATTE).astype(np.float32), 0, 1)
    before, after = ((alpha > 0.5).astype(np.uint8) for alpha in (frayed, firm_outline(frayed, MATTE)))
    lengths = [sum(cv2.arcLength(outline, True) for outline in cv2.findContours(car, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]) for car in (before, after)]
    assert lengths[1] < 1.1 * 2 * (MATTE[0] + MATTE[1] / 2) < lengths[0]


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_picture_without_an_edge_stays(level):
    alpha = np.full(MATTE, level, np.float32)
    assert np.array_equal(firm_outline(alpha, MATTE), alpha)
