"""A request's body as the handler may read it: up to a limit.

A client sends its whole body before it reads the answer. So the handler reads and drops what it does not need, within bounds;
the framework would keep all of it in memory.
"""
from contextlib import suppress
from typing import IO

from flask import Request
from werkzeug.wsgi import get_input_stream

from api.errors import ApiError, BodyTooLarge

MAX_BODY = 32_000_000  # bytes; Cloud Run functions accept no more (https://cloud.google.com/functions/quotas)
MAX_DROPPED = 4 * MAX_BODY
CHUNK = 65_536


class Body:
    def __init__(self, stream: IO[bytes], declared: int):
        """declared: bytes that the request says it has; 0 where it doesn't."""
        self.stream, self.declared, self.left, self.over = stream, declared, MAX_BODY, False

    @classmethod
    def of(cls, request: Request) -> "Body":
        """Replaces the request's own stream, which ends where the body does. At the end of its `with` block it reads and drops what is left."""
        body = request.environ["wsgi.input"] = cls(get_input_stream(request.environ), request.content_length or 0)
        return body

    def __enter__(self) -> "Body":
        return self

    def __exit__(self, *problem: object) -> None:
        self.drop()

    def read(self, size: int = -1) -> bytes:
        """Raises BodyTooLarge, also where the length was not declared, and ApiError for a body that is broken."""
        if self.over:
            return b""
        chunk = self.take(self.left + 1 if size < 0 else min(size, self.left + 1))
        self.left -= len(chunk)
        if self.left < 0:
            raise BodyTooLarge(f"at most {MAX_BODY:,} bytes")
        return chunk

    def take(self, size: int) -> bytes:
        try:
            chunk = self.stream.read(size)
        except Exception as error:  # each WSGI server has its own
            self.over = True
            raise ApiError("the body breaks off, or is not valid HTTP") from error
        self.declared -= len(chunk)
        if len(chunk) < size and self.declared > 0:  # the end; gunicorn's stream says nothing of a body that is shorter than its Content-Length
            self.over = True
            raise ApiError("the body is shorter than its Content-Length")
        return chunk

    def drop(self) -> None:
        """Reads the rest, up to MAX_DROPPED bytes, without keeping it. The answer is known by then: it stands even where the rest is broken."""
        dropped = 0
        with suppress(ApiError):
            while not self.over and dropped < MAX_DROPPED and (chunk := self.take(CHUNK)):
                dropped += len(chunk)
        self.over = True
