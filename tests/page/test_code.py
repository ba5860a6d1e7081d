"""The page's own code: types, imports, the vendored library and the reference of the API."""
import re
import subprocess

import requests

from docs.reference import PAGE, SOURCE, reference
from tests.conftest import ROOT

DEMO = ROOT / "demo"
SCRIPTS = {path.name: path.read_text() for path in DEMO.glob("*.js")}


def test_types_are_clean(modules):
    ended = subprocess.run([modules / ".bin" / "tsc", "-p", ROOT / "tests" / "page" / "tsconfig.json"], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout


def test_no_module_imports_itself_by_any_way():
    imports = {name: re.findall(r'from "\./([\w-]+\.js)"', code) for name, code in SCRIPTS.items()}

    def reached(start: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        for name in imports[start]:
            if name not in seen:
                seen = reached(name, seen | {name})
        return seen

    assert [name for name in SCRIPTS if name in reached(name)] == []
    assert imports["config.js"] == [] and set(imports["slider.js"]) == {"dom.js"}


def test_every_element_that_scripts_ask_for_is_there_and_has_a_type():
    ids = set(re.findall(r'\bid="([\w-]+)"', (DEMO / "index.html").read_text()))
    asked = {name for code in SCRIPTS.values() for name in re.findall(r'\$\("([\w-]+)"\)', code)}
    typed = set(re.findall(r'^  "?([\w-]+)"?: HTML', (DEMO / "types.d.ts").read_text(), re.MULTILINE))
    assert asked <= ids and asked <= typed <= ids


def test_the_library_has_its_licence_beside_it(server):
    for library in DEMO.glob("vendor/*.js"):
        licence = requests.get(f"{server}/demo/vendor/{library.stem}.LICENSE.txt", timeout=60)
        assert "Permission is hereby granted" in licence.text


def test_the_reference_is_that_of_openapi():
    assert PAGE.read_text() == reference(SOURCE.read_text()), "run: .venv-test/bin/python -m docs.reference"
    names = re.findall("<tr><td><code>([^<]+)</code></td>", PAGE.read_text())
    assert {"image_file", "bg_color", "semitransparency", "watermark_opacity", "X-Confidence"} <= set(names)
