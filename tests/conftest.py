"""What several tests share: the real server in its own environment, and the optional folder of real photos."""
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parent.parent
SERVING = ROOT / ".venv" / "bin"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the function under functions-framework, in the environment that holds requirements.txt and nothing else."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("w") as file:
        process = subprocess.Popen([SERVING / "functions-framework", "--target", "remove_background", "--host", "127.0.0.1", "--port", str(port)],
                                   cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if process.poll() is not None:
                pytest.fail(f"the server ended at once:\n{log.read_text()}")
            try:
                if requests.get(f"{address}/healthz", timeout=5).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        else:
            pytest.fail(f"the server did not come up:\n{log.read_text()}")
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real photos and masks, where there is one."""
    folder = Path(os.environ.get("FORECOURT_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "val").is_dir():
        pytest.skip("no real photos: set FORECOURT_DATA to a folder with val/SET/images and val/SET/masks")
    return folder
