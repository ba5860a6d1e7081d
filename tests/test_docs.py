"""Documents hold: the examples of docs/API.md run as they stand, against a function that listens; what documents name exists; they stay short."""
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
import yaml

from options import PARAMETERS
from preprocessing.decode import decode
from tests.drawn import draw_photo
from tests.function import Function, listening

ROOT = Path(__file__).resolve().parent.parent
API = ROOT / "docs" / "API.md"
DOCUMENTS = {path.relative_to(ROOT).as_posix(): path.read_text()
             for folder in (ROOT, ROOT / "docs", ROOT / "model", ROOT / "dev") for path in sorted(folder.glob("*.md"))}
TEXT = "\n".join(DOCUMENTS.values())
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


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_and_headings(document):
    for target, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", DOCUMENTS[document]):
        path = (ROOT / document).parent / target if target else ROOT / document
        assert path.is_file(), target
        assert not heading or heading in {slug(line) for line in path.read_text().splitlines() if line.startswith("#")}, f"{target}#{heading}"


def slug(heading: str) -> str:
    """The anchor of a heading line."""
    return re.sub(r"[^\w -]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")


def test_modules_and_make_targets_exist():
    modules = set(re.findall(r"python -m ((?:benchmarks|docs|tests|bulk)[\w.]*)", TEXT))
    assert len(modules) > 10
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
    targets = set(re.findall(r"^([\w./-]+(?: [\w./-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {name for names in targets for name in names.split()}
    assert set(re.findall(r"(?:^|`)make ([\w.][\w./-]*)", TEXT, re.MULTILINE)) <= known


def test_commands_and_options_of_training_exist():
    source = (ROOT / "train.py").read_text()
    lines = re.findall(r"train\.py ([a-z]+\b[^\n`#]*)`?", "\n".join(text for document, text in DOCUMENTS.items() if document != "CHANGELOG.md"))
    assert len(lines) > 10
    for line in lines:
        assert re.search(rf"\b{line.split()[0].rstrip('.,:;')}\b", source), line
        assert all(f'"{option}"' in source for option in re.findall(r"--[a-z-]+", line)), line


def test_the_api_document_names_every_parameter_code_and_setting():
    names = re.findall(r"`([a-z0-9_]+)`", "".join(line.split("|")[1] for line in section("Parameters").splitlines() if line.startswith("| `")))
    assert set(names) == {*PARAMETERS, "bg_image_file", "bg_image_url", "watermark_file"}
    responses = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text())["components"]["responses"]
    codes = set(re.findall(r"'code': {'enum': \[(.*?)\]}", str(responses)))
    described = {code for group in codes for code in re.findall(r"\w+", group) if not code.startswith("invalid_")}
    told = set(re.findall(r"`([a-z_]+)`", "".join(line.split("|")[2] for line in section("Errors").splitlines() if line.startswith("| "))))
    assert told == described
    settings = re.findall(r"^\| `([A-Z_]+)`", section("Settings"), re.MULTILINE)
    passed_on = re.search(r"for setting in ([A-Z_ ]+);", (ROOT / "deploy.sh").read_text())
    assert passed_on and set(settings) == {*passed_on[1].split(), "ALLOW_PRIVATE_ADDRESSES"}


def section(title: str) -> str:
    """Of docs/API.md, below the heading."""
    return next(part for part in re.split(r"^## ", API.read_text(), flags=re.MULTILINE) if part.startswith(f"{title}\n"))


def test_documents_stay_short():
    words = {document: len(text.split()) for document, text in DOCUMENTS.items() if not document.startswith("dev/")}
    assert sum(words.values()) <= 11_600
    assert words["README.md"] <= 1_500 and DOCUMENTS["README.md"].count("\n") <= 150
    assert words["model/MODEL_CARD.md"] <= 1_500 and DOCUMENTS["model/MODEL_CARD.md"].count("\n") <= 100
