"""The guided filter: its lines, against ridge regression window by window, and its edges."""
import cv2
import numpy as np

from postprocessing import guided_filter


def test_the_fit_is_the_least_squares_line_of_each_window():
    """Against ridge regression window by window, as He et al. define it."""
    rng = np.random.default_rng(5)
    guide, matte = rng.random((23, 25, 3), np.float32), rng.random((23, 25), np.float32)
    r = guided_filter.RADIUS
    lines = np.zeros((23, 25, 4))
    for y in range(r, 23 - r):
        for x in range(r, 25 - r):
            colours = guide[y - r:y + r + 1, x - r:x + r + 1].reshape(-1, 3).astype(float)
            values = matte[y - r:y + r + 1, x - r:x + r + 1].ravel().astype(float)
            spread = np.cov(colours.T, bias=True) + guided_filter.EPSILON * np.eye(3)
            slope = np.linalg.solve(spread, ((colours - colours.mean(0)) * (values - values.mean())[:, None]).mean(0))
            lines[y, x] = [*slope, values.mean() - slope @ colours.mean(0)]
    y, x = 11, 12  # all windows that cover this cell lie inside
    expected = lines[y - r:y + r + 1, x - r:x + r + 1].mean((0, 1))
    assert np.allclose(guided_filter.fit(guide, matte)[y, x], expected, atol=2e-3)


def test_a_blurred_matte_finds_the_edge_of_the_photo():
    truth = np.zeros((400, 600), np.float32)
    cv2.ellipse(truth, (300, 200), (180, 110), 15, 0, 360, 1, -1)
    rgb = np.where(truth[..., None] > 0.5, np.uint8((40, 60, 90)), np.uint8((200, 190, 170)))
    small = cv2.resize(rgb, (300, 200), interpolation=cv2.INTER_AREA)
    matte = cv2.GaussianBlur(cv2.resize(truth, (150, 100), interpolation=cv2.INTER_AREA), (0, 0), 0.8)
    found = guided_filter.guided(matte, small, rgb)
    plain = cv2.resize(matte, (600, 400), interpolation=cv2.INTER_LINEAR)
    assert found.shape == truth.shape and found.dtype == np.float32
    assert np.abs(found - truth).sum() < 0.5 * np.abs(plain - truth).sum()


def test_a_matte_without_edge_stays_as_it_is():
    rgb = np.random.default_rng(0).integers(0, 255, (80, 120, 3), np.uint8)
    assert all((guided_filter.guided(np.full((20, 30), value, np.float32), rgb[::2, ::2], rgb) == value).all() for value in (0.0, 1.0))
