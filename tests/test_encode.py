"""Encoding: what another reader finds in the file."""
import io

import numpy as np
from PIL import Image

from postprocessing.encode import encode_png


def test_pillow_reads_back_straight_alpha():
    rng = np.random.default_rng(0)
    rgb, alpha = rng.integers(0, 256, (40, 50, 3), np.uint8), rng.random((40, 50), np.float32)
    alpha[:10], alpha[10:20] = 0, 1
    with Image.open(io.BytesIO(encode_png(rgb, alpha))) as png:
        assert (png.format, png.mode, png.size) == ("PNG", "RGBA", (50, 40))
        rgba = np.array(png)
    assert np.array_equal(rgba[..., 3], np.rint(alpha * 255))
    visible = rgba[..., 3] > 0
    assert np.array_equal(rgba[visible][:, :3], rgb[visible])
    assert (rgba[~visible] == 0).all() and (~visible).sum() >= 500
