"""What real callers send beside the plain case, and the answers: empty fields, odd file names, blanks, encodings, large answers."""
import base64
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import requests
from PIL import Image

from api.forms import multipart
from api.replies import MAX_ANSWER
from cutout import CutOut
from tests.answers import PHOTO, RGB, SIZE, post, problem_of
from tests.fetch_server import Site, says, serving
from tests.files import file_of
from tests.function import Function, remembered

FILE = b'form-data; name="image_file"; filename="car.png"'
B64 = base64.b64encode(PHOTO).decode()


def form(*parts: tuple[bytes, bytes], end: bytes = b"\r\n", boundary: bytes = b"X") -> bytes:
    """multipart/form-data, byte by byte, from the Content-Disposition and the content of each part."""
    lines = [line for disposition, content in parts for line in (b"--" + boundary, b"Content-Disposition: " + disposition, b"", content)]
    return end.join([*lines, b"--" + boundary + b"--", b""])


def send(function: Function, body: bytes, kind: str = "multipart/form-data; boundary=X", **headers: str) -> requests.Response:
    return function.post("/", data=body, headers={"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}})


@pytest.fixture(scope="module")
def plain(function) -> bytes:
    """The cut-out of PHOTO without options."""
    answer = post(function)
    assert answer.ok
    return answer.content


# --- forms

@pytest.mark.parametrize("name", ["bg_image_file", "watermark_file"])
def test_a_file_field_left_empty_counts_as_not_sent(function, plain, name):
    empty = b'form-data; name="%s"; filename=""' % name.encode()
    assert send(function, form((FILE, PHOTO), (empty, b""))).content == plain


def test_a_file_field_left_empty_beside_an_address_counts_as_not_sent():
    empty, url = b'form-data; name="image_file"; filename=""', b'form-data; name="image_url"'
    with serving() as site:
        site.answers["/car.png"] = says(PHOTO)
        function = Function(ALLOW_HTTP="1", ALLOW_PRIVATE_ADDRESSES="1")
        assert send(function, form((empty, b""), (url, f"http://127.0.0.1:{site.port}/car.png".encode()))).ok


def test_a_form_whose_only_file_field_is_empty_has_no_picture(function):
    assert problem_of(send(function, form((b'form-data; name="image_file"; filename=""', b"")))) == (400, "missing_source")


@pytest.mark.parametrize("name, code", [("image_file", "missing_source"), ("bg_image_file", "invalid_bg_image_file"),
                                        ("watermark_file", "invalid_watermark_file")])
def test_a_named_file_without_bytes_is_refused(function, name, code):
    photo = {} if name == "image_file" else {"image_file": PHOTO}
    assert problem_of(function.post("/", files={**photo, name: ("empty.png", b"")})) == (400, code)


@pytest.mark.parametrize("file_name", [b'"Gr\xf6\xdfe.jpg"', b'"\x8e\xd4.jpg"', b'"' + "Größe 車.jpg".encode() + b'"', b"car.jpg", b'"a;b=c.jpg"',
                                       b'"C:\\photos\\"', b'"1" wheel.jpg"', b'"5\\"; name=x.jpg"',
                                       b"lot; name=x.jpg", b'"' + b"n" * 5000 + b'"', b"\xff\xfe", b'"unclosed'])
def test_a_file_may_have_any_name(function, plain, file_name):
    assert send(function, form((b'form-data; name="image_file"; filename=' + file_name, PHOTO))).content == plain


@pytest.mark.parametrize("kind", [b"image/jpeg", b"application/octet-stream", b"image/png; charset=binary"])
def test_a_part_of_a_pictures_type_needs_no_file_name(function, plain, kind):
    assert send(function, form((b'form-data; name="image_file"\r\nContent-Type: ' + kind, PHOTO))).content == plain


@pytest.mark.parametrize("file_name", [b'"car.jpg"', b'"lot 5; name=car.jpg"', b"car.jpg"])
def test_a_file_name_may_stand_before_the_name(function, plain, file_name):
    assert send(function, form((b"form-data; filename=" + file_name + b'; name="image_file"', PHOTO))).content == plain


def test_a_file_name_may_be_encoded(function, plain):
    assert send(function, form((b"form-data; name=image_file; filename*=iso-8859-1'de'Gr%F6%DFe.jpg", PHOTO))).content == plain


@pytest.mark.parametrize("body", [
    form((FILE, PHOTO), end=b"\r\n").replace(b"\r\n", b"\n", 3), b"preamble\r\n" + form((FILE, PHOTO)) + b"epilogue", form((FILE, PHOTO)).removesuffix(b"\r\n"),
    form((b'FORM-DATA; NAME="image_file"; FileName="x"', PHOTO)).replace(b"Content-Disposition", b"content-disposition", 1),
    form((FILE + b"\r\nContent-Type: image/png\r\nContent-Length: 7\r\nX-Other: y", PHOTO)), form((b'form-data;\r\n name="image_file"; filename="x"', PHOTO))],
    ids=["LF in heads", "text around", "no last line end", "other case", "more heads", "a folded head"])
def test_a_form_may_be_written_in_other_ways(function, plain, body):
    assert send(function, body).content == plain


def test_the_content_of_a_file_is_taken_byte_by_byte():
    content = b"\r\n--X7\r\n--\r\n--XX--\r\n\n--Y\n" + bytes(range(256)) + b"\r\n\r\n--"
    assert multipart(form((FILE, content), (b'form-data; name="size"', b"auto")), "X") == [("image_file", content), ("size", "auto")]


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary=""',
                                  "multipart/form-data; charset=utf-8"])
