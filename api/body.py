"""A request's body as the handler may read it: so much and no more.

A client sends its body to the end before it listens for the answer, so what is refused early is read and dropped first. The framework does that
too, but keeps all of it in memory.
"""
from typing import BinaryIO

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from api.errors import ApiError

MAX_BODY = 32_000_000         # bytes; Cloud Functions lets no more through
MOST_DROPPED = 4 * MAX_BODY
CHUNK = 65_536


class Body:
    def __init__(self, stream: BinaryIO):
        self.stream, self.left, self.over = stream, MAX_BODY, False

    @classmethod
    def of(cls, request: Request) -> "Body":
        """Takes the place of the request's own stream; as a context, drops what is left. One field may fill it: Flask's own limit for one is 500,000 bytes."""
        body = request.environ["wsgi.input"] = cls(request.environ["wsgi.input"])
        request.max_form_memory_size = MAX_BODY
        return body

    def __enter__(self) -> "Body":
        return self

    def __exit__(self, *problem: object) -> None:
        self.drop()

    def read(self, size: int = -1) -> bytes:
        """Raises RequestEntityTooLarge, also where the length was not told beforehand, and ApiError for a body that is broken."""
        if self.over:
            return b""
        chunk = self.take(self.left + 1 if size < 0 else min(size, self.left + 1))
        self.left -= len(chunk)
        if self.left < 0:
            raise RequestEntityTooLarge()
        return chunk

    def take(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except Exception as error:  # each WSGI server has its own
            self.over = True
            raise ApiError("the body breaks off, or is not valid HTTP") from error

    def drop(self) -> None:
        """Reads what is left, up to a bound, and forgets it."""
        dropped = 0
        while not self.over and dropped < MOST_DROPPED and (chunk := self.take(CHUNK)):
            dropped += len(chunk)
        self.over = True
