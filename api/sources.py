"""The picture of a request: a multipart part, or the body itself."""
from flask import Request

from api.errors import BodyTooLarge, FileTooLarge, MissingSource, MultipleSources, UnknownParameter

MAX_FILE = 22_000_000   # bytes
MAX_BODY = 32_000_000   # bytes; Cloud Functions lets no more through
RAW = ("image/", "application/octet-stream")


def photo_of(request: Request) -> bytes:
    """The bytes of the one picture that the request carries."""
    request.max_form_memory_size = MAX_BODY  # Flask's own limit is 500,000 bytes a field
    if (request.content_length or 0) > MAX_BODY:
        raise BodyTooLarge(f"at most {MAX_BODY:,} bytes")
    photo = request.get_data() if request.mimetype.startswith(RAW) else part_of(request)
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
