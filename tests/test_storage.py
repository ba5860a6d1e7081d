"""Pictures named by gs:// addresses: only of the buckets that are allowed, only so large, only so long. The bucket is an emulator's."""
import subprocess
import sys
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
import requests

import storage
from storage import Location, Missing, TooLarge, TooSlow, Unreachable, Unreadable, objects, read, stat, write
from tests.answers import problem_of
from tests.cloud import emulated
from tests.conftest import ROOT
from tests.drawn import draw_photo, encode
from tests.fetch_server import Site, serving, writes

PHOTO = encode(draw_photo(640, 480, angle="side", seed=5).rgb)
BLUE = encode(draw_photo(320, 240, seed=1).rgb, "png")
ODD = "2026/grün & blau, 100%?#1.jpg"
OBJECTS = {"car.jpg": PHOTO, ODD: PHOTO, "backdrop.png": BLUE, "text.txt": b"no picture", "empty": b"", "large": bytes(22_000_001), "limit": bytes(22_000_000)}


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """The address of a Cloud Storage with the buckets photos and private, each with the same objects."""
    with emulated() as cloud:
        for bucket in ("photos", "private"):
            requests.post(f"{cloud.address}/storage/v1/b", json={"name": bucket}, timeout=10).raise_for_status()
            for name, data in OBJECTS.items():
                cloud.put(bucket, name, data, "image/jpeg")
        yield cloud.address


@pytest.fixture(scope="module")
def address(emulator, serve) -> str:
    return serve(ALLOWED_BUCKETS="photos, other-photos", STORAGE_EMULATOR_HOST=emulator).address


def post(address: str, **values: str) -> requests.Response:
    return requests.post(address, data=values, timeout=60)


@pytest.mark.parametrize("name", ["car.jpg", ODD])
def test_an_object_gives_what_an_upload_gives(address, name):
    uploaded = requests.post(address, files={"image_file": PHOTO}, timeout=60)
    assert uploaded.status_code == 200 and post(address, image_url=f"gs://photos/{name}").content == uploaded.content


def test_an_object_may_be_the_backdrop(address):
    files = {"image_file": PHOTO, "bg_image_file": ("blue.png", BLUE)}
    uploaded = requests.post(address, files=files, timeout=60)
    named = post(address, image_url="gs://photos/car.jpg", bg_image_url="gs://photos/backdrop.png")
    assert uploaded.status_code == named.status_code == 200 and named.content == uploaded.content


@pytest.mark.parametrize("url, code", [
    ("gs://photos/missing.jpg", "failed_image_download"), ("gs://private/car.jpg", "failed_image_download"),
    ("gs://other-photos/car.jpg", "failed_image_download"),
    ("gs://photos/" + "x" * 1025, "failed_image_download"), ("gs://photos", "failed_image_download"),
    ("gs://photos/", "failed_image_download"), ("gs:///car.jpg", "failed_image_download"),
    ("gs://photos/text.txt", "failed_to_read_image"), ("gs://photos/empty", "failed_to_read_image"), ("gs://photos/large", "file_too_large"),
    ("gs://photos/limit", "failed_to_read_image")])
def test_each_wrong_object_has_its_code(address, url, code):
    assert problem_of(post(address, image_url=url)) == (400, code)


@pytest.mark.parametrize("url, code", [
    ("gs://photos/missing.png", "failed_bg_download"), ("gs://private/backdrop.png", "failed_bg_download"), ("gs://photos/text.txt", "invalid_bg_image_url"),
    ("gs://photos/large", "file_too_large")])
def test_each_wrong_backdrop_has_its_code(address, url, code):
    assert problem_of(post(address, image_url="gs://photos/car.jpg", bg_image_url=url)) == (400, code)


def test_half_a_character_names_no_object(address):
    assert problem_of(requests.post(address, json={"image_url": "gs://photos/\ud800"}, timeout=60)) == (400, "failed_image_download")


def test_nobody_learns_whether_an_object_exists_that_may_not_be_read(address):
    existing, missing = (post(address, image_url=f"gs://private/{name}").json() for name in ("car.jpg", "missing.jpg"))
    assert existing == missing


def test_without_allowed_buckets_none_is_read(server):
    assert problem_of(post(server, image_url="gs://photos/car.jpg")) == (400, "failed_image_download")


@pytest.mark.parametrize("buckets", ["gs://photos", "photos/2026", "photos,,others", "Photos"])
def test_a_malformed_bucket_ends_the_start(refused, buckets):
    assert "ALLOWED_BUCKETS takes the names of buckets" in refused(ALLOWED_BUCKETS=buckets)


@pytest.fixture
def cloud(monkeypatch) -> Iterator[Site]:
    """A Cloud Storage of our own, that answers as a test says."""
    with serving() as site:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{site.port}")
        storage.client.cache_clear()
        yield site
    storage.client.cache_clear()


