"""API keys: which are accepted, and where none is needed."""
from hashlib import sha256

import pytest
import requests

from tests.answers import PHOTO, problem_of
from tests.function import Function

FIRST, SECOND = "a-key-of-the-first-site", "another key: with \xfc"


def digest(key: str) -> str:
    return sha256(key.encode("latin-1")).hexdigest()


@pytest.fixture(scope="module")
def guarded() -> Function:
    return Function(API_KEYS=f"{digest(FIRST)}, {digest(SECOND).upper()}")


def ask(function: Function, path: str = "/", **headers: str) -> requests.Response:
    return function.post(path, files={"image_file": PHOTO}, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path", ["/", "/v1.0/removebg"])
@pytest.mark.parametrize("key", [FIRST, SECOND])
def test_each_key_is_accepted(guarded, path, key):
    assert ask(guarded, path, X_Api_Key=key).status_code == 200


@pytest.mark.parametrize("headers", [
    {}, {"X_Api_Key": ""}, {"X_Api_Key": "wrong"}, {"X_Api_Key": FIRST.upper()}, {"X_Api_Key": f"{FIRST}x"}, {"X_Api_Key": digest(FIRST)},
    {"Authorization": f"Bearer {FIRST}"}])
def test_nothing_else_is_accepted(guarded, headers):
    assert problem_of(ask(guarded, **headers)) == (403, "auth_failed")


def test_a_key_in_the_address_is_not_accepted(guarded):
    assert problem_of(ask(guarded, f"/?api_key={FIRST}")) == (403, "auth_failed")


def test_without_a_key_the_request_is_not_read(guarded):
    assert problem_of(guarded.post("/", json={"size": "huge"})) == (403, "auth_failed")


def test_a_large_body_without_a_key_still_gets_its_answer(guarded):
    assert problem_of(guarded.post("/", data=bytes(20_000_000), headers={"Content-Type": "image/jpeg"})) == (403, "auth_failed")


def test_health_needs_no_key(guarded):
    assert guarded.get("/healthz").status_code == 200


def test_without_configured_keys_any_or_none_is_accepted(function):
    assert ask(function).status_code == ask(function, X_Api_Key="whatever").status_code == 200