def test_a_form_without_its_boundary_is_refused(function, kind):
    answer = send(function, form((FILE, PHOTO)), kind)
    assert problem_of(answer) == (400, "bad_request") and "boundary" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("body", [b"", b"--X", b"no form", form((FILE, PHOTO))[:-9], form((FILE, PHOTO), boundary=b"other"),
                                  form((b"form-data; filename=x", PHOTO)), b"--X\r\n--X--\r\n",
                                  b"--X\r\nContent-Disposition: form-data; name=size\r\n--X--\r\n"],
                         ids=["nothing", "a boundary", "text", "breaks off", "another boundary", "a part without a name", "an empty part", "no blank line"])
def test_a_form_that_is_broken_is_refused(function, body):
    assert problem_of(send(function, body)) == (400, "bad_request")


def test_a_form_of_no_parts_has_no_picture(function):
    assert problem_of(send(function, b"--X--\r\n")) == (400, "missing_source")


def test_a_urlencoded_form_that_is_not_utf8_is_still_read(function):
    answer = send(function, b"image_file_b64=x&note=Gr\xf6\xdfe", "application/x-www-form-urlencoded")
    assert problem_of(answer) == (400, "unknown_parameter")


def test_a_picture_sent_as_a_urlencoded_form_is_told_its_content_type(function):
    answer = send(function, PHOTO, "application/x-www-form-urlencoded")
    assert problem_of(answer) == (415, "unsupported_media_type") and "Content-Type: application/octet-stream" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_form_is_refused_with_a_documented_code(function, seed):
    rng = np.random.default_rng(seed)
    body = bytearray(form((b'form-data; name="image_file_b64"', b"AAAA"), (b'form-data; name="size"', b"auto"),
                          (b'form-data; name="bg_image_file"; filename="x"', b"x")))
    for _ in range(3):
        at, length = rng.integers(len(body)), rng.integers(0, 12)
        body[at:at + length] = [b"", b"\r\n", b"--X", b"--X--", b'"', b"\0", b"\xff", rng.bytes(5)][rng.integers(8)]
    assert problem_of(send(function, bytes(body)))[0] in (400, 413)


# --- texts

