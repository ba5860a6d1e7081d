"""Real photos over HTTP, scored against their masks, where such photos are at hand."""
import io

import numpy as np
import pytest
import requests
from PIL import Image

from training.data.sources import beside, photo_paths, read_grey
from training.metrics import score

LEAST_IOU = 0.96


@pytest.mark.parametrize("name", ["street", "web", "studio", "listing"])
def test_validation_photos_are_cut_out(server, data, name):
    rows = []
    for path in (path for set_name, path in photo_paths(data, "val") if set_name == name):
        answer = requests.post(server, data=path.read_bytes(), headers={"Content-Type": "image/jpeg"}, timeout=60)
        assert answer.status_code == 200, f"{path.name}: {answer.text}"
        with Image.open(io.BytesIO(answer.content)) as png, Image.open(path) as photo:
            assert (png.mode, png.size) == ("RGBA", photo.size)
            rows.append(score(np.array(png)[..., 3], read_grey(beside(path, "masks"))))
    assert np.mean([row.iou for row in rows]) >= LEAST_IOU
