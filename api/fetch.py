"""Pictures from addresses that strangers give: over the public internet only, only so large, only so long.

A host name is resolved once and the connection goes to the address that was judged, so that a name which answers differently the second time
(DNS rebinding) gains nothing; the certificate is still checked against the name. Every redirect starts again from the first check.
Source of the threats: OWASP, Server-Side Request Forgery Prevention Cheat Sheet.
"""
import io
import socket
import ssl
import string
import time
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from http.client import HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from preprocessing.decode import MAX_FILE

if TYPE_CHECKING:  # imported where it is used: a request that uploads its picture does not pay for it
    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection
    from urllib3.util import Url

MAX_URL = 8_192       # characters
MAX_REDIRECTS = 5
CHUNK = 65_536        # bytes a read
DEFAULT_PORTS = {"https": 443, "http": 80}
REDIRECTS = {301, 302, 303, 307, 308}

NATIVE_V6 = ip_network("2000::/3")  # all that is given out as global unicast (RFC 4291); IPv4-mapped and NAT64 addresses lie outside
NEVER = tuple(map(ip_network, (     # what Python's is_global lets through, in one version or another
    "192.0.0.0/24",                 # IETF protocol assignments (RFC 6890); a cloud's metadata server lives here
    "192.88.99.0/24",               # 6to4 relays (RFC 7526)
    "168.63.129.16/32",             # Azure's platform server
    "2001::/23",                    # IETF protocol assignments (RFC 2928), with Teredo, which embeds IPv4 (RFC 4380)
    "2001:db8::/32", "3fff::/20",   # documentation (RFC 3849, RFC 9637)
    "2002::/16",                    # 6to4, which embeds IPv4 (RFC 3056)
)))


class FetchError(ValueError):
    """The picture cannot be had; the sentence is ours and safe to show to the caller."""


class FetchTooLarge(FetchError):
    """The picture has more bytes than the rules allow."""


@dataclass(frozen=True)
class Rules:
    """What may be fetched. The defaults are those for strangers."""

    allow_http: bool = False               # https alone, unless set
    allow_private: bool = False            # for tests and work on one's own machine: any address, even this machine's
    max_bytes: int = MAX_FILE
    seconds: float = 10.0                  # for everything: names, connections, redirects, the last byte
    ports: frozenset[int] = frozenset()    # beside 80 and 443
    buckets: frozenset[str] = frozenset()  # of Cloud Storage, whose objects callers may name (see api/job.py)


class Deadline:
    """The moment at which a fetch is over, whatever it is doing."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than 0. Raises TimeoutError when there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def fetch(url: str, rules: Rules) -> bytes:
    """The bytes behind a URL, after at most MAX_REDIRECTS redirects; never empty.

    Raises FetchTooLarge for more than rules.max_bytes, and FetchError for whatever else is wrong: a URL or an address that the rules
    forbid, a host that does not answer or prove its name, a status other than 200, rules.seconds gone by.
    """
    from urllib3.exceptions import HTTPError
    from urllib3.exceptions import TimeoutError as HTTPTimeout

    deadline = Deadline(rules.seconds)
    try:
        for _ in range(MAX_REDIRECTS + 1):
            parts = allowed(url, rules)
            address = resolve(parts, rules, deadline)
            with closing(connection_to(address, parts, deadline)) as connection, ask(connection, parts) as response:
                if response.status not in REDIRECTS:
                    return body_of(response, rules.max_bytes)
                url = target_of(response, parts)
    except (TimeoutError, HTTPTimeout) as error:
        raise FetchError("the host did not send the picture in time") from error
    except ssl.SSLCertVerificationError as error:
        raise FetchError("the host's certificate is not trusted, or not for this name") from error
    except (HTTPError, HTTPException, OSError) as error:
        raise FetchError("the host could not be reached, or broke off before the picture was complete") from error
    raise FetchError(f"the address redirects more than {MAX_REDIRECTS} times")


def allowed(url: str, rules: Rules) -> "Url":
    """The parts of a URL, its host in ASCII (IDNA 2008). Raises FetchError where the rules forbid one."""
    from urllib3.util import parse_url

    if len(url) > MAX_URL:
        raise FetchError(f"the address is longer than {MAX_URL:,} characters")
    try:
        parts = parse_url(url)
    except ValueError as error:
        raise FetchError("the address is not a valid URL") from error
    schemes = ("https", "http") if rules.allow_http else ("https",)
    if parts.scheme not in schemes or not parts.host:
        raise FetchError(f"the address must start with {' or '.join(f'{scheme}://' for scheme in schemes)} and name a host")
    if parts.auth is not None:
        raise FetchError("the address must not hold a user name or password")
    if port_of(parts) not in rules.ports.union(DEFAULT_PORTS.values()):
        raise FetchError("the address must use port 80 or 443")
    return parts


def port_of(parts: "Url") -> int:
    return DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port


def host_of(parts: "Url") -> str:
    return parts.host.strip("[]")  # IPv6 stands in brackets


def resolve(parts: "Url", rules: Rules, deadline: Deadline) -> IPv4Address | IPv6Address:
    """The address to connect to: the resolver's first, if all that it knows are public. Raises FetchError, TimeoutError.

    Odd spellings (0x7f.1, 2130706433, 127.1) need no care here: the resolver turns them into the address that is judged.
    """
    from concurrent.futures import ThreadPoolExecutor

    lookup = ThreadPoolExecutor(1)  # getaddrinfo knows no timeout; a thread can be left behind
    try:
        rows = lookup.submit(socket.getaddrinfo, host_of(parts), port_of(parts), type=socket.SOCK_STREAM).result(deadline.left())
    except (socket.gaierror, UnicodeError):  # the second: a label of more than 63 letters
        rows = []
    finally:
        lookup.shutdown(wait=False)
    addresses = [ip_address(row[4][0]) for row in rows]
    if not addresses or not (rules.allow_private or all(map(is_public, addresses))):
        # one sentence for both, so that nobody can ask us which names our own network knows
        raise FetchError("the host was not found on the public internet")
    return addresses[0]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet: not this machine's, a private network's or a cloud's own, nor one that embeds another."""
    native = address.version == 4 or address in NATIVE_V6
    return native and address.is_global and not address.is_multicast and not any(address in network for network in NEVER)


