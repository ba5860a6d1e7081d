"""Foreground colour: no red rim on a white car that stood before a red wall."""
import cv2
import numpy as np

from postprocessing.foreground import foreground


def scene(car: tuple, wall: tuple, softness: float = 3.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A soft disc of shaded colour before a wall: photo, alpha and the disc's own colour everywhere."""
    height, width = 240, 320
    disc = np.zeros((height, width), np.float32)
    cv2.circle(disc, (160, 120), 70, 1.0, -1)
    alpha = cv2.GaussianBlur(disc, (0, 0), softness)
    alpha[alpha < 0.004], alpha[alpha > 0.996] = 0, 1
    shade = np.linspace(0.8, 1.0, width)[None, :, None]
    own, behind = np.array(car) * shade * np.ones((height, 1, 1)), np.array(wall) * np.ones((height, width, 1))
    photo = own * alpha[..., None] + behind * (1 - alpha[..., None])
    return np.rint(photo).astype(np.uint8), alpha, own


def test_the_wall_leaves_the_soft_edge():
    for car, wall in [((250, 250, 250), (200, 20, 20)), ((30, 30, 35), (240, 240, 240)), ((20, 60, 160), (90, 160, 60))]:
        photo, alpha, own = scene(car, wall)
        seen = (alpha > 0.1) & (alpha < 1)
        before, after = (np.abs(colours[seen] - own[seen]).mean() for colours in (photo.astype(float), foreground(photo, alpha).astype(float)))
        assert after < before / 4


def test_certain_pixels_keep_the_colours_of_the_photo():
    photo, alpha, _ = scene((250, 250, 250), (200, 20, 20))
    result = foreground(photo, alpha)
    certain = (alpha == 0) | (alpha == 1)
    assert result.dtype == np.uint8 and np.array_equal(result[certain], photo[certain])


def test_a_hard_matte_changes_nothing_and_the_photo_is_not_written_to():
    photo, alpha, _ = scene((250, 250, 250), (200, 20, 20))
    kept = photo.copy()
    assert np.array_equal(foreground(photo, (alpha > 0.5).astype(np.float32)), photo)
    foreground(photo, alpha)
    assert np.array_equal(photo, kept)
