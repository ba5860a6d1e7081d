"""The two encodings of HTML forms, read from memory into names and values.

A value is a str, or bytes where its part has a file name or the type image/* or application/octet-stream. What the file name is has no meaning,
nor has its charset.
Sources: RFC 7578 (multipart/form-data), RFC 2046, 5.1.1 (boundaries), https://url.spec.whatwg.org/#application/x-www-form-urlencoded
"""
import re
from binascii import unhexlify
from collections.abc import Iterator

from api.errors import ApiError, BodyTooLarge

MAX_FIELDS = 1_000
MAX_HEAD = 65_536  # bytes before the content of a part
PIECE = re.compile(rb".{1,8190}[^%]{0,2}", re.DOTALL)  # of a text; ends within no escape
ESCAPES = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
LAST_BREAK = re.compile(rb"\r?\n\Z")
DISPOSITION = re.compile(rb"^content-disposition:[ \t]*form-data(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
PICTURE_TYPE = re.compile(rb"^content-type:[ \t]*(?:image/|application/octet-stream)", re.IGNORECASE | re.MULTILINE)
PARAMETER = re.compile(rb';\s*([\w*]+)\s*=\s*(?:"([^"]*)"|([^\s;"]*))')

Fields = list[tuple[str, str | bytes]]


def urlencoded(body: bytes) -> Fields:
    """Raises BodyTooLarge for more than MAX_FIELDS fields."""
    if body.count(b"&") >= MAX_FIELDS:
        raise BodyTooLarge(f"at most {MAX_FIELDS:,} fields")
    pairs = (field.partition(b"=") for field in body.split(b"&") if field)
    return [(unescaped(name), unescaped(value)) for name, _, value in pairs]


def unescaped(text: bytes) -> str:
    """Piece by piece: what holds the parts of a text takes many times its size."""
    pieces = (piece[0].replace(b"+", b" ") for piece in PIECE.finditer(text))
    return b"".join(ESCAPES.sub(lambda found: unhexlify(found[0].replace(b"%", b"")), piece) for piece in pieces).decode("utf-8", "replace")


def multipart(body: bytes, boundary: str | None) -> Fields:
    """Leaves out parts whose file name and bytes are empty: a browser sends such a part for a file field that was left empty.

    Raises ApiError where the body does not follow its boundary or a part its form, and BodyTooLarge for more than MAX_FIELDS parts.
    """
    if not boundary:
        raise ApiError("the Content-Type of multipart/form-data must name the boundary of its parts")
    fields: Fields = []
    for number, (start, end) in enumerate(parts(body, boundary.encode("utf-8", "replace"))):
        if number == MAX_FIELDS:
            raise BodyTooLarge(f"at most {MAX_FIELDS:,} parts")
        blank = BLANK_LINE.search(body, start, min(end, start + MAX_HEAD))
        disposition = DISPOSITION.search(body, start, blank.start()) if blank else None
        given = {name.lower(): quoted or plain for name, quoted, plain in reversed(PARAMETER.findall(disposition[1]))} if disposition else {}
        if not blank or b"name" not in given:
            raise ApiError(f"a part of the form has no name, or no content after {MAX_HEAD:,} bytes")
        key, data = given[b"name"].decode("utf-8", "replace"), body[blank.end():end]
        files = [given[name].strip() for name in (b"filename", b"filename*") if name in given]
        if not files and not PICTURE_TYPE.search(body, start, blank.start()):
            fields.append((key, data.decode("utf-8", "replace")))
        elif any(files) or data:
            fields.append((key, data))
    return fields


def parts(body: bytes, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each part. A delimiter is a line of its own; the line break before it belongs to it. Many clients write LF for CRLF."""
    start = None
    delimiter = rb"--" + re.escape(boundary)
    for found in re.finditer(delimiter + rb"(?<![^\n]" + delimiter + rb")(--)?[ \t]*(?:\r?\n|\Z)", body):
        before = LAST_BREAK.search(body, max(0, found.start() - 2), found.start())
        if start is not None:
            yield start, before.start() if before else start
        if found[1]:
            return
        start = found.end()
    raise ApiError("the form breaks off, or its parts do not begin with the boundary of its Content-Type")
