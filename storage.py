"""Objects of Google Cloud Storage. The client library is large, so it is imported with the first object."""
import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from once import once

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from google.cloud.storage import Blob, Client

RETRY_SECONDS = 60.0  # within which passing faults are tried again
ABSENT = "there is no such object, or it may not be used"  # one sentence for both, so that a caller does not learn which
BUCKET = "[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"  # a bucket's name
LONGEST_NAME = 1024  # bytes, Cloud Storage's own limit; so at most as many characters


class Unreadable(ValueError):
    """The object can't be read. The sentence is safe to show to the caller."""


class TooLarge(Unreadable):
    """The object has more bytes than wanted."""


class Missing(Unreadable):
    """There is no such object, or not of that generation."""


class Unreachable(Unreadable):
    """The storage failed each time it was tried. It may work later."""


class TooSlow(Unreachable):
    """The storage did not do in time what was asked."""


class Location(NamedTuple):
    bucket: str
    name: str

    @classmethod
    def parse(cls, url: str) -> "Location":
        """From gs://bucket/name. The name is not decoded, as it may hold ?, # and %. Raises Unreadable."""
        found = re.fullmatch(f"gs://([^/]+)/(.{{1,{LONGEST_NAME}}})", url, re.DOTALL)
        if not found or re.search("[\ud800-\udfff]", url):  # half a character, which JSON can hold
            raise Unreadable("the address must be gs://, a bucket, / and an object's name")
        return cls(found[1], found[2])


@dataclass(frozen=True)
class Object:
    """One generation of an object, without its bytes."""

    location: Location
    generation: int
    size: int                     # bytes
    metadata: dict[str, str] = field(default_factory=dict)


@once
def client() -> "Client":
    """A client with the credentials of the environment, or with none for the emulator that STORAGE_EMULATOR_HOST names.

    Raises google.auth.exceptions.DefaultCredentialsError, which read, stat, objects, write and delete pass on, where the environment has no credentials.
    """
    from google.cloud.storage import Client

    return Client()


def read(location: Location, most: int, seconds: float, generation: int | None = None) -> bytes:
    """The bytes of an object, at most `most`, of its newest generation unless one is named. Passing faults are tried again until `seconds` are over.

    Raises Unreadable, Missing, TooLarge, TooSlow or Unreachable.
    """
    from google.cloud.storage.exceptions import DataCorruption
    from google.cloud.storage.retry import DEFAULT_RETRY

    body = BoundedFile(most, time.monotonic() + seconds)
    blob = client().bucket(location.bucket).blob(location.name, generation=generation)
    with translated_errors(body.end):
        try:
            blob.download_to_file(body, timeout=seconds, retry=DEFAULT_RETRY.with_timeout(seconds))
        except DataCorruption as error:
            raise Unreachable("the object arrived incomplete") from error
    return body.getvalue()


def stat(location: Location, seconds: float = RETRY_SECONDS) -> Object | None:
    """The newest generation of an object, None where there is none. Raises Unreadable, TooSlow or Unreachable."""
    from google.cloud.storage.retry import DEFAULT_RETRY

    with translated_errors(time.monotonic() + seconds):
        blob = client().bucket(location.bucket).get_blob(location.name, timeout=seconds, retry=DEFAULT_RETRY.with_timeout(seconds))
    return object_of(blob) if blob else None


def objects(bucket: str, prefix: str = "", seconds: float = RETRY_SECONDS) -> Iterator[Object]:
    """The objects whose names begin with the prefix, sorted by name. Raises Unreadable, TooSlow or Unreachable; seconds: for one page of them."""
    from google.cloud.storage.retry import DEFAULT_RETRY

    pages = iter(client().list_blobs(bucket, prefix=prefix, timeout=seconds, retry=DEFAULT_RETRY.with_timeout(seconds)).pages)
    while True:
        with translated_errors(time.monotonic() + seconds, "the bucket does not exist, or may not be listed", "the list did not arrive in time"):
            page = next(pages, None)
        if page is None:
            return
        yield from map(object_of, page)


def write(location: Location, data: bytes, content_type: str, metadata: dict[str, str], replaces: int = 0, seconds: float = RETRY_SECONDS) -> bool:
    """Writes an object whole or not at all, in place of the generation `replaces` (0: only where there is no object). False where another one is there.

    A write whose answer was lost is tried again, and may then find its own object: False too. Raises Unreadable, TooSlow or Unreachable.
    """
    from google.api_core.exceptions import PreconditionFailed
    from google.cloud.storage.retry import DEFAULT_RETRY

    blob = client().bucket(location.bucket).blob(location.name)
    blob.metadata = metadata
    with translated_errors(time.monotonic() + seconds, "the bucket does not exist, or may not be written to", "the object was not written in time"):
        try:
            blob.upload_from_string(data, content_type, if_generation_match=replaces, timeout=seconds, retry=DEFAULT_RETRY.with_timeout(seconds))
        except PreconditionFailed:
            return False
    return True


def delete(location: Location, generation: int, seconds: float = RETRY_SECONDS) -> None:
    """Deletes an object where it still is of that generation. Raises Unreadable, TooSlow or Unreachable."""
    from google.api_core.exceptions import NotFound, PreconditionFailed
    from google.cloud.storage.retry import DEFAULT_RETRY

    blob = client().bucket(location.bucket).blob(location.name)
    sentences = "the object may not be deleted", "the object was not deleted in time"
    with translated_errors(time.monotonic() + seconds, *sentences), suppress(NotFound, PreconditionFailed):
        blob.delete(if_generation_match=generation, timeout=seconds, retry=DEFAULT_RETRY.with_timeout(seconds))


def object_of(blob: "Blob") -> Object:
    return Object(Location(blob.bucket.name, blob.name), blob.generation, blob.size, dict(blob.metadata or {}))


@contextmanager
def translated_errors(end: float, refused: str = ABSENT, late: str = "the object did not arrive in time") -> Iterator[None]:
    """Turns the client library's exceptions into ours.

    end: of the time allowed, by the monotonic clock. refused, late: what is said where the storage refuses, and where the time is over.
    """
    from google.api_core.exceptions import GoogleAPIError, NotFound, RetryError, ServerError, TooManyRequests
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
    from requests import RequestException

    try:
        yield
    except DefaultCredentialsError:  # of the configuration, not of the storage
        raise
    except (GoogleAPIError, GoogleAuthError, RequestException, ConnectionError) as error:
        if time.monotonic() > end:
            raise TooSlow(late) from error
        if isinstance(error, GoogleAuthError):  # a later try may succeed, at the latest after a new login
            raise Unreachable("access to the storage could not be renewed") from error
        if not isinstance(error, GoogleAPIError) or isinstance(error, (RetryError, ServerError, TooManyRequests)):
            raise Unreachable("the storage does not answer") from error
        raise (Missing if isinstance(error, NotFound) else Unreadable)(refused) from error


class BoundedFile(io.BytesIO):
    """A file of at most `most` bytes, written before `end` of the monotonic clock."""

    def __init__(self, most: int, end: float):
        super().__init__()
        self.most, self.end = most, end

    def write(self, chunk: "ReadableBuffer", /) -> int:
        if self.tell() + memoryview(chunk).nbytes > self.most:
            raise TooLarge(f"the object has more than {self.most:,} bytes")
        if time.monotonic() > self.end:
            raise TooSlow("the object did not arrive in time")
        return super().write(chunk)
