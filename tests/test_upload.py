"""A photo arrives in a bucket: its result, or the reason why there is none, is in another one, whatever the number and order of the events."""
import gzip
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import quote
from uuid import uuid4

import pytest
import requests
from cloudevents.http import CloudEvent

import storage
from api.settings import InvalidSetting, Settings
from bulk.job import BulkJob
from bulk.report import rows
from bulk.stores import open_store
from cutout import CutOut, cut_out
from events import arrivals
from events.arrivals import Arrivals, Loop
from once import once
from storage import Location, Unreachable, Unreadable
from tests.bulk_photos import huge_png
from tests.cloud import Cloud, emulated
from tests.drawn import draw_photo, draw_street, encode
from tests.fetch_server import Site as FakeSite
from tests.fetch_server import says, serving

PHOTO = encode(draw_photo(480, 360, angle="side", seed=5).rgb)
OTHER = encode(draw_photo(480, 360, angle="side", seed=6).rgb)
BROKEN = b"\xff\xd8\xff broken"
ODD = "lot 3/Ä & ö #1?.JPG"


@dataclass(frozen=True)
class Site:
    """A cloud with an empty bucket for what comes and one for what goes."""

    cloud: Cloud
    incoming: str
    outgoing: str

    def put(self, name: str, data: bytes, content_type: str = "image/jpeg") -> dict:
        """Uploads a photo and gives its event."""
        generation = self.cloud.put(self.incoming, name, data, content_type)["generation"]
        return {"bucket": self.incoming, "name": name, "generation": generation, "size": str(len(data)), "contentType": content_type}

    def results(self) -> dict[str, dict]:
        return self.cloud.objects(self.outgoing)

    def read(self, name: str) -> bytes:
        return self.cloud.read(self.outgoing, name)


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], Site]]:
    with emulated() as cloud:
        yield lambda: Site(cloud, cloud.bucket(), cloud.bucket())


@pytest.fixture(scope="module")
def deployed(make, serve):
    """The buckets, and the address of the function that is told of arrivals."""
    site = make()
    return site, serve(target="on_upload", OUTPUT_BUCKET=site.outgoing, STORAGE_EMULATOR_HOST=site.cloud.address)


def send(address: str, event: dict) -> int:
    """As Eventarc does (CloudEvents 1.0, HTTP, binary mode). The answer's status: 200 acknowledges, 500 has it sent again."""
    headers = {"ce-specversion": "1.0", "ce-id": uuid4().hex, "ce-type": "google.cloud.storage.object.v1.finalized", "Content-Type": "application/json",
               "ce-source": f"//storage.googleapis.com/projects/_/buckets/{event['bucket']}", "ce-subject": f"objects/{event['name']}"}
    return requests.post(address, data=json.dumps(event), headers=headers, timeout=60).status_code


def logged(server) -> list[dict]:
    """The lines that it logged of arrivals."""
    return [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith('{"photo"')]


def codes(server, event: dict) -> list[str]:
    source = {"source": f"gs://{event['bucket']}/{event['name']}", "generation": int(event["generation"])}
    return [line["code"] for line in logged(server) if line["photo"] == source]


@pytest.mark.parametrize("name, content_type", [
    ("2026/car.jpg", "image/jpeg"), (ODD, "image/jpeg"), ("IMG_1.HIF", "text/plain"), ("car", "application/octet-stream"), ("blue.JPE", "text/plain")])
def test_a_photo_becomes_what_the_api_would_answer(deployed, server, name, content_type):
    site, function = deployed
    event = site.put(name, PHOTO, content_type)
    assert send(function.address, event) == 200 and codes(function, event) == ["done"]
    answer = requests.post(server, files={"image_file": PHOTO}, data={"format": "png"}, timeout=60)
    assert site.read(f"{name}.png") == answer.content
    written = site.results()[f"{name}.png"]
    assert written["contentType"] == "image/png"
    assert written["metadata"] == {
        "source": f"gs://{site.incoming}/{name}", "source-generation": event["generation"],
        "cut_out": answer.headers["X-Cut-Out"], "kind": answer.headers["X-Kind"], "confidence": answer.headers["X-Confidence"],
        "view": answer.headers["X-View"], "flags": answer.headers["X-Flags"], "size": f"{answer.headers['X-Width']}x{answer.headers['X-Height']}",
        "car": ",".join(answer.headers[f"X-Foreground-{side}"] for side in ("Left", "Top", "Width", "Height")),
        "milliseconds": written["metadata"]["milliseconds"]}


