"""Settings: what each environment variable takes, and the sentence with which an invalid one stops start-up."""
from hashlib import sha256

import numpy as np
import pytest

from api.settings import InvalidSetting, Settings
from tests.drawn import encode
from tests.files import png

KEY = "a-key-of-the-first-site"
DIGEST = sha256(KEY.encode()).hexdigest()
KEYS = {"API_KEYS": DIGEST}
SITE = "https://cars.example"

LIMITED = ({"RATE_LIMIT": "1/second"}, {**KEYS, "DEMO_LIMIT": "5/hour"}, KEYS)  # the last by the demo page's own limit
WRONG_STORAGES = ("cupboard://user:word@host", "redis://:pass4/word@host/0", "redis://host:port", "redis://host?db=x", "redis", "memcached://host")

INVALID: dict[str, list[dict[str, str]]] = {
    "API_KEYS takes comma-separated SHA-256 digests": [{"API_KEYS": keys} for keys in (KEY, f"{DIGEST},{KEY}", f"{DIGEST},", DIGEST[1:], f"{DIGEST} {DIGEST}")],
    "RATE_LIMIT couldn't parse": [{"RATE_LIMIT": "often"}],
    "RATE_LIMIT takes one rate": [{"RATE_LIMIT": "0/minute"}, {"RATE_LIMIT": "1/second; 9/minute"}],
    "RATE_LIMIT_STORAGE takes an address": [{**where, "RATE_LIMIT_STORAGE": address} for where in LIMITED for address in WRONG_STORAGES],
    "RATE_LIMIT_STORAGE takes no address of an asynchronous": [{**where, "RATE_LIMIT_STORAGE": "async+memory://"} for where in LIMITED],
    "RATE_LIMIT_STORAGE has no effect": [{"RATE_LIMIT_STORAGE": "memory://"}, {**KEYS, "DEMO": "off", "RATE_LIMIT_STORAGE": "memory://"}],
    "TRUSTED_PROXIES takes a whole number of at least 0": [{"TRUSTED_PROXIES": "-1"}, {"TRUSTED_PROXIES": "1.5"}],
    "MAX_CONCURRENT takes a whole number of at least 1": [{"MAX_CONCURRENT": "0"}, {"MAX_CONCURRENT": "many"}],
    "QUEUE_SECONDS takes a whole number of at least 0": [{"QUEUE_SECONDS": "-1"}],
    "ALLOW_HTTP takes 0 or 1": [{"ALLOW_HTTP": "yes"}],
    "ALLOW_PRIVATE_ADDRESSES takes 0 or 1": [{"ALLOW_PRIVATE_ADDRESSES": "true"}],
    "ALLOWED_BUCKETS takes comma-separated names": [{"ALLOWED_BUCKETS": names} for names in ("gs://photos", "photos/2026", "photos,,others", "Photos")],
    "CORS_ORIGINS takes \\* or comma-separated origins": [{"CORS_ORIGINS": origins} for origins in ("cars.example", f"{SITE}/", f"{SITE},", f"*, {SITE}",
                                                                                                "https://Cars.example")],
    "DEMO takes on or off": [{"DEMO": "maybe"}],
    "DEMO_LIMIT has no effect": [{"DEMO_LIMIT": "5/hour"}, {**KEYS, "DEMO": "off", "DEMO_LIMIT": "5/hour"}],
    "DEMO_LIMIT couldn't parse": [{**KEYS, "DEMO_LIMIT": "often"}],
    "WATERMARKS_DIR takes a folder": [{"WATERMARKS_DIR": "/nowhere"}],
    "OUTPUT_BUCKET takes the name of a bucket": [{"OUTPUT_BUCKET": "gs://results"}],
    "OUTPUT_OPTIONS has no effect": [{"OUTPUT_OPTIONS": "crop=true"}],
}


@pytest.mark.parametrize("sentence, settings", [(sentence, settings) for sentence, each in INVALID.items() for settings in each])
def test_an_invalid_setting_is_refused_with_its_name_and_what_it_takes(sentence, settings):
    with pytest.raises(InvalidSetting, match=f"^{sentence}"):
        Settings.read(settings)


@pytest.mark.parametrize("settings, secret", [({"API_KEYS": f"{DIGEST},{KEY}"}, KEY), ({"API_KEYS": f"{DIGEST},{DIGEST[1:]}"}, DIGEST[1:]),
                                              *(({**where, "RATE_LIMIT_STORAGE": f"{scheme}://:pass4/word@host"}, "pass4")
                                                for where in LIMITED for scheme in ("cupboard", "redis"))])
def test_a_refusal_never_repeats_a_secret(settings, secret):
    with pytest.raises(InvalidSetting) as refusal:
        Settings.read(settings)
    assert secret not in str(refusal.value)


def test_an_empty_setting_is_as_good_as_none():
    names = {name for each in INVALID.values() for settings in each for name in settings}
    empty = Settings.read(dict.fromkeys(names, " "))
    assert empty.keys.digests == () and empty.limiter is None and empty.demo and empty.arrivals is None and empty.cors.origins == frozenset()


def test_one_proxy_stands_before_a_function_on_cloud_run_and_none_elsewhere():
    assert [Settings.read(settings).proxies for settings in ({}, {"K_SERVICE": "forecourt"}, {"K_SERVICE": "forecourt", "TRUSTED_PROXIES": "2"})] == [0, 1, 2]


# --- pictures of a folder

LOGO = encode(np.full((60, 240, 3), 200, np.uint8), "png")
WRONG_PICTURES: dict[str, dict[str, bytes]] = {
    "logo.png: the file is not a readable JPEG": {"logo.png": b"no picture", "other.png": LOGO},
    "notes.txt: the file is not a readable JPEG": {"logo.png": LOGO, "notes.txt": b"no picture"},
    "poster.png: the picture has 10000 x 6000 pixels": {"poster.png": png(b"", 10_000, 6_000, 8, 2)},
    "logo.png: logo.jpg has the name logo too": {"logo.png": LOGO, "logo.jpg": LOGO},
}


@pytest.mark.parametrize("configured", [True, False])
@pytest.mark.parametrize("sentence, files", WRONG_PICTURES.items(), ids=WRONG_PICTURES)
def test_a_wrong_watermark_stops_start_up_with_its_file(tmp_path, monkeypatch, configured, sentence, files):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.setattr("api.settings.FOLDER", tmp_path)
    with pytest.raises(InvalidSetting) as refusal:
        Settings.read({"WATERMARKS_DIR": str(tmp_path)} if configured else {})
    assert str(refusal.value).startswith(f"WATERMARKS_DIR has a wrong picture: {tmp_path}/{sentence}") and "\n" not in str(refusal.value)


def test_a_watermark_that_is_not_there_stops_start_up(tmp_path):
    (tmp_path / "logo.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(InvalidSetting, match=f"^WATERMARKS_DIR has a wrong picture: {tmp_path}/logo.png: No such file or directory$"):
        Settings.read({"WATERMARKS_DIR": str(tmp_path)})


def test_a_configured_folder_stands_in_place_of_the_usual_one(tmp_path, monkeypatch):
    for folder in ("usual", "configured"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}.png").write_bytes(LOGO)
    monkeypatch.setattr("api.settings.FOLDER", tmp_path / "usual")
    assert [[*Settings.read(settings).watermarks] for settings in ({}, {"WATERMARKS_DIR": str(tmp_path / "configured")})] == [["usual"], ["configured"]]
