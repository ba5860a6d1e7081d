"""Imports point one way and in no circle, a file is short, and what is deployed is what main.py reaches."""
import ast
import subprocess
import sys
import tomllib
from functools import cache
from graphlib import TopologicalSorter
from pathlib import PurePath
from shutil import which

import pytest
import yaml
from pathspec import GitIgnoreSpec

from api.page import page
from tests.conftest import ROOT

CORE = {"exceptions", "machine", "model", "once", "postprocessing", "preprocessing"}
WHOLE = CORE | {"cutout", "options"}
MAY_IMPORT = {  # what no room may import, such as docs and benchmarks, is missing at the left
    **dict.fromkeys(CORE, CORE),
    "options": CORE,
    "cutout": WHOLE,
    "storage": {"exceptions", "once"},
    "events": WHOLE | {"storage", "events"},
    "api": WHOLE | {"storage", "events", "api"},
    "main": WHOLE | {"storage", "events", "api"},
    "bulk": WHOLE | {"storage", "events", "bulk"},
    "training": WHOLE | {"training"},
    "train": WHOLE | {"training"},
}
LINES = 350
UPLOAD = 7_000_000  # bytes


@cache
def tracked() -> list[str]:
    """Paths of the repository's files that exist, new ones included."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted({path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file()})


@cache
def modules() -> dict[str, str]:
    """Path by dotted name, but of tests."""
    paths = [PurePath(path) for path in tracked() if path.endswith(".py") and not path.startswith("tests/")]
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): str(path) for path in paths}


@cache
def imported(module: str) -> frozenset[str]:
    """Dotted names of the modules, ours and others', that a module of ours imports, within its functions too, but not for its types alone."""
    names: set[str] = set()
    tree = ast.parse((ROOT / modules()[module]).read_text())
    typing = {inner for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" for inner in ast.walk(node)}
    for node in set(ast.walk(tree)) - typing:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{module} imports relatively"
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= parts & modules().keys() or {node.module}
    return frozenset(names)


def reached(module: str) -> set[str]:
    """Modules of ours that an import of this one loads, itself and the packages around them included."""
    found: set[str] = set()
    todo = {module}
    while todo:
        name = todo.pop()
        found.add(name)
        package = name.rpartition(".")[0]
        todo |= ((imported(name) | {package}) & modules().keys()) - found
    return found


def of_others(module: str) -> set[str]:
    return {name for ours in reached(module) for name in imported(ours) if name.partition(".")[0] not in sys.stdlib_module_names} - modules().keys()


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_point_one_way(room):
    for module in modules():
        if module.partition(".")[0] == room:
            rooms = {name.partition(".")[0] for name in imported(module) & modules().keys()}
            assert rooms <= MAY_IMPORT[room], f"{module} imports {sorted(rooms - MAY_IMPORT[room])}"


def test_no_modules_import_each_other_in_a_circle():
    TopologicalSorter({module: imported(module) & modules().keys() for module in modules()}).prepare()  # raises CycleError, which names the circle


def test_the_requirements_alone_give_what_serves_imports():
    program = "import sys\nfrom importlib.util import find_spec\nprint(*(name for name in sys.argv[1:] if not find_spec(name)))"
    command = [ROOT / ".venv" / "bin" / "python", "-c", program, *sorted(of_others("main"))]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == []


def test_what_serves_learns_nothing():
    assert not {name.partition(".")[0] for name in of_others("main")} & {"tensorflow", "keras", "apache_beam", "sklearn"}


def test_a_file_is_read_in_one_sitting():
    paths = [path for path in tracked() if path.endswith((".py", ".js", ".sh")) and "/vendor/" not in path]
    assert not {path: lines for path in paths if (lines := len((ROOT / path).read_text().splitlines())) > LINES}


def needed() -> set[str]:
    """Paths of what main.py imports, of the files whose names stand in it, and of the page."""
    paths = {modules()[module] for module in reached("main")}
    texts = {node.value for path in paths for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.Constant)}
    data = {path for path in tracked() if not path.endswith(".py") and PurePath(path).name in texts}
    shown = {"demo/index.html" if address == "/" else address.removeprefix("/") for address in page(limited=False)}
    return paths | data | shown | {"requirements.txt"}


def uploaded(paths: list[str]) -> set[str]:
    ignored = GitIgnoreSpec.from_lines((ROOT / ".gcloudignore").read_text().splitlines())
    return {path for path in paths if not ignored.match_file(path)}


def test_what_is_uploaded_is_what_main_reaches():
    assert uploaded(tracked()) == needed()
    assert sum((ROOT / path).stat().st_size for path in needed()) <= UPLOAD


def test_what_lies_beside_is_not_uploaded_but_logos_are():
    logo = "watermarks/logo.png"
    assert uploaded([logo, ".env", "photos/car.jpg", "key.json", ".git/config", ".venv/bin/python", "model/__pycache__/frames.pyc"]) == {logo}


def test_gcloud_reads_the_rules_alike():
    if not which("gcloud"):
        pytest.skip("no Google Cloud SDK")
    listed = subprocess.run(["gcloud", "meta", "list-files-for-upload", ROOT], capture_output=True, text=True, check=True).stdout.splitlines()
    assert set(listed) & set(tracked()) == uploaded(tracked())


def test_the_version_stands_in_one_place():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text())["info"]["version"] == version
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_pip_says_how_to_run_it_instead(tmp_path):
    command = [ROOT / ".venv-uv" / "bin" / "pip", "install", "--no-deps", "--no-index", "--target", tmp_path, ROOT]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode != 0
    assert "Run it from its folder: make serve" in ended.stdout + ended.stderr