def test_an_event_that_comes_five_times_at_once_has_one_result(deployed):
    site, function = deployed
    event = site.put("five.jpg", PHOTO)
    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(send, [function.address] * 5, [event] * 5)) == [200] * 5
    assert sorted(codes(function, event)) == ["done", *["known"] * 4]
    written = site.results()["five.jpg.png"]
    assert send(function.address, event) == 200 and site.results()["five.jpg.png"] == written


def test_an_old_photos_event_after_the_new_one_changes_nothing(deployed):
    site, function = deployed
    old, new = site.put("twice.jpg", PHOTO), site.put("twice.jpg", OTHER)
    assert send(function.address, old) == 200 and codes(function, old) == ["gone"], "the old one is not there any more"
    assert send(function.address, new) == 200
    result = site.read("twice.jpg.png")
    assert send(function.address, old) == 200 and codes(function, old) == ["gone", "overtaken"]
    assert site.read("twice.jpg.png") == result and site.results()["twice.jpg.png"]["metadata"]["source-generation"] == new["generation"]


def test_a_new_photo_takes_the_old_ones_place(deployed):
    site, function = deployed
    send(function.address, site.put("again.jpg", PHOTO))
    first = site.read("again.jpg.png")
    assert send(function.address, site.put("again.jpg", OTHER)) == 200 and site.read("again.jpg.png") != first


def test_a_new_photo_that_succeeds_leaves_no_dead_letter_of_the_old_one(deployed):
    site, function = deployed
    send(function.address, site.put("mended.jpg", BROKEN))
    assert "dead-letters/mended.jpg.json" in site.results()
    assert send(function.address, site.put("mended.jpg", PHOTO)) == 200
    assert {name for name in site.results() if "mended" in name} == {"mended.jpg.png"}


def test_a_new_photo_that_fails_leaves_the_old_result_beside_a_newer_dead_letter(deployed):
    site, function = deployed
    old = site.put("worse.jpg", PHOTO)
    send(function.address, old)
    new = site.put("worse.jpg", BROKEN)
    assert send(function.address, new) == 200
    generations = {name: found["metadata"]["source-generation"] for name, found in site.results().items() if "worse" in name}
    assert generations == {"worse.jpg.png": old["generation"], "dead-letters/worse.jpg.json": new["generation"]}


def test_an_old_photo_does_not_come_back_after_a_new_one_that_failed(deployed):
    site, function = deployed
    old = site.put("failing.jpg", PHOTO)
    new = site.put("failing.jpg", BROKEN)
    assert send(function.address, new) == send(function.address, old) == 200 and codes(function, old) == ["overtaken"]
    assert "failing.jpg.png" not in site.results()


