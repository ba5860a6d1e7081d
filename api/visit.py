"""One request on its way through the door, and what becomes known of it there."""
import time
import uuid
from dataclasses import dataclass, field

from flask import Request

from api.limits import Quota


@dataclass
class Visit:
    request: Request
    id: str
    began: float = field(default_factory=time.perf_counter)
    caller: str = ""               # the name of a key, or a visitor's network
    quota: Quota | None = None     # where a limit is on

    @classmethod
    def of(cls, request: Request) -> "Visit":
        """The id, by which the request's log line is found, is the caller's own where it gave a sensible one."""
        given = request.headers.get("X-Request-Id", "")
        return cls(request, given if given.isascii() and given.replace("-", "").isalnum() and len(given) <= 64 else uuid.uuid4().hex)

    @property
    def headers(self) -> dict[str, str]:
        """What every answer tells."""
        return {"X-Request-Id": self.id, **(self.quota.headers if self.quota else {})}