def connection_to(address: IPv4Address | IPv6Address, parts: "Url", deadline: Deadline) -> "HTTPConnection":
    """A connection, yet to be opened, to the address itself; proxies of the environment are not asked."""
    from urllib3.connection import HTTPConnection, HTTPSConnection

    host, port, timeout = str(address), port_of(parts), deadline.left() / 2  # urllib3 grants it twice: to TCP, then to the TLS handshake
    if parts.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=timeout, ssl_context=trust(), server_hostname=host_of(parts))
    else:
        connection = HTTPConnection(host, port, timeout=timeout)
    connection.response_class = partial(TimedResponse, deadline=deadline)
    return connection


@cache
def trust() -> ssl.SSLContext:
    """The certificate authorities of the system; reading them costs milliseconds, so once."""
    return ssl.create_default_context()


def ask(connection: "HTTPConnection", parts: "Url") -> "BaseHTTPResponse":
    host = parts.host if port_of(parts) == DEFAULT_PORTS[parts.scheme] else parts.netloc
    headers = {"Host": host, "User-Agent": "Forecourt", "Accept": "image/jpeg, image/png, image/webp, */*;q=0.1", "Accept-Encoding": "identity"}
    connection.request("GET", parts.request_uri, headers=headers, preload_content=False, decode_content=False)
    return connection.getresponse()


def target_of(response: "BaseHTTPResponse", parts: "Url") -> str:
    """Where a redirect leads, made absolute. Raises FetchError."""
    try:
        location = response.headers["Location"].encode("latin-1")  # as the wire's bytes were read
        return urljoin(parts.url, quote(location, safe=string.punctuation))
    except (KeyError, ValueError) as error:
        raise FetchError("the address redirects to nowhere") from error


def body_of(response: "BaseHTTPResponse", max_bytes: int) -> bytes:
    """The whole body. Raises FetchError, and FetchTooLarge as soon as that is known."""
    if response.status != 200:
        raise FetchError(f"the host answered with status {response.status} instead of 200")
    if response.headers.get("Content-Encoding", "").lower() not in ("", "identity"):
        raise FetchError("the host compressed the picture's bytes (Content-Encoding) although it was asked not to")
    too_large = FetchTooLarge(f"the picture has more than {max_bytes:,} bytes")
    if (response.length_remaining or 0) > max_bytes:
        raise too_large
    body = bytearray()
    while chunk := response.read(CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise too_large
    if not body:
        raise FetchError("the host answered with no bytes")
    return bytes(body)


class TimedResponse(HTTPResponse):
    """An answer that waits, for its headers as for its body, no longer than the deadline."""

    def __init__(self, sock: socket.socket, method: str, deadline: Deadline):
        super().__init__(sock, method=method)
        self.fp = io.BufferedReader(TimedReader(sock, self.fp.detach(), deadline))


class TimedReader(io.RawIOBase):
    """The bytes of a socket until the deadline; a socket's own timeout starts afresh with every byte that drips in."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, deadline: Deadline):
        self.sock, self.raw, self.deadline = sock, raw, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:
        self.sock.settimeout(self.deadline.left())
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()  # the socket closes with its last reader
        super().close()