@pytest.mark.parametrize("name, data, code", [
    ("short.jpg", PHOTO[:len(PHOTO) // 2], "failed_to_read_image"), ("empty.jpg", b"", "failed_to_read_image"),
    ("text.jpg", b"no picture", "failed_to_read_image"),
    ("street.jpg", encode(draw_street(480, 360, seed=1)), "unknown_foreground"), ("huge.png", huge_png(), "resolution_too_high"),
    ("heavy.jpg", bytes(22_000_001), "file_too_large")], ids=["short", "empty", "text", "no car", "huge", "heavy"])
def test_a_photo_that_can_never_succeed_is_acknowledged_with_a_dead_letter(deployed, name, data, code):
    site, function = deployed
    event = site.put(name, data)
    assert send(function.address, event) == send(function.address, event) == 200
    assert codes(function, event) == ["dead_letter", "known"]
    letter = json.loads(site.read(f"dead-letters/{name}.json"))
    assert letter.pop("detail") and letter == {"name": name, "generation": int(event["generation"]), "code": code}
    assert f"{name}.png" not in site.results()


@pytest.mark.parametrize("name, data, content_type", [
    ("notes.txt", b"cars", "text/plain"), ("film.mp4", PHOTO, "video/mp4"), ("folder/", b"", "application/octet-stream"),
    ("data", b"\0\1\2", "application/octet-stream"), ("lot/._car.jpg", b"\0\5\x16\7", "image/jpeg"), (".hidden.HEIC", PHOTO, "application/octet-stream"),
    (".trash/car.jpg", PHOTO, "image/jpeg")])
def test_what_is_not_a_picture_is_left_alone(deployed, name, data, content_type):
    site, function = deployed
    event = site.put(name, data, content_type)
    assert send(function.address, event) == 200 and codes(function, event) == ["not_a_picture"]
    assert not [written for written in site.results() if name in written]


def test_a_photo_that_was_deleted_is_acknowledged(deployed):
    site, function = deployed
    event = site.put("deleted.jpg", PHOTO)
    site.cloud.delete(site.incoming, "deleted.jpg")
    assert send(function.address, event) == 200 and codes(function, event) == ["gone"]


@pytest.mark.parametrize("name, code", [("x" * 1021, "name_too_long"), ("x" * 1007, "name_too_long"), ("ä" * 504, "name_too_long"), ("x" * 1006, "gone")],
                         ids=["for the result", "for the dead letter", "in bytes", "for none"])
def test_a_name_too_long_for_a_result_or_a_dead_letter_is_acknowledged(deployed, name, code):
    """Cloud Storage allows 1,024 bytes; the emulator allows more."""
    site, function = deployed
    event = {"bucket": site.incoming, "name": name, "generation": "1", "size": "1", "contentType": "image/jpeg"}
    assert send(function.address, event) == 200 and codes(function, event) == [code]
    assert logged(function)[-1]["severity"] == ("WARNING" if code == "name_too_long" else "INFO"), "no other trace of the photo is left"


@pytest.fixture
def bucket(make, monkeypatch) -> Site:
    """The buckets, for events that are handled in this process."""
    site = make()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", site.cloud.address)
    monkeypatch.setattr(storage, "client", once(storage.client.__wrapped__))  # one that knows the address
    return site


def receive(arrivals: Arrivals, event: dict) -> str:
    return arrivals.receive(Location(event["bucket"], event["name"]), int(event["generation"]), int(event["size"]), event["contentType"])


def test_options_are_the_apis(bucket, server):
    settings = Settings.read({"OUTPUT_BUCKET": f"{bucket.outgoing}/white", "OUTPUT_OPTIONS": "bg_color=fff&crop=true&crop_margin=5%25"})
    assert receive(settings.arrivals, bucket.put("lot/car.jpg", PHOTO)) == "done"
    answer = requests.post(server, files={"image_file": PHOTO}, data={"bg_color": "fff", "crop": "true", "crop_margin": "5%", "format": "jpg"}, timeout=60)
    assert bucket.read("white/lot/car.jpg.jpg") == answer.content


def test_a_photo_that_is_sent_back_as_it_is_says_so(bucket):
    arrivals = Settings.read({"OUTPUT_BUCKET": bucket.outgoing, "OUTPUT_OPTIONS": "unsuitable=original"}).arrivals
    assert receive(arrivals, bucket.put("street.jpg", encode(draw_street(480, 360, seed=1)))) == "done"
    metadata = bucket.results()["street.jpg.png"]["metadata"]
    assert (metadata["cut_out"], metadata["kind"], metadata["confidence"]) == ("none", "other", "0.000")


@pytest.mark.parametrize("first", [BROKEN, PHOTO], ids=["the dead letter", "the result"])
def test_no_dead_letter_is_left_beside_a_newer_result_although_both_are_made_at_the_same_time(bucket, monkeypatch, first):
    """first: the photo that is still in work while the other generation's output is written."""
    into = Arrivals(bucket.outgoing)

    def meanwhile(photo: bytes, *how: object, **more: object) -> CutOut:
        if photo == first == BROKEN:
            assert receive(into, bucket.put("car.jpg", PHOTO)) == "done"
        elif photo == first:
            bucket.cloud.put(bucket.outgoing, "dead-letters/car.jpg.json", b"{}")
        return cut_out(photo, *how, **more)

    monkeypatch.setattr(arrivals, "cut_out", meanwhile)
    assert receive(into, bucket.put("car.jpg", first)) == ("dead_letter" if first == BROKEN else "done")
    assert list(bucket.results()) == ["car.jpg.png"]


@pytest.mark.parametrize("options, photo, outcome", [("", PHOTO, "done"), ("unsuitable=original", encode(draw_street(480, 360, seed=1)), "original")],
                         ids=["done", "original"])
def test_the_bulk_jobs_report_says_the_same_of_a_photo_whoever_converted_it(bucket, tmp_path, options, photo, outcome):
    arrivals = Settings.read({"OUTPUT_BUCKET": bucket.outgoing, "OUTPUT_OPTIONS": options}).arrivals
    assert receive(arrivals, bucket.put("car.jpg", photo)) == "done"
    here = BulkJob(open_store(f"gs://{bucket.incoming}"), None, open_store(str(tmp_path)), arrivals.options)
    assert [here.convert(item).status for item in here.photos.items()] == ["done"]
    told, expected = (replace(*rows(job), milliseconds=None) for job in (replace(here, results=open_store(f"gs://{bucket.outgoing}")), here))
    assert told == expected and (told.outcome, told.width) == (outcome, 480)


def test_a_photo_that_is_too_large_only_when_it_is_unpacked_has_a_dead_letter(bucket):
    """An object that is stored with Content-Encoding: gzip has the size of what is packed."""
    event = bucket.put("heavy.jpg", packed := gzip.compress(bytes(22_000_001)))
    upload = f"{bucket.cloud.address}/upload/storage/v1/b/{bucket.incoming}/o?uploadType=media&name=heavy.jpg&contentEncoding=gzip"
    event["generation"] = requests.post(upload, data=packed, headers={"Content-Type": "image/jpeg"}, timeout=30).json()["generation"]
    assert receive(Arrivals(bucket.outgoing), event) == "dead_letter"
    assert json.loads(bucket.read("dead-letters/heavy.jpg.json"))["code"] == "file_too_large"


def test_a_bucket_that_would_feed_itself_is_refused_until_results_have_a_folder(bucket):
    event = bucket.put("car.jpg", PHOTO)
    with pytest.raises(Loop):
        receive(Arrivals.parse(bucket.incoming), event)
    assert list(bucket.cloud.objects(bucket.incoming)) == ["car.jpg"]
    into_folder = Arrivals.parse(f"{bucket.incoming}/cut")
    assert receive(into_folder, event) == "done"
    result = bucket.cloud.objects(bucket.incoming)["cut/car.jpg.png"]
    own = {"bucket": bucket.incoming, "name": "cut/car.jpg.png", "generation": result["generation"], "size": result["size"], "contentType": "image/png"}
    assert receive(into_folder, own) == "ours"
    assert set(bucket.cloud.objects(bucket.incoming)) == {"car.jpg", "cut/car.jpg.png"}


def test_an_event_that_can_not_be_handled_is_not_acknowledged(deployed):
    """Here of a photo in the output's own bucket."""
    site, function = deployed
    generation = site.cloud.put(site.outgoing, "loop.jpg", PHOTO)["generation"]
    event = {"bucket": site.outgoing, "name": "loop.jpg", "generation": generation, "size": str(len(PHOTO)), "contentType": "image/jpeg"}
    assert send(function.address, event) == 500 and codes(function, event) == [Loop.__name__]


def test_without_an_output_nothing_is_acknowledged():
    import main  # reads the settings and loads the network

    event = CloudEvent({"type": "google.cloud.storage.object.v1.finalized", "source": "//storage.googleapis.com/projects/_/buckets/incoming"},
                       {"bucket": "incoming", "name": "car.jpg", "generation": "1", "size": "1"})
    assert main.SETTINGS.arrivals is None
    with pytest.raises(InvalidSetting, match="OUTPUT_BUCKET"):
        main.on_upload(event)


@pytest.fixture
def failing(monkeypatch) -> Iterator[FakeSite]:
    """A Cloud Storage that answers as a test says; patience is short."""
    with serving() as site:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{site.port}")
        monkeypatch.setattr(arrivals, "SECONDS", 1.0)
        monkeypatch.setattr(storage, "client", once(storage.client.__wrapped__))  # one that knows the address
        yield site


@pytest.mark.parametrize("status, fault", [(503, Unreachable), (429, Unreachable), (403, Unreadable)])
def test_a_fault_of_the_storage_is_not_acknowledged(failing, status, fault):
    for place in ("car.jpg.png", quote("dead-letters/car.jpg.json", safe="")):
        for query in ("", "?projection=noAcl&prettyPrint=false", "?projection=noAcl"):
            failing.answers[f"/storage/v1/b/outgoing/o/{place}{query}"] = says(status=status)
    with pytest.raises(fault):
        Arrivals("outgoing").receive(Location("incoming", "car.jpg"), 1, len(PHOTO), "image/jpeg")


@pytest.mark.parametrize("settings, sentence", [
    ({"OUTPUT_BUCKET": "gs://results"}, "OUTPUT_BUCKET takes the name of a bucket"), ({"OUTPUT_OPTIONS": "crop=true"}, "OUTPUT_OPTIONS has no effect"),
    ({"OUTPUT_BUCKET": "results", "OUTPUT_OPTIONS": "crop=maybe"}, "OUTPUT_OPTIONS has a wrong crop"),
    ({"OUTPUT_BUCKET": "results", "OUTPUT_OPTIONS": "colour=red"}, "OUTPUT_OPTIONS has an unknown parameter"),
    ({"OUTPUT_BUCKET": "results", "OUTPUT_OPTIONS": "crop"}, "OUTPUT_OPTIONS takes parameters as in a URL's query"),
    ({"OUTPUT_BUCKET": "results", "OUTPUT_OPTIONS": "crop=true&crop=false"}, "OUTPUT_OPTIONS takes parameters as in a URL's query")])
def test_an_invalid_setting_is_refused(settings, sentence):
    with pytest.raises(InvalidSetting, match=f"^{sentence}"):
        Settings.read(settings)
