"""Photos degraded on purpose, by which confidence is calibrated and benchmarked."""
import numpy as np
import pytest

from training.data.degradations import degraded, gamma, grain, jpeg, longest, motion
from training.data.sources import Photo


@pytest.fixture
def photo() -> Photo:
    """Noise, with a square of half of its sides as the car, and an eighth that is not known."""
    rgb = np.random.default_rng(0).integers(40, 216, (480, 640, 3), np.uint8)
    mask, ignore = np.zeros((2, 480, 640), np.uint8)
    mask[120:360, 160:480], ignore[:, :80] = 255, 255
    return Photo("car", "drawn", rgb, mask, ignore)


def test_gamma_darkens_above_one_and_brightens_below(photo):
    assert gamma(2)(photo).rgb.mean() < photo.rgb.mean() < gamma(0.5)(photo).rgb.mean()


def test_grain_has_the_spread_that_is_asked_for(photo):
    assert (grain(9)(photo).rgb.astype(float) - photo.rgb).std() == pytest.approx(9, rel=0.02)


def test_motion_blurs_along_rows_alone(photo):
    blurred = motion(0.05)(photo).rgb.astype(float)
    assert np.abs(np.diff(blurred, axis=1)).mean() < 0.3 * np.abs(np.diff(blurred, axis=0)).mean()


def test_a_lower_quality_is_farther_from_the_photo(photo):
    far, near = (np.abs(jpeg(quality)(photo).rgb.astype(int) - photo.rgb).mean() for quality in (10, 90))
    assert far > near


def test_mask_and_what_is_not_known_shrink_with_the_photo(photo):
    small = longest(160)(photo)
    assert small.rgb.shape == (120, 160, 3)
    assert np.array_equal(small.mask, photo.mask[::4, ::4]) and np.array_equal(small.ignore, photo.ignore[::4, ::4])


def test_a_degraded_photo_differs_and_keeps_its_car(photo):
    rng = np.random.default_rng(1)
    sizes = set()
    for copy in (degraded(photo, rng) for _ in range(40)):
        assert copy.rgb.shape[:2] == copy.mask.shape == copy.ignore.shape
        assert copy.rgb.shape != photo.rgb.shape or (copy.rgb != photo.rgb).any()
        assert (copy.mask > 127).mean() == pytest.approx(0.25, abs=0.01)
        sizes.add(copy.rgb.shape)
    assert len(sizes) > 2, "some of them are made small"
