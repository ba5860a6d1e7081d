"""`make serve`, as a newcomer runs it: it says what to open, listens on this machine alone, and says an invalid setting in one line."""
import os
import signal
import socket
import subprocess
import time

import pytest
import requests

from tests.conftest import ROOT

SERVE = ["make", "--no-print-directory", "serve"]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_says_what_to_open_and_listens_on_this_machine_alone(port):
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*SERVE, f"PORT={port}"], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as serving:
        try:
            said = serving.stdout.readline()
            assert said == f"Starting on {address}: open it in a browser, or run: curl -f -F image_file=@photo.jpg {address} -o cutout.png\n"
            deadline = time.monotonic() + 60
            while True:
                try:
                    page = requests.get(address, timeout=10)
                    break
                except requests.ConnectionError:
                    assert serving.poll() is None and time.monotonic() < deadline
                    time.sleep(0.05)
            assert page.headers["Content-Type"].startswith("text/html")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port), 5)
        finally:
            os.killpg(serving.pid, signal.SIGTERM)


def test_an_invalid_setting_is_one_line(port):
    ended = subprocess.run([*SERVE, f"PORT={port}"], cwd=ROOT, env=os.environ | {"QUEUE_SECONDS": "soon"}, capture_output=True, text=True)
    setting, *of_make = ended.stderr.splitlines()
    assert setting.startswith("Invalid setting: QUEUE_SECONDS ")
    assert all(line.startswith("make") for line in of_make)
