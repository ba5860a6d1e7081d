"""The guided filter's lines, against ridge regression window by window."""
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
