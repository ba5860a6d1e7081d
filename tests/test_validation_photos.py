"""Real photos through the core, scored against their masks, where such photos are at hand."""
import io

import numpy as np
import pytest
from PIL import Image

from cutout import cut_out
from training.data.sources import beside, photo_paths, read_grey
from training.metrics import score

LEAST_IOU = 0.96
PHOTOS = 4  # of a set


@pytest.mark.parametrize("name", ["street", "web", "studio", "listing"])
def test_validation_photos_are_cut_out(data, name):
    rows = []
    for path in [path for set_name, path in photo_paths(data, "val") if set_name == name][:PHOTOS]:
        with Image.open(io.BytesIO(cut_out(path.read_bytes()).data)) as png, Image.open(path) as photo:
            assert (png.mode, png.size) == ("RGBA", photo.size)
            rows.append(score(np.array(png)[..., 3], read_grey(beside(path, "masks"))))
    assert np.mean([row.iou for row in rows]) >= LEAST_IOU