MEDIA = "/download/storage/v1/b/photos/o/car.jpg?alt=media"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Ends the answers that would take long."""
    event = threading.Event()
    yield event
    event.set()


def test_a_large_object_is_given_up_before_its_end(cloud, stop):
    cloud.answers[MEDIA] = writes(HEAD + bytes(100_000), stop=stop)
    with pytest.raises(TooLarge):
        read(Location("photos", "car.jpg"), most=50_000, seconds=20)


@pytest.mark.parametrize("pieces, every", [((b"", HEAD), 1.0), ((HEAD, bytes(900_000)), 1.0), ((HEAD, *[bytes(50_000)] * 19), 0.1)],
                         ids=["says nothing", "stops", "is slow"])
def test_a_slow_object_is_given_up(cloud, stop, pieces, every):
    cloud.answers[MEDIA] = writes(*pieces, every=every, stop=stop)
    with pytest.raises(TooSlow):
        read(Location("photos", "car.jpg"), most=2_000_000, seconds=0.5)


def test_a_passing_fault_is_tried_again(cloud, stop):
    answers = [b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ncar"]
    cloud.answers[MEDIA] = lambda handler: handler.wfile.write(answers.pop(0))
    assert read(Location("photos", "car.jpg"), most=100, seconds=20) == b"car"


def test_a_forbidden_object_reads_as_a_missing_one(cloud, stop):
    said = []
    for status in (b"403 Forbidden", b"404 Not Found"):
        cloud.answers[MEDIA] = writes(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n", stop=stop)
        with pytest.raises(Unreadable) as caught:
            read(Location("photos", "car.jpg"), most=100, seconds=20)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.fixture
def bucket(emulator, monkeypatch) -> Iterator[str]:
    """An empty bucket of the emulator's, as storage sees it."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    storage.client.cache_clear()
    name = f"bucket-{uuid4().hex}"
    requests.post(f"{emulator}/storage/v1/b", json={"name": name}, timeout=10).raise_for_status()
    yield name
    storage.client.cache_clear()


def test_an_object_is_written_once(bucket):
    place = Location(bucket, ODD)
    assert stat(place) is None
    assert write(place, b"first", "image/png", {"source": "one"})
    there = stat(place)
    assert (there.location, there.size, there.metadata) == (place, 5, {"source": "one"})
    assert not write(place, b"second", "image/png", {"source": "two"}), "created, although it was there"
    assert stat(place) == there and read(place, most=100, seconds=20) == b"first"


def test_an_object_is_replaced_where_it_is_still_the_generation_that_was_seen(bucket):
    place = Location(bucket, "car.png")
    write(place, b"first", "image/png", {})
    first = stat(place)
    assert write(place, b"second", "image/png", {}, replaces=first.generation)
    assert read(place, most=100, seconds=20) == b"second" and stat(place).generation > first.generation
    assert not write(place, b"third", "image/png", {}, replaces=first.generation)
    assert read(place, most=100, seconds=20) == b"second"


def test_a_generation_that_is_gone_is_not_read_from_its_successor(bucket):
    place = Location(bucket, "car.png")
    write(place, b"first", "image/png", {})
    first = stat(place).generation
    write(place, b"second", "image/png", {}, replaces=first)
    with pytest.raises(Missing):
        read(place, most=100, seconds=20, generation=first)


def test_listing_turns_every_page(bucket, monkeypatch):
    names = sorted(f"lot {number % 3}/ü {number:02}.jpg" for number in range(25))
    for name in names:
        write(Location(bucket, name), b"car", "image/jpeg", {})
    listing = storage.client().list_blobs
    monkeypatch.setattr(storage.client(), "list_blobs", lambda *args, **options: listing(*args, page_size=10, **options))
    assert [found.location.name for found in objects(bucket)] == names
    assert [found.location.name for found in objects(bucket, "lot 1/")] == [name for name in names if name.startswith("lot 1/")]


def test_a_storage_that_does_not_answer_is_told_from_an_object_that_is_not_there(cloud, stop):
    cloud.answers[MEDIA] = writes(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", stop=stop)
    with pytest.raises(Unreachable):
        read(Location("photos", "car.jpg"), most=100, seconds=2)
    cloud.answers[MEDIA] = writes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", stop=stop)
    with pytest.raises(Missing):
        read(Location("photos", "car.jpg"), most=100, seconds=2)


def test_the_library_is_not_imported_before_it_is_needed():
    look = "import sys, main; assert not [name for name in sys.modules if name.startswith(('google.cloud.storage', 'requests'))]"
    subprocess.run([sys.executable, "-c", look], check=True, cwd=ROOT)
