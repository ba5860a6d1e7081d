"""The served OpenAPI document agrees with the parameters, errors and routes, and every answer agrees with the document."""
import copy
import re
from collections.abc import Iterator
from hashlib import sha256

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from api import errors
from api.handler import Handler
from api.request import KNOWN, PICTURES
from api.settings import Settings
from options import PARAMETERS, Choice, boolean
from tests.drawn import draw_photo, draw_street, encode
from tests.function import Function

PHOTO = encode(draw_photo(320, 240, angle="side", seed=5).rgb)
NO_CAR = encode(draw_street(320, 240))
ROUTES = Handler(Settings.read({})).routes
FILES = {name for name in KNOWN if name.endswith("_file")}


@pytest.fixture(scope="module")
def document(function) -> dict:
    answer = function.get("/openapi.yaml")
    assert answer.headers["Content-Type"] == "application/yaml"
    return yaml.safe_load(answer.content)


@pytest.fixture(scope="module")
def schemas(document) -> dict[str, dict]:
    return document["components"]["schemas"]


def test_it_is_valid_openapi(document):
    validate(document)


def test_nothing_is_described_that_is_not_referred_to(document):
    used = set(re.findall(r"'#/components/(\w+/[\w-]+)'", repr(document)))
    described = {f"{kind}/{name}" for kind, each in document["components"].items() if kind != "securitySchemes" for name in each}
    assert described - used == {"responses/MethodNotAllowed"}, "a method that has a place for answers is allowed"


def test_it_names_each_parameter_wherever_it_may_stand(document, schemas):
    assert set(schemas["Upload"]["properties"]) == KNOWN
    assert set(schemas["Values"]["properties"]) == KNOWN - FILES
    assert {parameter["name"] for parameter in document["paths"]["/"]["post"]["parameters"]} == KNOWN - FILES


@pytest.mark.parametrize("name", PARAMETERS)
def test_defaults_agree(schemas, name):
    default = schemas[name].get("default", "")
    assert str(default).lower() == (PARAMETERS[name].default or "")


@pytest.mark.parametrize("name", PARAMETERS)
def test_words_agree(schemas, name):
    parse = PARAMETERS[name].parse
    words = schemas[name].get("enum")
    assert (words and [word for word in words if isinstance(word, str)]) == ([*parse.meanings] if isinstance(parse, Choice) else None)
    assert {str(word) for word in words or () if not isinstance(word, str)} <= set(words or ())  # a number in JSON is what its text is
    assert (schemas[name].get("$ref") == "#/components/schemas/Boolean") == (parse is boolean)


VALUES = ["0", "00", "1", "yes", "no", "true", "maybe", "original", "center", "auto", "red", "#12", "#123", "1234", "12345", "#123456", "12345678", "10%",
          "10px", "0.5%", ".5%", "9%", "60%", "600px", "100%", "101%", "100.5%",
          "1%2%", "10% 20%", "0 10%", "0 0", "0 0 100% 90%", "0 0 100px 0", "10px 20%", "1% 2% 3%", "1% 2% 3% 4%", "1px 2px 3px 4px", "1% 2% 3% 4% 5%",
          "-1%", "10", "10.5", "1e2", "١%"]


BEYOND = {  # what no pattern tells, but the parser
    "bg_color": {"yes", "no", "true", "maybe", "original", "center", "auto"}, "crop_margin": {"60%", "600px", "100%", "101%", "100.5%", "0 0 100% 90%"},
}


@pytest.mark.parametrize("name", sorted(PARAMETERS.keys() - {"watermark"}))
def test_patterns_agree(document, schemas, name):
    schema = Draft202012Validator({**schemas[name], "components": document["components"]})
    assert {value for value in VALUES if schema.is_valid(value)} - BEYOND.get(name, set()) == {value for value in VALUES if takes(name, value)}


def takes(name: str, value: str) -> bool:
    try:
        PARAMETERS[name].parse(value)
    except ValueError:
        return False
    return True


def codes_of(document: dict) -> dict[str, set[str]]:
    """The codes by the name of the answer that holds them."""
    answers = document["components"]["responses"]
    return {name: set(answer["content"]["application/json"]["schema"]["properties"]["errors"]["items"]["properties"]["code"]["enum"])
            for name, answer in answers.items()}


