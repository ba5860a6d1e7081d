"""The account that clients read before they start: no credits, and as many calls as the rate limit leaves."""
from hashlib import sha256

import pytest

from tests.answers import problem_of
from tests.function import Function

UNLIMITED = 2**31 - 1


def attributes(function: Function, path: str = "/account", key: str = "") -> dict:
    answer = function.get(path, headers={"X-Api-Key": key})
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json()) == {"data"}
    return answer.json()["data"]["attributes"]


@pytest.mark.parametrize("path", ["/account", "/v1.0/account"])
def test_there_are_no_credits_and_no_bounds(function, path):
    credits = {"total": 0, "subscription": 0, "payg": 0, "enterprise": 0}
    assert attributes(function, path) == {"credits": credits, "api": {"free_calls": UNLIMITED, "sizes": "all"}}


def test_asking_for_what_the_rate_limit_leaves_is_not_counted():
    function = Function(RATE_LIMIT="3/hour", API_KEYS=sha256(b"key").hexdigest())
    assert [attributes(function, key="key")["api"]["free_calls"] for _ in range(5)] == [3] * 5
    function.post("/", headers={"X-Api-Key": "key"})
    assert attributes(function, key="key")["api"]["free_calls"] == 2
    assert function.get("/account", headers={"X-Api-Key": "key"}).headers["X-RateLimit-Remaining"] == "2"
    assert problem_of(function.get("/account")) == (403, "auth_failed")
