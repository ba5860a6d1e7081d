"""Writes demo/api.html, the page's readable reference of the API, from api/openapi.yaml.

    .venv-test/bin/python -m docs.reference        after openapi.yaml has changed
"""
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
SOURCE, PAGE = ROOT / "api" / "openapi.yaml", ROOT / "demo" / "api.html"
CUT_OUT = "/v1.0/removebg"
CURL = """curl -f -F image_file=@photo.jpg -F crop=true -F bg_color=fff \\
  https://YOUR-FUNCTION/v1.0/removebg -o car.jpg"""
PYTHON = """import requests

answer = requests.post(
    "https://YOUR-FUNCTION/v1.0/removebg",
    files={"image_file": open("photo.jpg", "rb")},
    data={"crop": "true", "bg_color": "fff"},
)
answer.raise_for_status()
print(answer.headers["X-Confidence"])
open("car.jpg", "wb").write(answer.content)"""

Tree = dict[str, Any]


def reference(source: str) -> str:
    """The page, as HTML, of an OpenAPI document."""
    document = yaml.safe_load(source)
    post = document["paths"][CUT_OUT]["post"]
    sections = [
        section("Start", f"<p>{words(document['info']['summary'])}</p>{paragraphs(document['info']['description'])}<pre tabindex=\"0\">{escape(CURL)}</pre>"
                         f"<pre tabindex=\"0\">{escape(PYTHON)}</pre>"),
        section("Parameters", table("Parameters", ("Name", "Meaning", "Values", "Default"), parameters(document))),
        section("Headers of the answer", table("Headers", ("Name", "Meaning"), headers(document, post["responses"]["200"]))),
        section("Errors", "<p>An error is JSON: <code>{\"errors\": [{\"title\", \"detail\", \"code\"}]}</code>.</p>"
                + table("Codes", ("Status", "Codes", "Meaning"), errors(document, post["responses"]))),
        section("Addresses", table("Paths", ("Method", "Address", "Answer"), addresses(document))
                + f"<p>Keys: the header <code>{document['components']['securitySchemes']['key']['name']}</code>. "
                  f"{words(document['components']['securitySchemes']['key']['description'])}</p>"),
    ]
    return TEMPLATE.replace("SECTIONS", "\n".join(sections))


def parameters(document: Tree) -> Iterable[tuple[str, ...]]:
    for name, schema in document["components"]["schemas"]["Upload"]["properties"].items():
        schema = resolved(document, schema)
        default = schema.get("default")
        shown = "" if default is None else code(str(default).lower() if isinstance(default, bool) else default)
        yield code(name), words(schema.get("description", "")), values(schema), shown


def values(schema: Tree) -> str:
    if "enum" in schema:
        return ", ".join(dict.fromkeys(code(value) for value in schema["enum"]))
    if schema.get("format") == "binary":
        return "file"
    kinds = schema.get("anyOf", [schema])
    if any(kind.get("type") == "boolean" for kind in kinds):
        return "boolean"
    if any(kind.get("type") == "number" for kind in kinds):
        number = next(kind for kind in kinds if kind.get("type") == "number")
        return f"{number['minimum']} to {number['maximum']}"
    return ", ".join(["text", *(f"such as {code(example)}" for example in schema.get("examples", [])[:1])])


def headers(document: Tree, answer: Tree) -> Iterable[tuple[str, ...]]:
    for name, header in answer["headers"].items():
        yield code(name), words(resolved(document, header).get("description", ""))


def errors(document: Tree, answers: Tree) -> Iterable[tuple[str, ...]]:
    for status, answer in answers.items():
        if status.startswith(("4", "5")):
            answer = resolved(document, answer)
            yield status, ", ".join(code(value) for value in codes(answer)), words(answer["description"])


def codes(node: Any) -> list[str]:
    """All values of enumerations named code, at any depth."""
    if isinstance(node, dict):
        own = node["code"]["enum"] if isinstance(node.get("code"), dict) and "enum" in node["code"] else []
        return own + [value for child in node.values() for value in codes(child)]
    return [value for child in node for value in codes(child)] if isinstance(node, list) else []


def addresses(document: Tree) -> Iterable[tuple[str, ...]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post"):
                yield method.upper(), code(path), words(operation["summary"])


def resolved(document: Tree, node: Tree) -> Tree:
    """A node with its $ref followed; what stands beside the reference wins."""
    if "$ref" not in node:
        return node
    target: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**resolved(document, target), **{name: value for name, value in node.items() if name != "$ref"}}


def section(title: str, content: str) -> str:
    return f"<section>\n<h2 id=\"{title.split()[0].lower()}\">{title}</h2>\n{content}\n</section>"


def table(label: str, titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th scope=\"col\">{title}</th>" for title in titles)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (f"<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><table>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody>\n</table></div>")


def paragraphs(text: str) -> str:
    return "".join(f"<p>{words(part)}</p>" for part in text.strip().split("\n\n"))


def words(text: str) -> str:
    """Text with `code` in it, as HTML."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(" ".join(text.split()), quote=False))


def code(value: object) -> str:
    return f"<code>{escape(str(value))}</code>"


TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>API – Forecourt</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="style.css">
<link rel="stylesheet" href="api.css">
</head>
<body>
<header>
  <p class="plate">Forecourt</p>
  <nav aria-label="Pages"><a href="../">Try it</a> <a href="../openapi.yaml">OpenAPI</a></nav>
</header>
<main>
<h1>API</h1>
SECTIONS
</main>
</body>
</html>
"""


def main() -> None:
    PAGE.write_text(reference(SOURCE.read_text()))
    print(PAGE, f"{PAGE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