@pytest.mark.parametrize("blanks", [" {} ", "{}\n", "\r\n{}\r\n", "\t{}", "\ufeff{}".replace("\ufeff", "\u00a0")])
@pytest.mark.parametrize("way", ["multipart", "urlencoded", "json", "query"])
def test_blanks_around_a_text_change_nothing(function, plain, blanks, way):
    values = {"size": blanks.format("full"), "roi": blanks.format("0% 0% 100% 100%"), "watermark": blanks.format(""), "bg_color": blanks.format("")}
    sent = {"multipart": {"files": {"image_file": PHOTO}, "data": values}, "urlencoded": {"data": {**values, "image_file_b64": blanks.format(B64)}},
            "json": {"json": {**values, "image_file_b64": blanks.format(B64)}}, "query": {"data": PHOTO, "params": values}}[way]
    assert function.post("/", **sent).content == plain


def test_a_text_may_come_as_a_file(function, plain):
    assert function.post("/", files={"image_file_b64": ("photo.txt", f"{B64}\n"), "size": ("size.txt", "full")}).content == plain
    assert problem_of(function.post("/", files={"image_url": ("photo.png", PHOTO)})) == (400, "failed_image_download")


def test_blanks_around_an_address_change_nothing():
    with serving() as site:
        site.answers["/car.png"] = says(PHOTO)
        function = Function(ALLOW_HTTP="1", ALLOW_PRIVATE_ADDRESSES="1")
        url = f" http://127.0.0.1:{site.port}/car.png\r\n"
        assert all(function.post("/", **sent).ok for sent in ({"data": {"image_url": url}}, {"json": {"image_url": url}}))


IN_LINES = [B64[at:at + 76] for at in range(0, len(B64), 76)]


@pytest.mark.parametrize("text", [
    B64.replace("+", " "), base64.urlsafe_b64encode(PHOTO).decode(), base64.urlsafe_b64encode(PHOTO).decode().rstrip("="), " ".join(IN_LINES),
    "\n ".join(IN_LINES), "\r\n".join(IN_LINES).replace("+", " "), f"data:image/png;base64, {B64}", f"DATA:image/png;BASE64,{B64}",
    f"data:image/png;charset=utf-8;base64,{B64.replace('+', ' ')}", B64.rstrip("=")],
    ids=["+ turned to blanks", "base64url", "base64url without padding", "lines joined by blanks", "indented lines", "lines and + turned to blanks",
         "a blank after the head", "a head in capitals", "a data URL and + turned to blanks", "without padding"])
def test_base64_is_read_in_every_unambiguous_spelling(function, plain, text):
    assert "+" in B64 and "/" in B64
    assert function.post("/", data={"image_file_b64": text}).content == plain


@pytest.mark.parametrize("text", ["x", "%%%", "AAAA====AAAA", "ä" * 8, "data:image/png;base64,", "data:image/png,text", B64[:-1] + "!"])
def test_what_is_not_base64_is_refused(function, text):
    assert problem_of(function.post("/", json={"image_file_b64": text}))[1] in ("failed_to_read_image", "missing_source")


@pytest.mark.parametrize("way", ["data", "json"])
@pytest.mark.parametrize("name, values, problem", [
    ("image_file_b64", ["AAAA", B64], (400, "multiple_sources")), ("format", ["png", "jpg"], (400, "invalid_format")), ("format", ["", "png"], None)])
def test_what_is_sent_twice_is_refused_unless_one_is_empty(function, way, name, values, problem):
    fields = [*({} if name == "image_file_b64" else {"image_file_b64": B64}).items(), *((name, value) for value in values)]
    if way == "json":
        text = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in fields)
        answer = send(function, f"{{{text}}}".encode(), "application/json")
    else:
        answer = function.post("/", **{way: fields})
    assert answer.ok if problem is None else problem_of(answer) == problem


@pytest.mark.parametrize("number", ["0.00001", "1e-5", "1e1", "1E+2", "100.0", "0"])
def test_a_number_in_json_may_be_written_in_any_way(function, number):
    answer = send(function, f'{{"image_file_b64": "{B64}", "shadow_opacity": {number}}}'.encode(), "application/json")
    assert answer.ok


