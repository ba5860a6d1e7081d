"""Reads a request: the one picture, the options, and what stands behind the car."""
import base64
import json
import re
import string
from collections.abc import Collection, Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import NamedTuple

from flask import Request

import storage
from api import errors, forms
from api.fetch import FetchError, FetchTooLarge, Rules, fetch
from exceptions import FileTooLarge, UnreadablePicture
from options import PARAMETERS, InvalidOption, Options, parse
from preprocessing.decode import MAX_FILE

RAW = ("image/", "application/octet-stream")
PICTURES = ("image_file", "image_file_b64", "image_url")
BACKGROUNDS = ("bg_color", "bg_image_file", "bg_image_url")
WATERMARK = "watermark_file"
KNOWN = {*PARAMETERS, *PICTURES, *BACKGROUNDS, WATERMARK}
MAX_TEXT = 10_000  # characters of an option
BASE64URL = str.maketrans("-_", "+/", string.whitespace)  # RFC 4648, 5
DATA_URL = re.compile("data:[^,]*;base64,", re.IGNORECASE)  # RFC 2397


class CutOutRequest(NamedTuple):
    photo: bytes
    options: Options
    backdrop: bytes | None
    backdrop_from: str | None = None   # the parameter that sent it
    watermark: bytes | None = None


def read_request(request: Request, rules: Rules, watermarks: Collection[str] = ()) -> CutOutRequest:
    """A request as multipart, urlencoded or JSON, or as a picture with its options in the query. Raises api.errors.ApiError."""
    given = fields(request)
    pictures = [name for name in PICTURES if name in given]
    backgrounds = [name for name in BACKGROUNDS if name in given]
    if not pictures:
        raise errors.MissingSource(f"send one of {', '.join(PICTURES)}, or a picture as the body with its content type")
    if len(pictures) > 1:
        raise errors.MultipleSources(f"send only one of {', '.join(pictures)}")
    if len(backgrounds) > 1:
        raise errors.MultipleBackgrounds(f"send only one of {', '.join(backgrounds)}")
    if WATERMARK in given and "watermark" in given:
        raise errors.InvalidParameter("watermark", f"can't be sent together with {WATERMARK}")
    try:
        options = parse({name: option(name, given[name]) for name in given.keys() & PARAMETERS.keys()}, watermarks)
    except InvalidOption as error:
        raise errors.InvalidParameter(error.name, str(error)) from error
    photo = picture(pictures[0], given[pictures[0]], rules)
    backdrop = next((name for name in backgrounds if name != "bg_color"), None)
    behind, mark = (picture(name, given[name], rules) if name in given else None for name in (backdrop, WATERMARK))
    return CutOutRequest(photo, options, behind, backdrop, mark)


def fields(request: Request) -> dict[str, object]:
    """All that was sent, by name, each known and sent once. Texts have no blanks around them; an empty text counts as not sent."""
    sent = [(name, stripped(name, value)) for name, value in [*body_fields(request), *request.args.items(multi=True)]]
    kept = [(name, value) for name, value in sent if value not in ("", None)]
    names = [name for name, _ in kept]
    if unknown := sorted(set(names) - KNOWN):
        raise errors.UnknownParameter(", ".join(map(suggestion, unknown[:5])))
    for name in names:
        if names.count(name) > 1:
            raise errors.MultipleSources(f"{name} was sent more than once") if name in PICTURES else errors.InvalidParameter(name, "was sent more than once")
    return dict(kept)


def stripped(name: str, value: object) -> object:
    """A value without blanks around it. What a file part holds for a parameter that is no file is its text."""
    if isinstance(value, bytes) and not name.endswith("_file"):
        value = value.decode("utf-8", "replace")
    return value.strip() if isinstance(value, str) else value


