"""The metrics, against shapes whose scores can be worked out by hand, slow definitions, and the reference script where there is one."""
import importlib.util
from dataclasses import asdict

import numpy as np
import pytest

from training.data.sources import read_grey
from training.metrics import boundary_f, inner_band, score


def box(left: int, right: int, height: int = 200, width: int = 300) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    mask[50:150, left:right] = 255
    return mask


def test_a_perfect_matte():
    result = score(box(50, 250), box(50, 250))
    assert (result.iou, result.boundary_iou, result.mae, result.blob, result.publishable) == (1, 1, 0, 0, True)


def test_a_strip_too_much():
    result = score(box(50, 250), box(50, 240))
    assert result.iou == pytest.approx(190 / 200)
    assert result.mae == pytest.approx(10 * 100 / (200 * 300))
    assert result.blob == pytest.approx(10 / 190) and not result.publishable


def test_a_hole_is_not_publishable_however_high_the_iou():
    holed = box(50, 250)
    holed[90:100, 100:110] = 0
    result = score(holed, box(50, 250))
    assert result.iou == pytest.approx(0.995) and result.blob == pytest.approx(0.005) and not result.publishable


def test_nothing_is_counted_where_it_is_not_known():
    assert score(box(50, 250), box(50, 240), box(240, 300)).publishable


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


def test_boundary_f_by_definition():
    rng = np.random.default_rng(1)
    found, wanted = (smooth_blob(rng) for _ in range(2))
    outlines = [np.argwhere(outline(mask)) for mask in (found, wanted)]
    distances = np.hypot(*(outlines[0][:, None] - outlines[1][None]).transpose(2, 0, 1))
    precision, recall = ((distances.min(axis) <= 1).mean() for axis in (1, 0))
    assert boundary_f(found, wanted, 1) == pytest.approx(2 * precision * recall / (precision + recall), abs=1e-9)


def smooth_blob(rng: np.random.Generator) -> np.ndarray:
    """A disc in a random place, away from the frame."""
    y, x = np.mgrid[:40, :50]
    return np.hypot(y - rng.uniform(18, 22), x - rng.uniform(23, 27)) < rng.uniform(8, 11)


def outline(mask: np.ndarray) -> np.ndarray:
    """Pixels of a boolean mask with one of their eight neighbours outside of it."""
    padded = np.pad(mask, 1, constant_values=True)
    whole = np.all([padded[1 + y:padded.shape[0] - 1 + y, 1 + x:padded.shape[1] - 1 + x] for y in (-1, 0, 1) for x in (-1, 0, 1)], 0)
    return mask & ~whole


@pytest.mark.parametrize("change, expected", [
    ("nothing", (False, False)), ("a speck of 3 pixels beside the car", (True, False)),
    ("a twentieth and more lost", (False, True)), ("a twentieth and more added", (False, True)),
])
def test_loose_pieces_and_wrecks(change, expected):
    alpha = box(50, 250)
    if change.startswith("a speck"):
        alpha[10, 10:13] = 41  # of 20,000: visible, and over a ten-thousandth
    elif change.endswith("lost"):
        alpha[:, 239:] = 0
    elif change.endswith("added"):
        alpha[50:150, 250:261] = 255
    result = score(alpha, box(50, 250))
    assert (result.loose, result.wreck) == expected


def test_agrees_with_the_reference_script(data):
    """On real masks, with mattes that are shifted, torn and frayed."""
    script = data.parent / "score.py"
    if not script.exists():
        pytest.skip(f"no reference script: {script}")
    spec = importlib.util.spec_from_file_location("reference", script)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    rng = np.random.default_rng(7)
    for path in [path for name in ("wild", "street") for path in sorted((data / "val" / name / "masks").glob("*.png"))[:4]]:
        truth = read_grey(path)
        alpha = np.roll(truth, rng.integers(-3, 4, 2), (0, 1))
        alpha = np.where(rng.random(alpha.shape) < 0.001, 255 - alpha, alpha).astype(np.uint8)
        alpha[:rng.integers(truth.shape[0])] //= rng.integers(1, 4, dtype=np.uint8)
        ignore = (rng.random(alpha.shape) < 0.02).astype(np.uint8) * 255
        theirs = reference.score(alpha, truth, ignore)
        ours = asdict(score(alpha, truth, ignore))
        assert ours | {"clean": ours.pop("publishable")} == pytest.approx(theirs, abs=1e-6)
