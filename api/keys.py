"""Who may ask: whoever holds a key. The function knows keys by their SHA-256 digests alone.

A plain digest is enough, because keys are random and long; passwords would need a slow, salted one.
"""
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

from api.errors import AuthFailed

HEADER = "X-Api-Key"  # where every client of the wire sends it; Authorization belongs to the platform (IAM)


@dataclass(frozen=True)
class Keys:
    digests: tuple[bytes, ...] = ()  # none: whoever comes may ask

    @classmethod
    def parse(cls, text: str) -> "Keys":
        """Keys from digests of 64 hexadecimal digits, comma-separated. Raises ValueError, which never repeats an entry: it may be a key itself."""
        entries = [entry.strip() for entry in text.split(",")]
        for number, entry in enumerate(entries, 1):
            if not re.fullmatch("[0-9a-fA-F]{64}", entry):
                raise ValueError(f"takes SHA-256 digests of 64 hexadecimal digits, comma-separated; entry {number} of {len(entries)} is none")
        return cls(tuple(map(bytes.fromhex, entries)))

    def name(self, given: str | None) -> str | None:
        """The name that a caller's key goes by in limits and logs, from which the key can't be told; None where none is needed. Raises AuthFailed."""
        if not self.digests:
            return None
        if not given:
            raise AuthFailed(f"send your API key in the header {HEADER}")
        digest = sha256(given.encode("latin-1")).digest()  # WSGI reads a header's bytes as Latin-1
        known = [hmac.compare_digest(digest, other) for other in self.digests]  # all of them: the time taken tells nothing
        if not any(known):
            raise AuthFailed("the API key is not known")
        return digest.hex()[:16]
