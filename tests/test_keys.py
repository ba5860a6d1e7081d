"""Keys: who may ask for a cut-out, and what ends the start."""
from hashlib import sha256

import pytest
import requests

from tests.answers import problem_of
from tests.conftest import Server
from tests.drawn import draw_photo, encode

PHOTO = encode(draw_photo(320, 240, angle="side", seed=5).rgb)
FIRST, SECOND = "a-key-of-the-first-site", "another key: with \xfc"


def digest(key: str) -> str:
    return sha256(key.encode("latin-1")).hexdigest()


@pytest.fixture(scope="module")
def guarded(serve) -> Server:
    return serve(API_KEYS=f"{digest(FIRST)}, {digest(SECOND).upper()}")


def ask(address: str, **headers: str) -> requests.Response:
    return requests.post(address, files={"image_file": PHOTO}, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=60)


@pytest.mark.parametrize("path", ["/", "/v1.0/removebg"])
@pytest.mark.parametrize("key", [FIRST, SECOND])
def test_each_key_opens(guarded, path, key):
    assert ask(guarded.address + path, X_Api_Key=key).status_code == 200


@pytest.mark.parametrize("headers", [
    {}, {"X_Api_Key": ""}, {"X_Api_Key": "wrong"}, {"X_Api_Key": FIRST.upper()}, {"X_Api_Key": f"{FIRST}x"}, {"X_Api_Key": digest(FIRST)},
    {"Authorization": f"Bearer {FIRST}"}])
def test_nothing_else_opens(guarded, headers):
    assert problem_of(ask(guarded.address, **headers)) == (403, "auth_failed")


def test_a_key_in_the_address_opens_nothing(guarded):
    assert problem_of(ask(f"{guarded.address}?api_key={FIRST}")) == (403, "auth_failed")


def test_who_has_no_key_learns_nothing_of_the_request(guarded):
    assert problem_of(requests.post(guarded.address, json={"size": "huge"}, timeout=60)) == (403, "auth_failed")


def test_a_large_body_without_a_key_still_gets_its_answer(guarded):
    assert problem_of(requests.post(guarded.address, data=bytes(20_000_000), headers={"Content-Type": "image/jpeg"}, timeout=60)) == (403, "auth_failed")


def test_health_needs_no_key(guarded):
    assert requests.get(f"{guarded.address}/healthz", timeout=60).status_code == 200


def test_without_configured_keys_any_or_none_will_do(server):
    assert ask(server).status_code == ask(server, X_Api_Key="whatever").status_code == 200


@pytest.mark.parametrize("keys", [FIRST, f"{digest(FIRST)},{FIRST}", f"{digest(FIRST)},", digest(FIRST)[1:], f"{digest(FIRST)} {digest(SECOND)}"])
def test_a_malformed_digest_ends_the_start_and_is_not_repeated(refused, keys):
    log = refused(API_KEYS=keys)
    assert "API_KEYS takes SHA-256 digests of 64 hexadecimal digits" in log and FIRST not in log and digest(FIRST)[1:] not in log
