"""API keys. The function knows only their SHA-256 digests.

A plain digest is enough because keys are long and random. Passwords would need a slow, salted one.
"""
import hmac
import re
from hashlib import sha256
from typing import NamedTuple

from api.errors import AuthFailed

HEADER = "X-Api-Key"  # where every client of the wire sends it; Authorization belongs to the platform (IAM)


class Keys(NamedTuple):
    digests: tuple[bytes, ...] = ()  # none: no key is needed

    @classmethod
    def parse(cls, text: str) -> "Keys":
        """From comma-separated digests of 64 hexadecimal digits. Raises ValueError, which never repeats an entry: it may be a key itself."""
        entries = [entry.strip() for entry in text.split(",")]
        for number, entry in enumerate(entries, 1):
            if not re.fullmatch("[0-9a-fA-F]{64}", entry):
                raise ValueError(f"takes comma-separated SHA-256 digests of 64 hexadecimal digits; entry {number} of {len(entries)} is not one")
        return cls(tuple(map(bytes.fromhex, entries)))

    def name(self, given: str | None) -> str | None:
        """A name for the caller's key in limits and logs, which does not reveal the key; None where no key is needed. Raises AuthFailed."""
        if not self.digests:
            return None
        if not given:
            raise AuthFailed(f"send your API key in the header {HEADER}")
        digest = sha256(given.encode("latin-1")).digest()  # WSGI reads a header's bytes as Latin-1
        known = [hmac.compare_digest(digest, other) for other in self.digests]  # always all of them, so that the time taken reveals nothing
        if not any(known):
            raise AuthFailed("the API key is not known")
        return digest.hex()[:16]
