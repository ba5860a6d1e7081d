"""Rate limits: so many requests in a window of time, for each key, or for each visitor where there are no keys.

The window starts with a caller's first request and ends at the time of X-RateLimit-Reset. The `limits` library keeps the counts, in memory (each
instance has its own) or in Redis (all instances share them).
"""
import math
import re
import time
from ipaddress import IPv6Network, ip_address
from typing import TYPE_CHECKING, NamedTuple

from flask import Request

from api.errors import RateLimitUnavailable

if TYPE_CHECKING:
    from limits.storage import Storage

STORAGE_SECONDS = 2  # time-out of a storage
PORT = re.compile(r"([0-9.]+):[0-9]+|\[(.+)\](?::[0-9]+)?")  # after an address of IPv4 or IPv6
VISITOR_BITS = 64    # of an IPv6 address; the visitor chooses the rest (RFC 4291, 2.5.4)


class Quota(NamedTuple):
    limit: int       # requests in a window
    remaining: int
    reset: int       # Unix time (s) at which the window ends
    granted: bool = True

    @property
    def headers(self) -> dict[str, str]:
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.remaining), "X-RateLimit-Reset": str(self.reset)}

    @property
    def seconds(self) -> int:
        """Until reset, at least 1."""
        return max(1, math.ceil(self.reset - time.time()))


def storage_at(address: str) -> "Storage":
    """Where counts are kept: redis://HOST:PORT/0, memory://, or another of what the `limits` library knows and an installed package serves.

    Raises ValueError, which does not repeat the address: it may hold a password.
    """
    from limits.storage import Storage, storage_from_string

    try:
        storage = storage_from_string(address, wrap_exceptions=True, socket_timeout=STORAGE_SECONDS, socket_connect_timeout=STORAGE_SECONDS)
    except Exception as error:  # each kind of storage raises its own
        raise ValueError(f"takes an address such as redis://HOST:PORT/0, whose scheme an installed package serves ({type(error).__name__})") from None
    if not isinstance(storage, Storage):
        raise ValueError("takes no address of an asynchronous storage")
    return storage


class Limiter:
    """Counts requests. Imports its library when it is built, so that a function without a limit starts faster."""

    def __init__(self, rate: str, storage: "Storage | None" = None):
        """rate: such as "500/minute". storage: where counts are kept; in a memory of its own where there is none. Raises ValueError for an invalid rate."""
        from limits import parse_many, strategies

        self.rate, *more = parse_many(rate)
        if more or self.rate.amount < 1:
            raise ValueError("takes one rate, such as 500/minute")
        self.windows = strategies.FixedWindowRateLimiter(storage or storage_at("memory://"))

    def take(self, caller: str) -> Quota:
        """Counts one request. Raises RateLimitUnavailable."""
        return self.quota(caller, cost=1)

    def peek(self, caller: str) -> Quota:
        """What is left, without counting a request. Raises RateLimitUnavailable."""
        return self.quota(caller, cost=0)

    def quota(self, caller: str, cost: int) -> Quota:
        from limits.errors import StorageError

        try:
            granted = cost == 0 or self.windows.hit(self.rate, caller, cost=cost)
            window = self.windows.get_window_stats(self.rate, caller)
        except StorageError as error:
            raise RateLimitUnavailable() from (error.__cause__ or error)  # the storage's own error, which limits wraps
        return Quota(self.rate.amount, window.remaining, math.ceil(window.reset_time), granted)


def visitor(request: Request, proxies: int) -> str:
    """The address of the visitor, or the network of an IPv6 address, as the outermost of our own proxies saw it.

    Each proxy appends the address of its caller to X-Forwarded-For, so our proxies wrote the last `proxies` entries. The caller may have written
    those before them: they are ignored. With 0 proxies the whole header is ignored.
    """
    hops = [*request.headers.get("X-Forwarded-For", "").split(","), request.remote_addr or ""]
    hop = hops[max(0, len(hops) - 1 - proxies)].strip()
    with_port = PORT.fullmatch(hop)
    try:
        address = ip_address(with_port[1] or with_port[2] if with_port else hop)
    except ValueError:
        return hop  # a proxy that writes something else: it counts as one caller
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((int(address), VISITOR_BITS), strict=False))