def kinds(base: type[errors.ApiError] = errors.ApiError) -> Iterator[type[errors.ApiError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def test_codes_of_errors_agree(document):
    there = {kind.code for kind in kinds() if kind not in (errors.Unavailable, errors.InvalidParameter, errors.Refused)}
    there |= {f"invalid_{name}" for name in KNOWN} | {*errors.REFUSED}
    assert set().union(*codes_of(document).values()) == there


def test_each_status_has_its_codes(document):
    told = codes_of(document)
    by_status: dict[int, set[str]] = {}
    for kind in kinds():
        by_status.setdefault(kind.status, set()).add(kind.code)
    answers = {403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge", 415: "UnsupportedType", 429: "TooMany", 500: "InternalError"}
    assert {status: told[name] for status, name in answers.items()} == {status: by_status[status] for status in answers}
    assert told["Unavailable"] == by_status[503] - {errors.Unavailable.code} and set(by_status) == {*answers, 400, 503}


def test_routes_agree(document, function):
    assert set(document["paths"]) == set(ROUTES)
    for path, methods in document["paths"].items():
        assert set(function.options(path).headers["Allow"].lower().split(", ")) == set(methods)


@pytest.mark.parametrize("sent, status, absent", [
    ({"files": {"image_file": PHOTO}}, 200, set()), ({"files": {"image_file": PHOTO}, "headers": {"Accept": "application/json"}}, 200, set()),
    ({"files": {"image_file": NO_CAR}, "data": {"unsuitable": "original"}}, 200, {"X-View", "X-Flags", "X-Advice"}),
    ({"files": {"image_file": NO_CAR}}, 400, set()), ({}, 400, {"X-Kind"}),
])
def test_headers_agree(document, sent, status, absent):
    function = Function(RATE_LIMIT="1000/hour", API_KEYS=sha256(b"key").hexdigest())
    answer = function.post("/", **{**sent, "headers": {**sent.get("headers", {}), "X-Api-Key": "key"}})
    told = document["paths"]["/"]["post"]["responses"]["200"] if answer.ok else document["components"]["responses"]["BadRequest"]
    assert answer.status_code == status and answer.headers["Content-Type"] in told["content"]
    assert {name for name in answer.headers if name.startswith("X-") or name == "Server-Timing"} == set(told["headers"]) - absent


# --- whatever the description allows, and much that it forbids, is sent, and each answer held against it

CHECKS = [not_a_server_error, checks.status_code_conformance, checks.content_type_conformance, checks.response_headers_conformance,
          checks.response_schema_conformance]


@pytest.fixture(scope="module")
def described(function) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_wsgi("/openapi.yaml", function.app)


OPERATIONS = [(path, method) for path, methods in ROUTES.items() for method in [*methods, "OPTIONS"]]
bounded = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])


@pytest.mark.parametrize("path, method", OPERATIONS)
def test_no_request_gets_an_answer_that_is_not_described(described, path, method):
    @bounded
    @given(case=described[path][method].as_strategy())
    def holds(case):
        case.call_and_validate(checks=CHECKS)

    holds()


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])  # the generator can't spoil files
def test_no_request_that_the_description_forbids_is_taken(document, function, kind):
    document = copy.deepcopy(document)
    content = document["paths"]["/"]["post"]["requestBody"]["content"]
    document["paths"] = {"/": {"post": document["paths"]["/"]["post"] | {"requestBody": {"required": True, "content": {kind: content[kind]}}}}}
    described = schemathesis.openapi.from_dict(document)
    described.app = function.app

    @bounded
    @given(case=described["/"]["POST"].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def holds(case):
        case.call_and_validate(checks=[*CHECKS, checks.negative_data_rejection])

    holds()


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_no_option_on_a_real_photo_gets_an_answer_that_is_not_described(described, accept):
    seen = set()

    @bounded
    @given(case=described["/"]["POST"].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def holds(case):
        case.query = None
        case.headers["Accept"] = accept
        if isinstance(case.body, dict):
            case.body = {name: value for name, value in case.body.items() if name not in PICTURES} | {"image_file": PHOTO}
            case.media_type = "multipart/form-data"
        seen.add(case.call_and_validate(checks=CHECKS).status_code)

    holds()
    assert seen >= {200, 400}
