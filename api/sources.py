"""The picture of a request: a multipart part, or the body itself."""
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from api.errors import BodyTooLarge, FileTooLarge, MissingSource, MultipleSources, UnknownParameter

MAX_FILE = 22_000_000   # bytes
MAX_BODY = 32_000_000   # bytes; Cloud Functions refuses more
RAW = ("image/", "application/octet-stream")


def photo_of(request: Request) -> bytes:
    """The bytes of the one picture that the request carries."""
    request.max_content_length = request.max_form_memory_size = MAX_BODY
    try:
        if (request.mimetype or "").startswith(RAW):
            photo = request.get_data()
        else:
            photo = part_of(request)
    except RequestEntityTooLarge:
        raise BodyTooLarge(f"at most {MAX_BODY:,} bytes") from None
    if not photo:
        raise MissingSource("send image_file as multipart/form-data, or the picture as the body with its content type")
    if len(photo) > MAX_FILE:
        raise FileTooLarge(f"at most {MAX_FILE:,} bytes")
    return photo


def part_of(request: Request) -> bytes:
    unknown = sorted({*request.form, *request.files, *request.args} - {"image_file"})
    if unknown:
        raise UnknownParameter(", ".join(unknown))
    parts = request.files.getlist("image_file")
    if len(parts) > 1:
        raise MultipleSources("image_file was sent more than once")
    return parts[0].read() if parts else b""
