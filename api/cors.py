"""Which origins' pages may call the function from a browser. Source: https://fetch.spec.whatwg.org/#http-cors-protocol"""
import re
from typing import NamedTuple

from flask import Request, Response

from api.keys import HEADER

SENT = ", ".join(["Content-Type", HEADER, "X-Request-Id"])  # headers that a page may send
SECONDS = 7200                                              # a browser may keep the answer; Chromium's limit


class Cors(NamedTuple):
    origins: frozenset[str] = frozenset()  # "*": any

    @classmethod
    def parse(cls, text: str) -> "Cors":
        """Comma-separated origins, or *. Raises ValueError."""
        origins = [origin.strip() for origin in text.split(",")]
        if origins != ["*"] and not all(re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", origin) for origin in origins):
            raise ValueError("takes * or comma-separated origins such as https://cars.example")
        return cls(frozenset(origins))

    def add_headers(self, request: Request, reply: Response) -> None:
        """Adds whether a page of the request's origin may read the reply, and where OPTIONS found an address, what it may send."""
        if not self.origins:
            return
        if "*" not in self.origins:
            reply.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin is None or not self.origins & {"*", origin}:
            return
        reply.headers["Access-Control-Allow-Origin"] = "*" if "*" in self.origins else origin
        own = [name for name, _ in reply.headers if name.startswith("X-") or name in ("Retry-After", "Server-Timing")]
        reply.headers["Access-Control-Expose-Headers"] = ", ".join(own)
        if request.method == "OPTIONS" and "Allow" in reply.headers:
            reply.headers.update({"Access-Control-Allow-Methods": reply.headers["Allow"], "Access-Control-Allow-Headers": SENT,
                                  "Access-Control-Max-Age": str(SECONDS)})
