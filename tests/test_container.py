"""The container's file system, built by the Dockerfile's own commands: it holds what serves and no more, and answers as the function does on Python 3.11."""
import json
import os
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from api.settings import Settings
from tests.bulk_photos import draw_jpeg
from tests.conftest import ROOT, Server, listening
from tests.drawn import draw_photo, encode
from tests.image import Image, allowed, build, can_build, dockerignore, instructions
from tests.pythons import base
from tests.test_architecture import reached, tracked, uploaded

DOCKERFILE, WORKER = ROOT / "Dockerfile", ROOT / "bulk" / "Dockerfile"
LARGEST = 500e6  # bytes, of the whole image
SLIM = 132e6     # bytes, at most, of python:3.13-slim: Debian's base system without documents, and a Python without tests


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Of the last stage of Dockerfile."""
    python = base("3.13")
    if not can_build():
        pytest.skip("building the image's file system mounts folders, which only root may do")
    return build(DOCKERFILE, ROOT, tracked(), python, tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def container(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The image's command, as its user, with the settings of compose.yaml but for Redis."""
    settings = {name: value for name, value in composed().items() if name != "RATE_LIMIT_STORAGE"}
    with listening(tmp_path_factory.mktemp("log"), lambda port: image.entering(*image.command, **settings, PORT=str(port))) as server:
        yield server


def composed() -> dict[str, str]:
    """The environment that compose.yaml gives to the function where the caller's has none of the variables."""
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["function"]
    return {name: value.partition(":-")[2].rstrip("}") if value.startswith("${") else value for name, value in service["environment"].items()}


def answer(server: str, photo: bytes, **options: str) -> bytes:
    reply = requests.post(server, files={"image_file": photo}, data=options, timeout=60)
    assert reply.status_code == 200, reply.text
    return reply.content


PHOTO = encode(draw_photo(640, 480, seed=7).rgb)
REQUESTS = [{}, {"format": "webp", "crop": "true"}, {"bg_color": "fff", "shadow_type": "drop", "scale": "80%"}, {"format": "zip", "size": "preview"}]


@pytest.mark.parametrize("options", REQUESTS, ids=lambda options: " ".join(options) or "png")
def test_the_container_answers_byte_for_byte_as_the_function_on_python_311(container, server, options):
    assert answer(container.address, PHOTO, **options) == answer(server, PHOTO, **options)


def test_a_connection_stays_open_for_as_long_as_a_proxy_keeps_it(container):
    connection, sockets = HTTPConnection(urlsplit(container.address).netloc, timeout=10), []
    for pause in (0, 2.5):  # seconds; functions-framework closes after 2
        time.sleep(pause)
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b"ok"
        sockets.append(connection.sock)
    assert sockets[0] and sockets[0] is sockets[1]
    connection.close()


