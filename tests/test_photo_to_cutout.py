"""A photo goes over HTTP to the real server, and its car comes back."""
import io
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests
from PIL import Image

from tests.answers import problem_of
from tests.conftest import SERVING
from tests.drawn import draw_photo, draw_street, encode
from training.metrics import score


def post(server: str, photo: bytes) -> requests.Response:
    return requests.post(server, files={"image_file": ("car.jpg", photo, "image/jpeg")}, timeout=60)


def rgba_of(answer: requests.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as png:
        assert (png.format, png.mode) == ("PNG", "RGBA")
        return np.array(png)


@pytest.mark.parametrize("angle, colour", [
    ("side", (168, 28, 34)), ("three_quarter", (235, 235, 230)), ("three_quarter", (40, 60, 130)), ("rear", (150, 155, 160)),
    ("front", (30, 90, 60))])
def test_the_car_comes_back_on_transparency(server, angle, colour):
    photo = draw_photo(1280, 960, angle=angle, colour=colour, seed=11)
    rgba = rgba_of(post(server, encode(photo.rgb, "jpeg")))
    assert rgba.shape == (960, 1280, 4)
    assert score(rgba[..., 3], np.rint(photo.alpha * 255).astype(np.uint8)).iou > 0.9
    assert (rgba[rgba[..., 3] == 0] == 0).all()
    sure = (photo.alpha == 1) & (rgba[..., 3] == 255)
    assert np.abs(rgba[sure][:, :3].astype(int) - photo.rgb[sure]).mean() < 3


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_a_raw_body_gives_what_a_form_gives(server, format):
    photo = encode(draw_photo(640, 480, seed=1).rgb, format)
    raw = requests.post(server, data=photo, headers={"Content-Type": f"image/{format}"}, timeout=60)
    octets = requests.post(server, data=photo, headers={"Content-Type": "application/octet-stream"}, timeout=60)
    assert raw.status_code == 200 and raw.content == octets.content == post(server, photo).content


def test_the_answer_tells_its_size_confidence_and_times(server):
    headers = post(server, encode(draw_photo(640, 480, seed=1).rgb)).headers
    assert (headers["X-Type"], headers["X-Width"], headers["X-Height"]) == ("car", "640", "480")
    assert 0.5 < float(headers["X-Confidence"]) <= 1
    stages = [stage.partition(";dur=") for stage in headers["Server-Timing"].split(", ")]
    assert [name for name, _, _ in stages] == ["receive", "wait", "decode", "predict", "refine", "compose", "encode"]
    assert all(float(duration) > 0 for name, _, duration in stages if name != "wait")


def test_many_at_once_get_each_their_own(server):
    photos = [encode(draw_photo(480, 360, seed=seed, colour=(60 * seed, 90, 120)).rgb) for seed in range(4)]
    alone = [post(server, photo).content for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda number: post(server, photos[number % 4]).content, range(24)))
    assert len(set(alone)) == 4
    assert all(content == alone[number % 4] for number, content in enumerate(together))


@pytest.mark.parametrize("seed", range(3))
def test_a_street_without_a_car_is_refused(server, seed):
    assert problem_of(post(server, encode(draw_street(1280, 960, seed)))) == (400, "unknown_foreground")


@pytest.mark.parametrize("photo", [b"not a picture", b"\xff\xd8\xff\xe0", encode(np.zeros((50, 50, 3), np.uint8), "png")[:-30]])
def test_what_is_no_picture_is_refused(server, photo):
    assert problem_of(post(server, photo)) == (400, "failed_to_read_image")


def test_each_mistake_has_its_code(server):
    picture = encode(np.zeros((8, 8, 3), np.uint8))
    part = ("image_file", ("car.jpg", picture))
    assert problem_of(requests.post(server, timeout=60)) == (400, "missing_source")
    assert problem_of(requests.post(server, files={"other": picture}, timeout=60)) == (400, "unknown_parameter")
    assert problem_of(requests.post(server, files=[part, part], timeout=60)) == (400, "multiple_sources")
    assert problem_of(requests.post(server, files=[part], data={"colour": "red"}, timeout=60)) == (400, "unknown_parameter")
    assert problem_of(post(server, bytes(22_000_001))) == (400, "file_too_large")
    assert problem_of(requests.post(server, data=bytes(32_000_001), headers={"Content-Type": "image/jpeg"}, timeout=60)) == (413, "body_too_large")
    assert problem_of(requests.get(f"{server}/nowhere", timeout=60)) == (404, "not_found")
    assert problem_of(requests.put(server, timeout=60)) == (405, "method_not_allowed")


def test_health(server):
    answer = requests.get(f"{server}/healthz", timeout=60)
    assert (answer.status_code, answer.text) == (200, "ok")


def test_serving_needs_nothing_of_training():
    for package in ("tensorflow", "keras", "matplotlib", "apache_beam"):
        assert subprocess.run([SERVING / "python", "-c", f"import {package}"], capture_output=True).returncode != 0
