"""Objects of Google Cloud Storage. The client library, large, is imported when the first object is asked for and not before."""
import io
import re
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.storage import Client

LONGEST_NAME = 1024  # bytes, Cloud Storage's own limit; so many characters at most


class Unreadable(ValueError):
    """The object can't be had; the sentence is safe to show to the caller."""


class TooLarge(Unreadable):
    """The object has more bytes than wanted."""


class TooSlow(Unreadable):
    """The object did not come in time."""


@dataclass(frozen=True)
class Location:
    bucket: str
    name: str

    @classmethod
    def parse(cls, url: str) -> "Location":
        """Of gs://bucket/name; the name is taken as it stands, since it may hold ?, # and %. Raises Unreadable."""
        found = re.fullmatch(f"gs://([^/]+)/(.{{1,{LONGEST_NAME}}})", url, re.DOTALL)
        if not found or re.search("[\ud800-\udfff]", url):  # half of a character, as JSON may hold it
            raise Unreadable("the address must be gs://, a bucket, / and an object's name")
        return cls(found[1], found[2])


@cache
def client() -> "Client":
    """With the credentials of the environment, or none for the emulator that STORAGE_EMULATOR_HOST names."""
    from google.cloud.storage import Client

    return Client()


def read(location: Location, most: int, seconds: float) -> bytes:
    """The bytes of an object, at most `most`; passing faults are tried again within the time.

    Raises Unreadable, TooLarge as soon as it is known, TooSlow, and google.auth.exceptions.GoogleAuthError where we have no credentials.
    """
    from google.api_core.exceptions import GoogleAPIError
    from google.cloud.storage.exceptions import DataCorruption
    from google.cloud.storage.retry import DEFAULT_RETRY
    from requests import RequestException

    body = Bounded(most, time.monotonic() + seconds)
    try:
        client().bucket(location.bucket).blob(location.name).download_to_file(body, timeout=seconds, retry=DEFAULT_RETRY.with_timeout(seconds))
    except (GoogleAPIError, RequestException, ConnectionError, DataCorruption) as error:
        if time.monotonic() > body.end:
            raise TooSlow("the object did not come in time") from error
        raise Unreadable("there is no such object, or it may not be read") from error  # one sentence for both, so that nobody learns which
    return body.getvalue()


class Bounded(io.BytesIO):
    """A file that takes only so many bytes, and only until a moment of the monotonic clock."""

    def __init__(self, most: int, end: float):
        super().__init__()
        self.most, self.end = most, end

    def write(self, chunk: bytes) -> int:
        if self.tell() + len(chunk) > self.most:
            raise TooLarge(f"the object has more than {self.most:,} bytes")
        if time.monotonic() > self.end:
            raise TooSlow("the object did not come in time")
        return super().write(chunk)
