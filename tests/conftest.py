"""What several tests share: the real server in its own environment, and the optional folder of real photos."""
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import requests

from tests.drawn import draw_photo, draw_street
from tests.fetch_server import Internet

if TYPE_CHECKING:
    from tests.function import Function

ROOT = Path(__file__).resolve().parent.parent
SERVING = ROOT / ".venv" / "bin"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file that takes longest comes first, so that where several processes run tests none waits for it at the end."""
    items.sort(key=lambda item: item.path.name != "test_training.py")


@dataclass(frozen=True)
class Server:
    address: str
    log: Path  # what it wrote to stdout and stderr
    process: subprocess.Popen[bytes]


@contextmanager
def running(folder: Path, source: Path = ROOT / "main.py", target: str = "remove_background", **settings: str) -> Iterator[Server]:
    """A function under functions-framework, with the settings as its environment, where only requirements.txt is installed."""
    command = [SERVING / "functions-framework", "--target", target, "--source", source, "--host", "127.0.0.1", "--port"]
    with listening(folder, lambda port: [*command, str(port)], **settings) as server:
        yield server


@contextmanager
def listening(folder: Path, command: Callable[[int], Sequence[str | Path]], cwd: Path = ROOT, **settings: str) -> Iterator[Server]:
    """The server that a command starts on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log.txt"
    with log.open("w") as file:
        process = subprocess.Popen(command(port), cwd=cwd, stdout=file, stderr=subprocess.STDOUT, env=os.environ | settings)
    server = Server(f"http://127.0.0.1:{port}", log, process)
    try:
        for _ in range(300):
            if process.poll() is not None:
                pytest.fail(f"the server ended at once:\n{server.log.read_text()}")
            try:
                requests.get(f"{server.address}/healthz", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        else:
            pytest.fail(f"the server did not come up:\n{server.log.read_text()}")
        yield server
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def function() -> "Function":
    """The function in this process, without any settings."""
    from tests.function import Function

    return Function()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the function as it is without any settings."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server.address


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts the function with settings; all that were started end with the module."""
    with ExitStack() as started:
        yield lambda **settings: started.enter_context(running(tmp_path_factory.mktemp("server"), **settings))


@pytest.fixture
def refused() -> Callable[..., str]:
    """Starts the function with settings that it must refuse, and gives the line that it wrote."""
    def refused(target: str = "remove_background", **settings: str) -> str:
        command = [SERVING / "functions-framework", "--target", target, "--host", "127.0.0.1", "--port", "0"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | settings, timeout=60)
        said = ended.stdout + ended.stderr
        assert ended.returncode != 0 and len(said.splitlines()) == 1, said
        return said

    return refused


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    """Names and connections as the test sets them; nothing leaves this machine."""
    internet = Internet()
    monkeypatch.setattr(socket, "getaddrinfo", internet.getaddrinfo)
    monkeypatch.setattr("urllib3.util.connection.create_connection", internet.create_connection)
    return internet


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Copies a folder of tests with a package-lock.json and installs there what it locks."""
    def npm(name: str) -> Path:
        if not shutil.which("npm"):
            pytest.fail("some tests need Node.js: install node and npm, such as by apt-get install nodejs npm")
        folder = shutil.copytree(ROOT / "tests" / name, tmp_path_factory.mktemp("npm") / name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
        return folder

    return npm


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real photos and masks, where there is one."""
    folder = Path(os.environ.get("FORECOURT_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "val").is_dir():
        pytest.skip("no real photos: set FORECOURT_DATA to a folder with val/SET/images and val/SET/masks")
    return folder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A folder of drawn photos, cut-outs and backgrounds in the layout that training reads."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(6):
        photo = draw_photo(192, 144, angle=("side", "three_quarter")[number % 2], seed=number)
        mask = np.rint(photo.alpha * 255).astype(np.uint8)
        split = "val" if number == 5 else "train"
        write(folder / split / "street" / "images" / f"s{number}.png", photo.rgb)
        write(folder / split / "street" / "masks" / f"s{number}.png", mask)
        rgba = np.dstack([photo.foreground[..., ::-1], mask])
        write(folder / "cutouts" / "dealer" / "rgba" / f"{number:04}_car{'abcdef'[number]}_0.png", rgba)
        write(folder / "cutouts" / "dealer" / "mattes" / f"{number:04}_car{'abcdef'[number]}_0.png", mask)
        write(folder / "backgrounds" / "houses" / f"houses_{number:03}.png", draw_street(192, 144, seed=number))
    photo = draw_photo(192, 144, angle="side", seed=4)
    write(folder / "train" / "street" / "glass" / "s4.png", np.rint(photo.alpha * 255).astype(np.uint8))  # all of it a pane
    ignore = np.zeros((144, 192), np.uint8)
    ignore[:, :96] = 255
    write(folder / "train" / "street" / "ignore" / "s0.png", ignore)
    return folder


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 and picture.shape[2] == 3 else picture)