@pytest.mark.parametrize("name, value", [("bg_color", 16777215), ("bg_color", 255), ("image_file_b64", ["a"]), ("image_url", 5)])
def test_a_text_in_json_is_no_number_or_list(function, name, value):
    answer = function.post("/", json={**({"image_file_b64": B64} if name == "bg_color" else {}), name: value})
    assert problem_of(answer) == (400, f"invalid_{name}") and answer.json()["errors"][0]["detail"] == f"{name} takes a text"


@pytest.mark.parametrize("number", ["1e3", "1e308", "NaN", "-Infinity", "-1e-5"])
def test_a_number_in_json_that_is_out_of_range_is_refused(function, number):
    answer = send(function, f'{{"image_file_b64": "{B64}", "shadow_opacity": {number}}}'.encode(), "application/json")
    assert problem_of(answer) == (400, "invalid_shadow_opacity")


# --- headers

@pytest.mark.parametrize("accept, kind", [
    ("application/json; charset=utf-8", "application/json"), ("application/json;version=1, */*;q=0.1", "application/json"),
    ("Application/JSON;CHARSET=utf-8", "application/json"),
    ("application/json;charset=utf-8;q=0.5, image/png", "image/png"), ("text/html, */*", "image/png"), ("application/json;q=nonsense", "image/png")])
def test_parameters_of_accept_make_no_difference(function, accept, kind):
    assert post(function, headers={"Accept": accept}).headers["Content-Type"] == kind


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "GZIP", "gzip, identity", "x"])
def test_a_content_encoding_is_refused_and_named(function, encoding):
    answer = send(function, gzip.compress(PHOTO), "image/png", Content_Encoding=encoding)
    assert problem_of(answer) == (415, "unsupported_media_type") and answer.headers["Accept-Encoding"] == "identity"
    assert encoding.lower() in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_identity_is_no_content_encoding(function, plain, encoding):
    assert send(function, PHOTO, "image/png", Content_Encoding=encoding).content == plain


# --- addresses

@pytest.fixture(scope="module")
def pages() -> Site:
    bodies = [b"<!DOCTYPE html><html></html>", b"\xef\xbb\xbf\n <html lang=de>", b"<!-- made by -->\n<body>", b"<HEAD>", b"<script src=x>", b"<p>moved</p>"]
    with serving() as site:
        site.answers = {f"/{number}": says(body, Content_Type="image/jpeg") for number, body in enumerate(bodies)}
        yield site


@pytest.mark.parametrize("number", range(6))
def test_an_address_that_leads_to_a_web_page_is_refused_as_one(pages, number):
    function, url = Function(ALLOW_HTTP="1", ALLOW_PRIVATE_ADDRESSES="1"), f"http://127.0.0.1:{pages.port}/{number}"
    for values, code in (({"image_url": url}, "failed_image_download"), ({"image_file_b64": B64, "bg_image_url": url}, "failed_bg_download")):
        answer = function.post("/", data=values)
        assert problem_of(answer) == (400, code) and "leads to a web page" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("name, code", [("image_url", "failed_image_download"), ("bg_image_url", "failed_bg_download")])
def test_a_data_url_is_no_address(function, name, code):
    answer = function.post("/", json={**({} if name == "image_url" else {"image_file_b64": B64}), name: f"data:image/png;base64,{B64}"})
    assert problem_of(answer) == (400, code) and ("image_file_b64" if name == "image_url" else "bg_image_file") in answer.json()["errors"][0]["detail"]


# --- messages

@pytest.mark.parametrize("name, near", [("colour", "bg_color"), ("Size", "size"), ("crop-margin", "crop_margin"), ("image", "image_url"),
                                        ("file", "image_file"), ("image_file_b46", "image_file_b64"), ("bg_colour", "bg_color"), ("shadow", "add_shadow"),
                                        ("size[]", "size")])
