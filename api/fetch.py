"""Fetches pictures from URLs that callers send: over the public internet only, with limits of size and time.

A host name is resolved once, and the connection goes to the address that was checked. So a name that resolves differently the second time
(DNS rebinding) gains nothing. The certificate is still checked against the name. Every redirect passes all checks again.
Source of the rules: OWASP, Server-Side Request Forgery Prevention Cheat Sheet.
"""
import io
import re
import socket
import ssl
import string
import time
from contextlib import closing
from functools import cache
from http.client import HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urljoin

from preprocessing.decode import MAX_FILE

if TYPE_CHECKING:  # urllib3 is imported where it is used: a request that uploads its picture does not need it
    from _typeshed import WriteableBuffer
    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection

MAX_URL = 8_192       # characters
MAX_REDIRECTS = 5
CHUNK = 65_536        # bytes a read
DEFAULT_PORTS = {"https": 443, "http": 80}
REDIRECTS = {301, 302, 303, 307, 308}

NATIVE_V6 = ip_network("2000::/3")  # all that is allocated as global unicast (RFC 4291); IPv4-mapped and NAT64 addresses lie outside
NOT_PUBLIC = tuple(map(ip_network, (  # networks that is_global of some Python version counts as public
    "192.0.0.0/24",                 # IETF protocol assignments (RFC 6890); a cloud's metadata server lives here
    "192.88.99.0/24",               # 6to4 relays (RFC 7526)
    "168.63.129.16/32",             # Azure's platform server
    "2001::/23",                    # IETF protocol assignments (RFC 2928), with Teredo, which embeds IPv4 (RFC 4380)
    "2001:db8::/32", "3fff::/20",   # documentation (RFC 3849, RFC 9637)
    "2002::/16",                    # 6to4, which embeds IPv4 (RFC 3056)
)))
HTML = re.compile(rb"(\xef\xbb\xbf)?\s*<(!--|(!doctype html|html|head|body|script|style|title|iframe|table|div|font|h1|a|b|br|p)[\s/>])", re.IGNORECASE)
# after https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type


class FetchError(ValueError):
    """The picture can't be fetched. The sentence is safe to show to the caller."""


class FetchTooLarge(FetchError):
    """The picture has more bytes than the rules allow."""


class Rules(NamedTuple):
    """What may be fetched. The defaults are safe for untrusted callers."""

    allow_http: bool = False               # beside https
    allow_private: bool = False            # for tests and local work: any address, even this machine's
    max_bytes: int = MAX_FILE
    seconds: float = 10.0                  # for everything: name, connection, redirects, last byte
    ports: frozenset[int] = frozenset()    # beside 80 and 443
    buckets: frozenset[str] = frozenset()  # of Cloud Storage, whose objects callers may name


class Target(NamedTuple):
    """The parts of a URL that the rules allow."""

    url: str
    scheme: str
    host: str           # ASCII; an IPv6 address without brackets
    port: int
    authority: str      # for the header Host
    request_uri: str    # path and query


