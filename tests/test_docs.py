"""The examples of docs/API.md run as they stand, each in its own language, against a function that listens."""
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from preprocessing.decode import decode
from tests.drawn import draw_photo
from tests.function import Function, listening

API = Path(__file__).resolve().parent.parent / "docs" / "API.md"
EXAMPLES = re.findall(r"```(bash|python|js|php)\n(.*?)```", API.read_text(), re.DOTALL)
RUN = {"bash": ("bash", "-euo", "pipefail", "example.sh"), "python": (sys.executable, "example.py"), "js": ("node", "example.mjs"),
       "php": ("php", "example.php")}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(Function()) as address:
        yield address


@pytest.mark.parametrize("language, code", EXAMPLES, ids=[f"{language}{number}" for number, (language, _) in enumerate(EXAMPLES)])
def test_an_example_writes_the_pictures_that_it_names(language, code, address, tmp_path):
    command = RUN[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    assert cv2.imwrite(str(tmp_path / "photo.jpg"), cv2.cvtColor(draw_photo(640, 480, seed=1).rgb, cv2.COLOR_RGB2BGR))
    (tmp_path / command[-1]).write_text(code.replace("http://localhost:8080", address))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    written = set(re.findall(r"\b(?:cutout|white|preview)\.(?:png|jpg)\b", code))
    assert written and all(decode((tmp_path / name).read_bytes()).rgb.size for name in written)


def test_there_is_an_example_in_each_language():
    assert {language for language, _ in EXAMPLES} == set(RUN)