def body_fields(request: Request) -> Iterable[tuple[str, object]]:
    """What the body holds, by its content type. Raises ApiError."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise errors.UnsupportedEncoding(f"send the body without Content-Encoding; {encoding[:40]!r} is not decoded here")
    kind = request.mimetype
    known = not kind or request.is_json or kind.startswith(RAW) or kind in ("multipart/form-data", "application/x-www-form-urlencoded")
    if not known:
        raise errors.UnsupportedMediaType("send multipart/form-data, application/x-www-form-urlencoded, application/json, "
                                          "or a picture as image/* or application/octet-stream")
    body = request.get_data(cache=False)
    if kind == "multipart/form-data":
        return forms.multipart(body, request.mimetype_params.get("boundary"))
    if kind == "application/x-www-form-urlencoded":
        if b"\0" in body:  # what curl --data-binary says of a picture; a form has %00
            raise errors.UnsupportedMediaType("the body is no form; for a picture as the body send Content-Type: application/octet-stream")
        return forms.urlencoded(body)
    if request.is_json:
        return json_fields(body)
    return [("image_file", body or None)]


def json_fields(body: bytes) -> list[tuple[str, object]]:
    """Raises BodyTooLarge for so many commas that there may be more than MAX_FIELDS values: a value takes many times the size of its text."""
    if body.count(b",") >= forms.MAX_FIELDS:
        raise errors.BodyTooLarge(f"at most {forms.MAX_FIELDS:,} fields")
    try:
        parsed = json.loads(body, object_pairs_hook=tuple)
    except (ValueError, RecursionError) as error:
        raise errors.ApiError("the body is not valid JSON, or nested too deep") from error
    if not isinstance(parsed, tuple):
        raise errors.ApiError("the JSON must be an object of parameters")
    return [*parsed]


def suggestion(name: str) -> str:
    """What to say of an unknown parameter."""
    near = get_close_matches(name[:100].strip().lower(), KNOWN, 1, cutoff=0.5)
    return f"{name[:100]!r} is not a parameter" + (f" (did you mean {near[0]}?)" if near else "")


def text(name: str, value: object) -> str:
    """A parameter's value as a form would have sent it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, str | int):
        return str(value)
    raise errors.InvalidParameter(name, "takes a text, a number or a boolean")


def only_text(name: str, value: object) -> str:
    """A text of a parameter for which a number has no meaning: 255 as a colour is no hexadecimal digits."""
    if not isinstance(value, str):
        raise errors.InvalidParameter(name, "takes a text")
    return value


def option(name: str, value: object) -> str:
    """A text of at most MAX_TEXT characters: what a longer one is parsed to would take many times its size."""
    written = only_text(name, value) if name == "bg_color" else text(name, value)
    if len(written) > MAX_TEXT:
        raise errors.InvalidParameter(name, f"takes at most {MAX_TEXT:,} characters")
    return written


def picture(name: str, value: object, rules: Rules) -> bytes:
    """The bytes of a picture that was sent, or that is to be fetched."""
    if isinstance(value, bytes):
        data = value
    elif name.endswith("_url"):
        return download(name, only_text(name, value), rules)
    elif name.endswith("_b64"):
        data = from_base64(only_text(name, value))
    else:
        raise errors.InvalidParameter(name, "must be a part with a file name, or of the type image/* or application/octet-stream")
    if not data:
        raise errors.MissingSource(f"{name} has no bytes") if name in PICTURES else errors.InvalidParameter(name, "has no bytes")
    if len(data) > MAX_FILE:
        raise errors.Refused(FileTooLarge(f"{name} may have at most {MAX_FILE:,} bytes"))
    return data


def from_base64(encoded: str) -> bytes:
    """Base64 or base64url (RFC 4648), with or without the head of a data URL (RFC 2397), line ends or padding."""
    head = DATA_URL.match(encoded)
    digits = encoded[head.end() if head else 0:].strip()
    if " " in digits and not is_folded(digits):
        digits = digits.replace(" ", "+")
    digits = digits.translate(BASE64URL).rstrip("=")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError as error:  # binascii.Error is one; so is what says that a letter is beyond ASCII
        raise errors.Refused(UnreadablePicture("image_file_b64 is not base64")) from error


def is_folded(digits: str) -> bool:
    """Whether blanks separate lines. Otherwise each was a +, which reads as a blank in a urlencoded form unless it is sent as %2B.

    They separate lines where the digit of value 62 appears as + or -, and where all lines but the last have one length, a multiple of 4.
    """
    if "+" in digits or "-" in digits:
        return True
    lines, last = digits.rsplit(maxsplit=1)
    length = len(lines.split(maxsplit=1)[0])
    return length % 4 == 0 and len(last) <= length and all(len(line[0]) == length for line in re.finditer(r"\S+", lines))


def download(name: str, url: str, rules: Rules) -> bytes:
    try:
        if url[:5].lower() == "data:":
            raise FetchError(f"a data URL is no address: send the picture as {'image_file_b64 or image_file' if name == 'image_url' else 'bg_image_file'}")
        return from_bucket(url, rules) if url.startswith("gs://") else fetch(url, rules)
    except (FetchTooLarge, storage.TooLarge) as error:
        raise errors.Refused(FileTooLarge(str(error))) from error
    except (FetchError, storage.Unreadable) as error:
        raise (errors.FailedImageDownload if name == "image_url" else errors.FailedBackgroundDownload)(str(error)) from error


def from_bucket(url: str, rules: Rules) -> bytes:
    location = storage.Location.parse(url)
    if location.bucket not in rules.buckets:
        raise storage.Unreadable("objects of that bucket may not be read")
    return storage.read(location, rules.max_bytes, rules.seconds)