class Deadline:
    """The moment at which a fetch ends, whatever stage it has reached."""

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

    Raises FetchTooLarge for more than rules.max_bytes, and FetchError for all else: a URL or an address that the rules forbid, a host that
    does not answer or prove its name, a status other than 200, a web page, more than rules.seconds.
    """
    from urllib3.exceptions import HTTPError, NewConnectionError
    from urllib3.exceptions import TimeoutError as HTTPTimeout

    deadline = Deadline(rules.seconds)
    try:
        for _ in range(MAX_REDIRECTS + 1):
            target = allowed_target(url, rules)
            address = resolve(target, rules, deadline)
            with closing(connection_to(address, target, deadline)) as connection, send_request(connection, target) as response:
                if response.status not in REDIRECTS:
                    return body_of(response, rules.max_bytes)
                url = redirect_of(response, target)
    except ssl.SSLCertVerificationError as error:
        raise FetchError("the host's certificate is not trusted, or not for this name") from error
    except (HTTPError, HTTPException, OSError) as error:
        refused = isinstance(error, NewConnectionError)  # which urllib3 counts among its timeouts
        if isinstance(error, TimeoutError | HTTPTimeout) and not refused:
            raise FetchError("the host did not send the picture in time") from error
        raise FetchError("the host could not be reached, or broke off before the picture was complete") from error
    raise FetchError(f"the address redirects more than {MAX_REDIRECTS} times")


def allowed_target(url: str, rules: Rules) -> Target:
    """The parts of a URL, its host in ASCII (IDNA 2008). Raises FetchError where the rules forbid it."""
    from urllib3.util import parse_url

    if len(url) > MAX_URL:
        raise FetchError(f"the address is longer than {MAX_URL:,} characters")
    try:
        parts = parse_url(url)
    except ValueError as error:
        raise FetchError("the address is not a valid URL") from error
    schemes = ("https", "http") if rules.allow_http else ("https",)
    if parts.scheme is None or parts.scheme not in schemes or not parts.host or not parts.netloc:
        raise FetchError(f"the address must start with {' or '.join(f'{scheme}://' for scheme in schemes)} and name a host")
    if parts.auth is not None:
        raise FetchError("the address must not hold a user name or password")
    default = DEFAULT_PORTS[parts.scheme]
    port = default if parts.port is None else parts.port
    if port not in rules.ports.union(DEFAULT_PORTS.values()):
        raise FetchError("the address must use port 80 or 443")
    return Target(parts.url, parts.scheme, parts.host.strip("[]"), port, parts.host if port == default else parts.netloc, parts.request_uri)


def resolve(target: Target, rules: Rules, deadline: Deadline) -> IPv4Address | IPv6Address:
    """The address to connect to: the resolver's first, if all of its addresses are public. Raises FetchError, TimeoutError.

    Odd spellings (0x7f.1, 2130706433, 127.1) need no rule of their own: the resolver turns them into the address that is checked.
    """
    from concurrent.futures import ThreadPoolExecutor

    lookup = ThreadPoolExecutor(1)  # getaddrinfo has no timeout; a thread can be left behind
    try:
        rows = lookup.submit(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM).result(deadline.left())
    except (socket.gaierror, UnicodeError):  # the second: a label of more than 63 letters
        rows = []
    finally:
        lookup.shutdown(wait=False)
    addresses = [ip_address(row[4][0]) for row in rows]
    if not addresses or not (rules.allow_private or all(map(is_public, addresses))):
        # one sentence for both, so that a caller can't learn which names our own network resolves
        raise FetchError("the host was not found on the public internet")
    return addresses[0]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet: not to this machine, a private network or a cloud's own, and embeds no other address."""
    native = address.version == 4 or address in NATIVE_V6
    return native and address.is_global and not address.is_multicast and not any(address in network for network in NOT_PUBLIC)


def connection_to(address: IPv4Address | IPv6Address, target: Target, deadline: Deadline) -> "HTTPConnection":
    """A connection to the address itself, not opened yet. Proxies of the environment are ignored."""
    from urllib3.connection import HTTPConnection, HTTPSConnection

    connection: HTTPConnection
    host, timeout = str(address), deadline.left() / 2  # urllib3 uses it twice: for TCP, then for the TLS handshake
    if target.scheme == "https":
        connection = HTTPSConnection(host, target.port, timeout=timeout, ssl_context=tls_context(), server_hostname=target.host)
    else:
        connection = HTTPConnection(host, target.port, timeout=timeout)
    connection.response_class = response_until(deadline)
    return connection


@cache
def tls_context() -> ssl.SSLContext:
    """Trusts the certificate authorities of the system. Read once, because that takes milliseconds."""
    return ssl.create_default_context()


def send_request(connection: "HTTPConnection", target: Target) -> "BaseHTTPResponse":
    headers = {"Host": target.authority, "User-Agent": "Forecourt", "Accept": "image/jpeg, image/png, image/webp, */*;q=0.1", "Accept-Encoding": "identity"}
    connection.request("GET", target.request_uri, headers=headers, preload_content=False, decode_content=False)
    return connection.getresponse()


def redirect_of(response: "BaseHTTPResponse", target: Target) -> str:
    """The absolute URL that a redirect leads to. Raises FetchError."""
    try:
        location = response.headers["Location"].encode("latin-1")  # as the wire's bytes were read
        return urljoin(target.url, quote(location, safe=string.punctuation))
    except (KeyError, ValueError) as error:
        raise FetchError("the address redirects without saying where to") from error


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
    if HTML.match(body):
        raise FetchError("the address leads to a web page, not to a picture")
    return bytes(body)


def response_until(deadline: Deadline) -> type[HTTPResponse]:
    """A class of responses whose headers and body must come before the deadline."""
    class TimedResponse(HTTPResponse):
        def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None):
            super().__init__(sock, debuglevel, method, url)
            self.fp = io.BufferedReader(TimedReader(sock, self.fp.detach(), deadline))

    return TimedResponse


class TimedReader(io.RawIOBase):
    """The bytes of a socket until the deadline. A socket's own timeout starts again with every byte."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, deadline: Deadline):
        self.sock, self.raw, self.deadline = sock, raw, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        self.sock.settimeout(self.deadline.left())
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()  # the socket closes with its last reader
        super().close()
