"""A folder of photos becomes a gallery: one page that needs nothing else, and one picture."""
import base64
import re
import subprocess
import sys

import cv2
import numpy as np

from tests.conftest import ROOT
from tests.drawn import draw_photo, draw_street, encode


def make(photos, out) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "docs.gallery", photos, "--out", out], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_each_photo_is_shown_with_its_matte_and_on_four_grounds(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    (photos / "a & b.jpg").write_bytes(encode(draw_photo(480, 360, angle="side", seed=5).rgb))
    (photos / "street.jpg").write_bytes(encode(draw_street(480, 360, seed=1)))
    (photos / "text.txt").write_bytes(b"no picture")
    assert make(photos, out).returncode == 0
    page = (out / "index.html").read_text()
    assert "<b>a &amp; b.jpg</b> confidence" in page and "<b>street.jpg</b> unknown_foreground" in page and "<b>text.txt</b> failed_to_read_image" in page
    shown = dict(re.findall('<img alt="([^"]*)" src="data:image/jpeg;base64,([^"]*)"', page))
    assert list(shown) == ["photo", "matte", "on white", "on black", "on magenta", "on a backdrop"] and not re.search("https?:", page)
    pictures = {name: cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR) for name, data in shown.items()}
    corners = {name: picture[3, 3].tolist() for name, picture in pictures.items() if name.startswith("on ")}
    assert corners["on white"] == [255] * 3 and corners["on black"] == [0] * 3 and np.abs(np.subtract(corners["on magenta"], (255, 0, 255))).max() < 6
    sheet = cv2.imread(str(out / "gallery.jpg"))
    assert sheet.shape[1] == sum(picture.shape[1] for picture in pictures.values())


def test_a_folder_without_a_car_makes_no_gallery(tmp_path):
    (tmp_path / "text.txt").write_bytes(b"no picture")
    ended = make(tmp_path, tmp_path / "out")
    assert ended.returncode == 1 and "no photo with a car" in ended.stderr and not (tmp_path / "out").exists()
