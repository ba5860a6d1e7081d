"""A full function refuses at once and says when to try again. It recovers as soon as a place is free."""
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from cutout import CutOut
from tests.answers import PHOTO, problem_of
from tests.function import Function, remembered


class SlowCore:
    """Makes cut-outs, but none before it is told to; counts those that are being made."""

    def __init__(self) -> None:
        self.lock, self.now, self.most = threading.Lock(), 0, 0
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, *given: object) -> CutOut:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.begun.set()
        assert self.go.wait(60)
        made = remembered(*given)
        with self.lock:
            self.now -= 1
        return made


def post(function: Function, photo: bytes = PHOTO) -> requests.Response:
    return function.post("/", data=photo, headers={"Content-Type": "image/png"})


def test_a_full_function_says_when_to_try_again():
    core = SlowCore()
    function = Function(core, MAX_CONCURRENT="1", QUEUE_SECONDS="0")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(post, function)
        assert core.begun.wait(60)
        refused = [post(function) for _ in range(3)]
        core.go.set()
        assert first.result().status_code == 200
    for answer in refused:
        assert problem_of(answer) == (503, "busy") and int(answer.headers["Retry-After"]) > 0
    assert problem_of(post(function, b"no picture")) == (400, "failed_to_read_image")
    assert post(function).status_code == 200


def test_a_request_that_waits_gets_its_turn():
    core = SlowCore()
    function = Function(core, MAX_CONCURRENT="2", QUEUE_SECONDS="100")
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(post, function) for _ in range(5)]
        assert core.begun.wait(60)
        core.go.set()
        assert [answer.result().status_code for answer in answers] == [200] * 5
    assert core.most <= 2


def test_a_place_is_free_again_after_a_crash():
    def crash(*given: object) -> CutOut:
        raise RuntimeError

    function = Function(crash, MAX_CONCURRENT="1", QUEUE_SECONDS="0")
    assert [post(function).status_code for _ in range(2)] == [500, 500]
