"""A request read to its end: the one picture, the options, and what stands behind the car."""
import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask import Request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

import storage
from api import errors
from api.body import MAX_BODY
from api.fetch import FetchError, FetchTooLarge, Rules, fetch
from exceptions import FileTooLarge, UnreadablePicture
from options import PARAMETERS, InvalidOption, Options, parse
from preprocessing.decode import MAX_FILE

RAW = ("image/", "application/octet-stream")
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
PICTURES = ("image_file", "image_file_b64", "image_url")
BACKDROPS = ("bg_color", "bg_image_file", "bg_image_url")
WATERMARK = "watermark_file"
KNOWN = {*PARAMETERS, *PICTURES, *BACKDROPS, WATERMARK}


@dataclass(frozen=True)
class CutOutRequest:
    photo: bytes
    options: Options
    backdrop: bytes | None
    backdrop_from: str | None = None   # the parameter that it came by
    watermark: bytes | None = None


def read_request(request: Request, rules: Rules, watermarks: Collection[str] = ()) -> CutOutRequest:
    """What a request asks for: multipart, urlencoded, JSON, or a picture as the body with options in the query.

    Raises api.errors.ApiError.
    """
    try:
        given = fields(request)
    except RequestEntityTooLarge as error:
        raise errors.BodyTooLarge(f"at most {MAX_BODY:,} bytes in {request.max_form_parts:,} parts") from error
    pictures = [name for name in PICTURES if name in given]
    backdrops = [name for name in BACKDROPS if name in given]
    if not pictures:
        raise errors.MissingSource(f"send one of {', '.join(PICTURES)}, or a picture as the body with its content type")
    if len(pictures) > 1:
        raise errors.MultipleSources(f"{' and '.join(pictures)} were sent; one is enough")
    if len(backdrops) > 1:
        raise errors.MultipleBackgrounds(f"{' and '.join(backdrops)} were sent; one is enough")
    if WATERMARK in given and "watermark" in given:
        raise errors.InvalidParameter("watermark", f"and {WATERMARK} were sent; one is enough")
    try:
        options = parse({name: text(name, given[name]) for name in given.keys() & PARAMETERS.keys()}, watermarks)
    except InvalidOption as error:
        raise errors.InvalidParameter(error.name, str(error)) from error
    backdrop = next((name for name in backdrops if name != "bg_color"), None)
    photo, behind, mark = (picture(name, given[name], rules) if name in given else None for name in (pictures[0], backdrop, WATERMARK))
    return CutOutRequest(photo, options, behind, backdrop, mark)


def fields(request: Request) -> dict[str, object]:
    """All that was sent, by name, each known and sent once; an empty value is as good as none."""
    if request.mimetype.startswith(RAW) or not request.mimetype:
        sent = [("image_file", request.get_data())]
    elif request.is_json:
        try:
            body = request.get_json()
        except (BadRequest, RecursionError) as error:
            raise errors.ApiError("the body is not valid JSON, or nested too deep") from error
        if not isinstance(body, Mapping):
            raise errors.ApiError("the JSON must be an object of parameters")
        sent = list(body.items())
    elif request.mimetype in FORMS:
        sent = [*request.form.items(multi=True), *request.files.items(multi=True)]
    else:
        raise errors.UnsupportedMediaType(f"send {', '.join(FORMS)}, application/json, or a picture as image/* or application/octet-stream")
    sent = [(name, value) for name, value in [*sent, *request.args.items(multi=True)] if value not in ("", b"", None)]
    names = [name for name, _ in sent]
    unknown = sorted(set(names) - KNOWN)
    if unknown:
        raise errors.UnknownParameter(", ".join(unknown)[:200])
    for name in names:
        if names.count(name) > 1:
            raise errors.MultipleSources(f"{name} was sent more than once") if name in PICTURES else errors.InvalidParameter(name, "sent more than once")
    return dict(sent)


def text(name: str, value: object) -> str:
    """A parameter's value as a form would have sent it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise errors.InvalidParameter(name, "takes a text, a number or a boolean")


def picture(name: str, value: object, rules: Rules) -> bytes:
    """The bytes of a picture that was sent, or that is to be fetched."""
    if isinstance(value, FileStorage):
        data = value.read()
    elif isinstance(value, bytes):
        data = value
    elif name.endswith("_url"):
        return download(name, text(name, value), rules)
    elif name.endswith("_b64"):
        data = from_base64(text(name, value))
    else:
        raise errors.InvalidParameter(name, "must be a part with a file name")
    if not data:
        raise errors.MissingSource(f"{name} is empty")
    if len(data) > MAX_FILE:
        raise errors.Refused(FileTooLarge(f"at most {MAX_FILE:,} bytes"))
    return data


def from_base64(encoded: str) -> bytes:
    """Base64 (RFC 4648), with or without the head of a data URL (RFC 2397), line ends or padding."""
    digits = "".join(encoded.partition(";base64,")[2].split() if encoded.startswith("data:") else encoded.split())
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError as error:  # binascii.Error, or a letter beyond ASCII
        raise errors.Refused(UnreadablePicture("image_file_b64 is not base64")) from error


def download(name: str, url: str, rules: Rules) -> bytes:
    try:
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