def test_an_unknown_parameter_gets_the_nearest_name(function, name, near):
    answer = function.post("/", data=PHOTO, params={name: "1"})
    assert problem_of(answer) == (400, "unknown_parameter")
    assert answer.json()["errors"][0]["detail"] == f"{name!r} is not a parameter (did you mean {near}?)"


def test_an_unknown_parameter_without_a_near_name_gets_none(function):
    detail = function.post("/", data=PHOTO, params={"xyzzy": "1"}).json()["errors"][0]["detail"]
    assert detail == "'xyzzy' is not a parameter"


# --- large answers

def noise(format: str, size: int) -> Callable[..., CutOut]:
    """A core whose files have so many bytes."""
    return lambda photo, options, *rest: replace(remembered(PHOTO, options), data=bytes(size), format=format)


@pytest.mark.parametrize("format, size, accept, asks_for", [
    ("png", MAX_ANSWER + 1, "*/*", ["format=webp", "size=4k"]), ("png", MAX_ANSWER * 3 // 4, "application/json", ["format=webp", "instead of JSON"]),
    ("webp", MAX_ANSWER + 1, "*/*", ["smaller size"])])
def test_an_answer_that_cloud_run_would_not_send_is_refused_with_what_to_ask_for(format, size, accept, asks_for):
    answer = post(Function(noise(format, size)), headers={"Accept": accept})
    assert problem_of(answer) == (400, "answer_too_large")
    (problem,) = answer.json()["errors"]
    assert problem["title"] == "The answer is too large to send" and not [words for words in asks_for if words not in problem["detail"]]


@pytest.mark.parametrize("size, accept", [(MAX_ANSWER, "*/*"), (MAX_ANSWER * 3 // 4 - 900, "application/json")])
def test_the_largest_answer_is_sent(size, accept):
    answer = post(Function(noise("png", size)), headers={"Accept": accept})
    assert answer.ok and MAX_ANSWER - 1000 <= len(answer.content) <= MAX_ANSWER < 2**25


# --- what was cut out before

def test_what_was_transparent_stays_transparent(function):
    alpha = np.full(SIZE, 255, np.uint8)
    alpha[:, 320:] = 0
    with Image.open(io.BytesIO(post(function, file_of(np.dstack([RGB, alpha]), "PNG")).content)) as answer:
        alpha = np.array(answer)[..., 3]
    assert not alpha[:, 320:].any() and alpha[:, :320].any()


@pytest.mark.parametrize("size", ["full", "preview"])
def test_a_cut_out_that_is_sent_again_is_the_same_whatever_colour_is_hidden(function, size):
    before = pixels(post(function, PHOTO, format="png"))
    again = []
    for hidden in (0, 255):
        sent = np.where(before[..., 3:] > 0, before, np.array([hidden, hidden, hidden, 0], np.uint8))
        again.append(pixels(post(function, file_of(sent, "PNG"), format="png", size=size)))
    seen = again[0][..., 3] > 0
    assert np.array_equal(again[0][..., 3], again[1][..., 3]) and np.array_equal(again[0][seen], again[1][seen])
    if size == "full":
        soft = (before[..., 3] > 0) & (before[..., 3] < 255)
        assert again[0][soft][:, 3].mean() > 0.9 * before[soft][:, 3].mean()
        both = soft & (again[0][..., 3] > 0)
        assert np.abs(again[0][both][:, :3].astype(int) - before[both][:, :3]).mean() < 3


def pixels(answer: requests.Response) -> np.ndarray:
    with Image.open(io.BytesIO(answer.content)) as picture:
        return np.array(picture.convert("RGBA"))


@pytest.mark.parametrize("unsuitable, status", [("error", 400), ("original", 200)])
def test_a_picture_that_is_all_transparent_shows_no_vehicle(function, unsuitable, status):
    assert post(function, file_of(np.dstack([RGB, np.zeros(SIZE, np.uint8)]), "PNG"), unsuitable=unsuitable).status_code == status
