"""What only the real process shows: functions-framework's start-up, its connections, and requests side by side."""
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest
import requests

from tests.answers import PHOTO, problem_of
from tests.conftest import ROOT, SERVING
from tests.files import png

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
KINDS = {"image/jpeg": b"", "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="image_file"; filename="a"\r\n\r\n'}


@pytest.fixture(scope="module")
def server(serve) -> str:
    return serve(QUEUE_SECONDS="60").address


@pytest.fixture(scope="module")
def cut_out(server) -> bytes:
    answer = requests.post(server, files={"image_file": PHOTO}, timeout=60)
    assert answer.ok
    return answer.content


def in_pieces(size: int, head: bytes = b"") -> Iterator[bytes]:
    """A body whose length is not declared."""
    yield head
    for _ in range(size // 1_000_000):
        yield bytes(1_000_000)


def connect(server: str) -> socket.socket:
    return socket.create_connection((urlsplit(server).hostname, urlsplit(server).port), timeout=60)


# --- start-up

def test_an_invalid_setting_stops_start_up(refused):
    log = refused(RATE_LIMIT="often")
    assert "RATE_LIMIT couldn't parse" in log


def test_the_upload_function_does_not_start_without_an_output(refused):
    assert "Invalid setting: OUTPUT_BUCKET must name the bucket of the results" in refused("on_upload")


def test_a_wrong_watermark_stops_start_up(refused, tmp_path):
    (tmp_path / "poster.png").write_bytes(png(b"", 10_000, 6_000, 8, 2))
    assert f"Invalid setting: WATERMARKS_DIR has a wrong picture: {tmp_path}/poster.png: " in refused(WATERMARKS_DIR=str(tmp_path))


def test_libraries_that_are_not_needed_are_not_imported():
    """Start-up is billed; so is each import."""
    look = "import sys, main; print(json.dumps([name in sys.modules for name in ('limits', 'redis', 'google.cloud.storage', 'requests', 'urllib3')]))"
    imported = {rate: json.loads(subprocess.run([SERVING / "python", "-c", f"import json; {look}"], cwd=ROOT, env=os.environ | {"RATE_LIMIT": rate},
                                                capture_output=True, text=True, check=True).stdout.splitlines()[-1]) for rate in ("", "1/minute")}
    assert imported == {"": [False] * 5, "1/minute": [True] + [False] * 4}


def test_what_is_loaded_is_kept_from_the_garbage_collector_and_starts_no_threads():
    look = "import gc, os, main; print(gc.isenabled(), gc.get_freeze_count() > 10_000, len(os.listdir('/proc/self/task')))"
    assert subprocess.run([SERVING / "python", "-c", look], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() == ["True", "True", "1"]


# --- connections

def test_a_picture_may_come_in_pieces(server, cut_out):
    pieces = (PHOTO[start:start + 50_000] for start in range(0, len(PHOTO), 50_000))
    assert requests.post(server, data=pieces, headers={"Content-Type": "image/jpeg"}, timeout=60).content == cut_out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_read_to_its_end_and_gets_its_answer(server, kind, declared):
    body = b"".join(in_pieces(40_000_000, KINDS[kind])) if declared else in_pieces(40_000_000, KINDS[kind])
    assert problem_of(requests.post(server, data=body, headers={"Content-Type": kind}, timeout=60)) == (413, "body_too_large")


@pytest.mark.parametrize("declared", [True, False])
def test_a_large_body_for_an_unknown_address_gets_its_answer(server, declared):
    body = bytes(40_000_000) if declared else in_pieces(40_000_000)
    assert problem_of(requests.post(f"{server}/nowhere", data=body, timeout=60)) == (404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_the_framework_passes_every_method_on(server, method):
    assert problem_of(requests.request(method, server, timeout=60)) == (405, "method_not_allowed")


def test_a_body_that_is_not_valid_http_is_refused(server):
    with connect(server) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nno number\r\n")
        assert connection.recv(100_000).startswith(b"HTTP/1.1 400")


def test_a_body_that_is_shorter_than_it_says_is_refused(server):
    with connect(server) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (len(PHOTO) + 1) + PHOTO)
        connection.shutdown(socket.SHUT_WR)
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 400 and b"shorter than its Content-Length" in answer.read()


def test_clients_that_leave_or_stall_do_not_disturb_others(server, cut_out):
    """A body that stops half-way holds its thread, and no place of a cut-out."""
    with connect(server) as leaving, connect(server) as stalling:
        leaving.sendall(HEAD + b"Content-Length: 1000\r\n\r\nabc")
        leaving.shutdown(socket.SHUT_WR)
        stalling.sendall(HEAD + b"Content-Length: 1000\r\n\r\nabc")
        time.sleep(0.1)
        assert requests.post(server, files={"image_file": PHOTO}, timeout=60).content == cut_out
        assert leaving.recv(100_000).startswith(b"HTTP/1.1 400")


# --- side by side

def test_requests_side_by_side_get_what_one_alone_gets(server, cut_out):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: requests.post(server, files={"image_file": PHOTO}, timeout=60).content, range(8)))
    assert answers == [cut_out] * 8


# --- full, and at its end

def test_every_client_of_a_full_function_is_refused_in_time(serve):
    """Each waits in a thread of its own, so none waits for a thread first."""
    server = serve(MAX_CONCURRENT="1", QUEUE_SECONDS="1", THREADS="40").address
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: requests.post(server, files={"image_file": PHOTO}, timeout=60), range(40)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused and all(problem_of(answer) == (503, "busy") and int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert all(1 <= answer.elapsed.total_seconds() < 3 for answer in refused)


def test_the_end_of_the_process_waits_for_the_request_in_flight(serve, cut_out):
    """Cloud Run sends SIGTERM before it ends an instance."""
    server = serve()
    with connect(server.address) as connection:
        connection.sendall(HEAD + f"Content-Length: {len(PHOTO)}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100")  # so the request has reached the function, which now wants the photo
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        connection.sendall(PHOTO)
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200 and answer.read() == cut_out
    assert server.process.wait(20) == 0
