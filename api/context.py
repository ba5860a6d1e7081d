"""The context of one request: what the handler finds out about it before it answers."""
import time
import uuid
from dataclasses import dataclass, field

from flask import Request

from api.errors import ApiError
from api.limits import Quota
from api.request import CutOutRequest
from cutout import Clock, CutOut


@dataclass
class RequestContext:
    request: Request
    id: str
    began: float = field(default_factory=time.perf_counter)
    key: str | None = None             # the name of the key that was sent, where keys are needed
    quota: Quota | None = None         # where a limit is on
    cut_out_request: CutOutRequest | None = None
    result: CutOut | None = None
    clock: Clock = field(default_factory=Clock)
    problem: ApiError | None = None
    crash: Exception | None = None

    @classmethod
    def of(cls, request: Request) -> "RequestContext":
        """The id is the caller's own where it has at most 64 ASCII letters, digits and hyphens; else a random one."""
        given = request.headers.get("X-Request-Id", "")
        return cls(request, given if given.isascii() and given.replace("-", "").isalnum() and len(given) <= 64 else uuid.uuid4().hex)

    @property
    def code(self) -> str:
        return self.problem.code if self.problem else "ok"

    @property
    def headers(self) -> dict[str, str]:
        """What every answer carries."""
        return {"X-Request-Id": self.id, **(self.quota.headers if self.quota else {})}
