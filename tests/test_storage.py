"""Objects of Cloud Storage: only from allowed buckets, within limits of size and time. The buckets are an emulator's."""
import threading
from collections.abc import Iterator
from functools import cache
from uuid import uuid4

import pytest
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError
from google.cloud.storage import Client

import storage
from storage import Location, Missing, TooLarge, TooSlow, Unreachable, Unreadable, delete, objects, read, stat, write
from tests.answers import problem_of
from tests.cloud import emulated
from tests.drawn import draw_photo, encode
from tests.fetch_server import Site, serving, writes
from tests.function import Function

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


def use(emulator: str, patch: pytest.MonkeyPatch) -> None:
    """From now on storage talks to this emulator."""
    patch.setenv("STORAGE_EMULATOR_HOST", emulator)
    patch.setattr(storage, "client", cache(storage.client.__wrapped__))


@pytest.fixture
def function(emulator, monkeypatch) -> Function:
    use(emulator, monkeypatch)
    return Function(ALLOWED_BUCKETS="photos, other-photos")


def post(function: Function, **values: str) -> requests.Response:
    return function.post("/", data=values)


@pytest.mark.parametrize("name", ["car.jpg", ODD])
def test_an_object_gives_what_an_upload_gives(function, name):
    uploaded = function.post("/", files={"image_file": PHOTO})
    assert uploaded.status_code == 200 and post(function, image_url=f"gs://photos/{name}").content == uploaded.content


def test_an_object_may_be_the_backdrop(function):
    files = {"image_file": PHOTO, "bg_image_file": ("blue.png", BLUE)}
    uploaded = function.post("/", files=files)
    named = post(function, image_url="gs://photos/car.jpg", bg_image_url="gs://photos/backdrop.png")
    assert uploaded.status_code == named.status_code == 200 and named.content == uploaded.content


@pytest.mark.parametrize("url, code", [
    ("gs://photos/missing.jpg", "failed_image_download"), ("gs://private/car.jpg", "failed_image_download"),
    ("gs://other-photos/car.jpg", "failed_image_download"),
    ("gs://photos/" + "x" * 1025, "failed_image_download"), ("gs://photos", "failed_image_download"),
    ("gs://photos/", "failed_image_download"), ("gs:///car.jpg", "failed_image_download"),
    ("gs://photos/text.txt", "failed_to_read_image"), ("gs://photos/empty", "failed_to_read_image"), ("gs://photos/large", "file_too_large"),
    ("gs://photos/limit", "failed_to_read_image")])
def test_each_wrong_object_has_its_code(function, url, code):
    assert problem_of(post(function, image_url=url)) == (400, code)


@pytest.mark.parametrize("url, code", [
    ("gs://photos/missing.png", "failed_bg_download"), ("gs://private/backdrop.png", "failed_bg_download"), ("gs://photos/text.txt", "invalid_bg_image_url"),
    ("gs://photos/large", "file_too_large")])
def test_each_wrong_backdrop_has_its_code(function, url, code):
    assert problem_of(post(function, image_url="gs://photos/car.jpg", bg_image_url=url)) == (400, code)


def test_half_a_character_names_no_object(function):
    assert problem_of(function.post("/", json={"image_url": "gs://photos/\ud800"})) == (400, "failed_image_download")


def test_a_caller_does_not_learn_whether_a_forbidden_object_exists(function):
    existing, missing = (post(function, image_url=f"gs://private/{name}").json() for name in ("car.jpg", "missing.jpg"))
    assert existing == missing


def test_without_allowed_buckets_none_is_read(emulator, monkeypatch):
    use(emulator, monkeypatch)
    assert problem_of(post(Function(), image_url="gs://photos/car.jpg")) == (400, "failed_image_download")


@pytest.fixture
def cloud(monkeypatch) -> Iterator[Site]:
    """A Cloud Storage of our own, that answers as a test says."""
    with serving() as site:
        use(f"http://127.0.0.1:{site.port}", monkeypatch)
        yield site


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
def bucket(emulator, monkeypatch) -> str:
    """An empty bucket of the emulator's, as storage sees it."""
    use(emulator, monkeypatch)
    name = f"bucket-{uuid4().hex}"
    requests.post(f"{emulator}/storage/v1/b", json={"name": name}, timeout=10).raise_for_status()
    return name


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


def test_an_object_is_deleted_where_it_is_still_the_generation_that_was_seen(bucket, monkeypatch):
    place, request = Location(bucket, ODD), requests.Session.request
    write(place, b"first", "image/png", {})
    there = stat(place)

    def as_the_cloud(session: requests.Session, method: str, url: str, **how: object) -> requests.Response:
        """The emulator does not look at the condition."""
        if method != "DELETE" or f"ifGenerationMatch={there.generation}&" in f"{url}&":
            return request(session, method, url, **how)
        refusal = requests.Response()
        refusal.status_code, refusal.request = 412, requests.Request(method, url)
        return refusal

    monkeypatch.setattr(requests.Session, "request", as_the_cloud)
    delete(place, 1)
    assert stat(place) == there
    delete(place, there.generation)
    delete(place, there.generation)
    assert stat(place) is None, "deleted, and that once more does nothing"


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


def test_a_failing_storage_is_distinguished_from_a_missing_object(cloud, stop):
    cloud.answers[MEDIA] = writes(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", stop=stop)
    with pytest.raises(Unreachable):
        read(Location("photos", "car.jpg"), most=100, seconds=2)
    cloud.answers[MEDIA] = writes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", stop=stop)
    with pytest.raises(Missing):
        read(Location("photos", "car.jpg"), most=100, seconds=2)


class Fails(Credentials):
    """Credentials that can't be renewed."""

    def __init__(self, error: type[GoogleAuthError]):
        super().__init__()
        self.error = error

    def refresh(self, request: object) -> None:
        raise self.error("said no")


@pytest.fixture(params=[RefreshError, TransportError])
def locked_out(request, monkeypatch) -> None:
    """From now on the storage can't be asked, since access to it can't be renewed."""
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setattr(storage, "client", cache(lambda: Client("project", Fails(request.param))))


CAR = Location("photos", "car.jpg")
USES = {"read": lambda: read(CAR, most=100, seconds=20), "stat": lambda: stat(CAR), "list": lambda: list(objects("photos")),
        "write": lambda: write(CAR, b"car", "image/jpeg", {}), "delete": lambda: delete(CAR, 1)}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_access_that_can_not_be_renewed_is_a_storage_that_may_work_later(locked_out, use):
    with pytest.raises(Unreachable, match="^access to the storage could not be renewed$"):
        use()


def test_a_caller_learns_of_no_crash_then(locked_out):
    assert problem_of(post(Function(ALLOWED_BUCKETS="photos"), image_url="gs://photos/car.jpg")) == (400, "failed_image_download")


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_an_environment_without_credentials_is_told_as_it_is(monkeypatch, use):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/missing.json")
    monkeypatch.setattr(storage, "client", cache(storage.client.__wrapped__))
    with pytest.raises(DefaultCredentialsError, match="/missing.json"):
        use()
