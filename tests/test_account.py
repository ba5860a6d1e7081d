"""The account that clients read before they start: there are no credits, and as many calls as the rate limit leaves."""
from hashlib import sha256

import pytest
import requests

from tests.answers import problem_of

UNLIMITED = 2**31 - 1


def attributes(address: str, path: str = "/account", key: str = "") -> dict:
    answer = requests.get(address + path, headers={"X-Api-Key": key}, timeout=60)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    assert set(answer.json()) == {"data"}
    return answer.json()["data"]["attributes"]


@pytest.mark.parametrize("path", ["/account", "/v1.0/account"])
def test_there_are_no_credits_and_no_bounds(server, path):
    credits = {"total": 0, "subscription": 0, "payg": 0, "enterprise": 0}
    assert attributes(server, path) == {"credits": credits, "api": {"free_calls": UNLIMITED, "sizes": "all"}}


def test_a_rate_limit_is_told_and_asking_does_not_count(serve):
    address = serve(RATE_LIMIT="3/hour", API_KEYS=sha256(b"key").hexdigest()).address
    assert [attributes(address, key="key")["api"]["free_calls"] for _ in range(5)] == [3] * 5
    requests.post(address, headers={"X-Api-Key": "key"}, timeout=60)
    assert attributes(address, key="key")["api"]["free_calls"] == 2
    assert requests.get(f"{address}/account", headers={"X-Api-Key": "key"}, timeout=60).headers["X-RateLimit-Remaining"] == "2"
    assert problem_of(requests.get(f"{address}/account", timeout=60)) == (403, "auth_failed")
