"""A folder of photos becomes a gallery: one page that needs nothing else, and one picture."""
import base64
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT
from tests.drawn import draw_photo, draw_street, encode


def make(photos: object, out: object) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "docs.gallery", photos, "--out", out], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_each_photo_is_shown_with_its_matte_and_on_four_grounds(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    (photos / "a & b.jpg").write_bytes(encode(draw_photo(480, 360, angle="side", seed=5).rgb))
    (photos / "b.jpg").write_bytes(encode(draw_photo(120, 90, angle="three_quarter", seed=5).rgb))
    (photos / "street.jpg").write_bytes(encode(draw_street(480, 360, seed=1)))
    (photos / "no picture.jpg").write_bytes(b"no picture")
    (photos / "text.txt").write_bytes(b"no picture")
    (photos / "._b.jpg").write_bytes(b"no picture")
    ended = make(photos, out)
    assert ended.returncode == 0 and "4/4" in ended.stderr, "a bar shows how far it is"
    page = (out / "index.html").read_text()
    captions = re.findall("<b>(.*?)</b> (confidence ([0-9.]+)|[a-z_]+)", page)
    assert [(name, text) for name, text, number in captions if not number] == [("no picture.jpg", "failed_to_read_image"), ("street.jpg", "unknown_foreground")]
    confidences = [float(number) for _, _, number in captions[2:]]
    assert {name for name, _, _ in captions[2:]} == {"a &amp; b.jpg", "b.jpg"} and confidences == sorted(confidences)
    figure = page[page.index("<b>a &amp; b.jpg"):]
    shown = dict(re.findall('<img alt="([^"]*)" src="data:image/jpeg;base64,([^"]*)"', figure)[:6])
    assert list(shown) == ["photo", "matte", "on white", "on black", "on magenta", "on a backdrop"] and not re.search("https?:", page)
    pictures = {name: cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR) for name, data in shown.items()}
    corners = {name: picture[3, 3].tolist() for name, picture in pictures.items() if name.startswith("on ")}
    assert corners["on white"] == [255] * 3 and corners["on black"] == [0] * 3 and np.abs(np.subtract(corners["on magenta"], (255, 0, 255))).max() < 6
    matte, backdrop = pictures["matte"][..., 0], pictures["on a backdrop"].max(2)
    left, top, width, height = cv2.boundingRect((matte > 128).astype(np.uint8))
    below = backdrop[top + height:top + height + height // 20, left:left + width]
    assert below.min() < backdrop[top + height:, :left // 2].min() - 20, "a shadow lies under the car"
    assert cv2.imread(str(out / "gallery.jpg")).shape[1] == 1280


def test_a_folder_without_a_car_makes_no_gallery(tmp_path):
    (tmp_path / "text.jpg").write_bytes(b"no picture")
    ended = make(tmp_path, tmp_path / "out")
    assert ended.returncode == 1 and "no photo with a car" in ended.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize("photos", ["missing", "README.md", ""])
def test_a_wrong_folder_is_told_in_one_line(tmp_path, photos):
    ended = make(photos, tmp_path / "out")
    assert ended.returncode == 2 and ended.stderr == f"{photos or 'nothing'} is no folder of photos: make gallery DIR=photos\n" and not ended.stdout