def test_an_invalid_setting_ends_its_start(image):
    ended = subprocess.run(image.entering(*image.command, RATE_LIMIT="often", PORT="0"), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0 and "Invalid setting: RATE_LIMIT" in ended.stdout + ended.stderr


def test_its_processes_are_nobodys_and_can_write_only_temporary_files(image, container):
    ids = subprocess.run(image.entering("id", "-u"), capture_output=True, text=True, check=True).stdout
    assert ids == "10001\n"
    for folder in ("/app", "/app/model", "/venv", "/"):
        assert subprocess.run(image.entering("test", "-w", folder), check=False).returncode == 1, folder
    assert subprocess.run(image.entering("test", "-w", "/tmp"), check=False).returncode == 0


def test_its_health_check_tells_a_server_that_answers_from_one_that_does_not(image, container):
    port = container.address.rpartition(":")[2]
    assert subprocess.run(image.entering(*image.health, PORT=port), check=False).returncode == 0
    assert subprocess.run(image.entering(*image.health, PORT="1"), capture_output=True, check=False).returncode == 1


def test_it_holds_what_is_uploaded_compiled_and_neither_pip_nor_tests_of_libraries(image):
    files = {path.relative_to(image.root / "app").as_posix() for path in (image.root / "app").rglob("*") if path.is_file()}
    sources = {path for path in files if not path.endswith(".pyc")}
    assert sources == uploaded(tracked())
    assert {path for path in files if path.endswith(".pyc")} == {f"{path.parent}/__pycache__/{path.stem}.cpython-313.pyc".removeprefix("./")
                                                                 for path in map(Path, sources) if path.suffix == ".py"}
    packages = image.root / "venv" / "lib" / "python3.13" / "site-packages"
    assert not [name for name in ("pip", "setuptools", "numpy/tests", "ai_edge_litert/vendors") if (packages / name).exists()]


def test_it_is_small(image):
    added = sum(path.lstat().st_size for folder in ("app", "venv") for path in (image.root / folder).rglob("*") if not path.is_dir() or path.is_symlink())
    print(f"the image adds {added / 1e6:.0f} MB to python:3.13-slim")
    assert added + SLIM <= LARGEST


def test_the_upload_folder_alone_answers_on_python_313_byte_for_byte_as_on_311(tmp_path, server):
    """In a fresh environment with requirements.txt only, from a folder with only what is uploaded."""
    python = base("3.13") / "bin" / "python3.13"
    folder, uv = tmp_path / "upload", ROOT / ".venv-uv" / "bin" / "uv"
    for path in uploaded(tracked()):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes((ROOT / path).read_bytes())
    subprocess.run([uv, "venv", "--quiet", "--python", python, tmp_path / "venv"], check=True)
    fresh = tmp_path / "venv" / "bin"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", fresh / "python", "-r", folder / "requirements.txt"], check=True)
    command = [fresh / "functions-framework", "--target", "remove_background", "--host", "127.0.0.1", "--port"]
    with listening(tmp_path, lambda port: [*command, str(port)], folder) as on_313:
        for options in REQUESTS[:2]:
            assert answer(on_313.address, PHOTO, **options) == answer(server, PHOTO, **options)
        photo = draw_jpeg(3)
        assert answer(on_313.address, photo) == answer(server, photo)


# --- without building anything

def test_docker_is_sent_what_is_uploaded():
    assert set(allowed(tracked(), dockerignore(DOCKERFILE, ROOT))) == uploaded(tracked())
    beside = ["watermarks/logo.png", ".env", "photos/car.jpg", "key.json", ".venv/bin/python", "model/__pycache__/frames.pyc", "main.py"]
    assert allowed(beside, dockerignore(DOCKERFILE, ROOT)) == ["watermarks/logo.png", "main.py"]


def test_the_workers_image_holds_what_the_bulk_job_reaches():
    sent = set(allowed(tracked(), dockerignore(WORKER, ROOT)))
    modules = {str(path) for path in map(Path, tracked()) if path.suffix == ".py"}
    reachable = {f"{name.replace('.', '/')}" for name in reached("bulk.__main__") | reached("bulk.pipeline")}
    assert {path for path in modules if path.removesuffix(".py").removesuffix("/__init__") in reachable} <= sent
    assert {path for path in sent if path.startswith("model/")} == {path for path in uploaded(tracked()) if path.startswith("model/")}
    assert "requirements-bulk.txt" in sent and not {path.partition("/")[0] for path in sent} & {"training", "tests", "api", "demo", "main.py", "train.py"}


def test_the_workers_image_has_the_jobs_beam_and_python():
    pinned = next(line for line in (ROOT / "requirements-bulk.txt").read_text().splitlines() if line.startswith("apache-beam"))
    first = next(text for word, text in instructions(WORKER) if word == "FROM")
    made_by = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("PYTHON ?="))
    assert first == f"apache/beam_{made_by.split()[-1]}_sdk:{pinned.partition('==')[2]}"


def test_the_templates_parameters_are_the_commands_options():
    from bulk.template import metadata

    assert json.loads((ROOT / "bulk" / "template.json").read_text()) == metadata(), "run: .venv-test/bin/python -m bulk.template > bulk/template.json"
    required = [parameter["name"] for parameter in metadata()["parameters"] if not parameter["isOptional"]]
    assert required == ["input", "output"]


def test_compose_gives_the_function_valid_settings_and_limits_that_all_containers_share():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert set(services) == {"function", "redis"}
    settings = Settings.read(composed())
    assert settings.limiter is not None and composed()["RATE_LIMIT_STORAGE"] == "redis://redis:6379/0"
    assert services["function"]["read_only"] is True and services["function"]["depends_on"]["redis"]["condition"] == "service_healthy"


@pytest.mark.parametrize("dockerfile", [DOCKERFILE, WORKER], ids=["function", "bulk"])
def test_hadolint_has_nothing_to_say(dockerfile):
    linted = subprocess.run([ROOT / ".venv-test" / "bin" / "hadolint", dockerfile], capture_output=True, text=True, env=os.environ, check=False)
    assert linted.returncode == 0, linted.stdout
