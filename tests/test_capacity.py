"""A function that is full says so, soon and clearly, and goes on as soon as there is room."""
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.answers import problem_of
from tests.drawn import draw_photo, encode

SLOW = encode(draw_photo(3000, 2000, angle="side", seed=5).rgb, "png")
QUICK = encode(draw_photo(320, 240, angle="side", seed=5).rgb)


def post(address: str, photo: bytes) -> requests.Response:
    return requests.post(address, data=photo, headers={"Content-Type": "image/png"}, timeout=120)


def together(address: str, number: int) -> list[requests.Response]:
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(lambda _: post(address, SLOW), range(number)))


def test_who_finds_no_room_is_told_when_to_come_again(serve):
    address = serve(MAX_CONCURRENT="1", QUEUE_SECONDS="0").address
    answers = together(address, 6)
    assert {answer.status_code for answer in answers} == {200, 503}
    for refused in (answer for answer in answers if answer.status_code == 503):
        assert problem_of(refused) == (503, "busy") and int(refused.headers["Retry-After"]) > 0
    assert problem_of(post(address, b"no picture")) == (400, "failed_to_read_image")
    assert post(address, QUICK).status_code == 200


def test_who_waits_a_little_finds_room(serve):
    address = serve(MAX_CONCURRENT="1", QUEUE_SECONDS="100").address
    assert [answer.status_code for answer in together(address, 4)] == [200] * 4


@pytest.mark.parametrize("settings", [{"MAX_CONCURRENT": "0"}, {"MAX_CONCURRENT": "many"}, {"QUEUE_SECONDS": "-1"}])
def test_a_number_that_makes_no_sense_ends_the_start(refused, settings):
    assert f"{[*settings][0]} takes a whole number" in refused(**settings)
