"""docs/DEPLOY.md and docs/OPERATIONS.md hold: their commands are those that deploy.sh and gcloud know, and their examples call a private function."""
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs

import cv2
import pytest

from preprocessing.decode import decode
from tests.conftest import ROOT
from tests.drawn import draw_photo
from tests.function import Function, listening
from tests.test_deploy import Calls, a_cloud, program, refused_by_gcloud

DEPLOY, OPERATIONS, BULK = ((ROOT / "docs" / f"{name}.md").read_text() for name in ("DEPLOY", "OPERATIONS", "BULK"))
TEXT = "\n".join((DEPLOY, OPERATIONS, BULK, (ROOT / "README.md").read_text()))
UNDELIVERED = "lot 3/it's a car.jpg"
DEPLOYMENTS = sorted({command.split("#")[0].rstrip("`") for command in re.findall(r"(?:\b[A-Z_]+=\S+ )*\./deploy\.sh[^`#\n]*", TEXT)})
RUN = {"python": (sys.executable, "example.py"), "js": ("node", "example.mjs"), "php": ("php", "example.php"), "java": ("java", "Cut.java")}


@pytest.mark.parametrize("command", DEPLOYMENTS)
def test_deploy_sh_takes_the_documented_command(command, tmp_path):
    cloud = a_cloud(tmp_path / "cloud")
    done = cloud.shell(["bash", "-euc", f"cd {shlex.quote(str(ROOT))}; host=10.0.0.3; {command} --dry-run"])
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def documented(tmp_path_factory) -> Calls:
    """The gcloud calls of both documents, as the shell makes them of their examples."""
    folder = tmp_path_factory.mktemp("documented")
    cloud = a_cloud(folder / "cloud")
    (cloud.folder / "gcloud").rename(cloud.folder / "stand-in")
    program(cloud.folder / "gcloud", f"""{cloud.folder}/stand-in "$@" && case "$*" in
        *"subscriptions pull"*) printf "%s\\n" "{UNDELIVERED}" gone.jpg b.jpg ;;
        *"cp gs://site-photos/gone.jpg"*) exit 1 ;;
    esac""")
    for block in re.findall(r"```bash\n(.*?)```", DEPLOY + OPERATIONS, re.DOTALL):
        code = "\n".join(line for line in block.splitlines() if not re.search(r"deploy\.sh|git clone|^python3", line))
        done = cloud.shell(["bash", "-euc", f"cd {folder}\n{code}"], CLOUDSDK_CORE_PROJECT="my-project")
        assert done.returncode == 0, done.stderr
    assert (folder / "failed.txt").read_text() == "gone.jpg\n", "a photo whose copy fails is not forgotten"
    return cloud.calls()


def test_each_event_that_was_not_delivered_is_taken_once_and_its_photo_written_anew(documented):
    assert len([words for words in documented if words[:3] == ["pubsub", "subscriptions", "pull"]]) == 1
    copies = [words[2:] for words in documented if words[:2] == ["storage", "cp"]]
    assert copies[:2] == [[f"gs://site-photos/{UNDELIVERED}", "gs://SCRATCH/photo"], ["gs://SCRATCH/photo", f"gs://site-photos/{UNDELIVERED}"]]
    assert len(copies) == 2 * 2 + 1


def test_documents_show_four_alerts(documented):
    assert len([words for words in documented if words[1:4] == ["monitoring", "policies", "create"]]) == 4


@pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not installed")
def test_gcloud_knows_the_documented_commands(documented, tmp_path):
    assert len(documented) > 20 and refused_by_gcloud(documented, tmp_path) == []


@pytest.fixture
def private() -> Iterator[tuple[str, list[str]]]:
    """A function and Google's metadata server at one address, and the tokens that the function was called with."""
    function, tokens = Function(), []

    def with_metadata(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        def answer(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
            if not environ["PATH_INFO"].startswith("/computeMetadata/"):
                tokens.append(environ.get("HTTP_AUTHORIZATION", ""))
                return app(environ, start)
            assert environ["PATH_INFO"].endswith("/instance/service-accounts/default/identity") and environ["HTTP_METADATA_FLAVOR"] == "Google"
            start("200 OK", [("Content-Type", "text/html")])
            return [f"for-{parse_qs(environ['QUERY_STRING'])['audience'][0]}".encode()]
        return answer

    function.app.wsgi_app = with_metadata(function.app.wsgi_app)
    with listening(function) as address:
        yield address, tokens


@pytest.mark.parametrize("language, code", re.findall(r"```(python|js|php|java)\n(.*?)```", DEPLOY, re.DOTALL), ids=RUN)
def test_an_example_calls_a_private_function(language, code, private, tmp_path):
    address, tokens = private
    command = RUN[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    assert cv2.imwrite(str(tmp_path / "photo.jpg"), cv2.cvtColor(draw_photo(640, 480, seed=1).rgb, cv2.COLOR_RGB2BGR))
    (tmp_path / command[-1]).write_text(code.replace("http://metadata.google.internal", address).replace("https://FUNCTION", address))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tokens == [f"Bearer for-{address}"] and decode((tmp_path / "cutout.png").read_bytes()).rgb.size
