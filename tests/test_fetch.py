"""Pictures from callers' URLs: what is fetched, what is refused, and how fast. All traffic is loopback."""
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from api.fetch import MAX_REDIRECTS, FetchError, FetchTooLarge, Rules, fetch, tls_context
from tests.fetch_server import PUBLIC, Site, leads_to, says, serving, writes

PICTURE = bytes(range(256)) * 1000


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Ends the answers that would take long."""
    event = threading.Event()
    yield event
    event.set()


def local(site: Site, **changes: object) -> Rules:
    """Rules that let this machine's own server be fetched from."""
    return Rules(**{"allow_http": True, "allow_private": True, "ports": frozenset({site.port}), "seconds": 5.0, **changes})


def address_of(site: Site, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{site.port}{path}"


@pytest.fixture
def secure_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """pictures.example over TLS, under an authority that the system trusts for the length of the test."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("pictures.example").configure_cert(context)
    tls_context.cache_clear()
    with serving(context) as site:
        yield site
    tls_context.cache_clear()


def test_a_picture_arrives_unchanged(site):
    site.answers["/car.jpg?w=9"] = says(PICTURE)
    assert fetch(address_of(site, "/car.jpg?w=9#top"), local(site)) == PICTURE
    (_, headers), = site.requests
    assert headers["Host"] == f"127.0.0.1:{site.port}" and headers["Accept-Encoding"] == "identity"


def test_a_chunked_picture_arrives_unchanged(site, stop):
    site.answers["/"] = writes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ncar\r\n", b"2\r\n!!\r\n", b"0\r\n\r\n", stop=stop)
    assert fetch(address_of(site, "/"), local(site)) == b"car!!"


def test_spaces_and_letters_beyond_ascii_are_encoded(site):
    site.answers["/gr%C3%BCn%20car.jpg"] = says(PICTURE)
    assert fetch(address_of(site, "/grün car.jpg"), local(site)) == PICTURE


def test_proxies_of_the_environment_are_not_used(site, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.delenv("no_proxy", raising=False)
    site.answers["/"] = says(PICTURE)
    assert fetch(address_of(site, "/"), local(site)) == PICTURE


def test_urllib3_is_not_imported_before_it_is_needed():
    subprocess.run([sys.executable, "-c", "import sys, api.fetch; assert 'urllib3' not in sys.modules"], check=True, cwd=Path(__file__).parent.parent)


# --- redirects

@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(site, status):
    site.answers |= {"/a/old": leads_to("../b/new", status), "/b/new": says(PICTURE)}
    assert fetch(address_of(site, "/a/old"), local(site)) == PICTURE


def test_a_redirect_written_in_raw_utf8_is_followed(site, stop):
    site.answers |= {"/": writes("HTTP/1.1 302 Found\r\nLocation: /grün\r\n\r\n".encode(), stop=stop), "/gr%C3%BCn": says(PICTURE)}
    assert fetch(address_of(site, "/"), local(site)) == PICTURE


def test_as_many_redirects_as_allowed_are_followed_and_no_more(site):
    site.answers = {f"/{n}": leads_to(f"/{n + 1}") for n in range(MAX_REDIRECTS + 1)} | {f"/{MAX_REDIRECTS + 1}": says(PICTURE)}
    assert fetch(address_of(site, "/1"), local(site)) == PICTURE
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        fetch(address_of(site, "/0"), local(site))


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/secret", "http://inside.example:{port}/secret", "//169.254.169.254/secret"])
def test_a_redirect_to_a_private_address_is_refused(site, internet, target):
    internet.names = {"shop.example": [[PUBLIC]], "inside.example": [["10.0.0.7"]], "127.0.0.1": [["127.0.0.1"]], "169.254.169.254": [["169.254.169.254"]]}
    site.answers |= {"/": leads_to(target.format(port=site.port)), "/secret": says(b"secret")}
    with pytest.raises(FetchError, match="not found on the public internet"):
        fetch(address_of(site, "/", "shop.example"), local(site, allow_private=False))
    assert internet.dialled == [PUBLIC] and [path for path, _ in site.requests] == ["/"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "http://user:word@127.0.0.1/", "http://127.0.0.1:22/",
                                    "http://[bad/"])
def test_a_redirect_obeys_the_rules_of_urls(site, target):
    site.answers["/"] = leads_to(target)
    with pytest.raises(FetchError):
        fetch(address_of(site, "/"), local(site))
    assert len(site.requests) == 1


def test_a_redirect_to_nowhere_is_refused(site):
    site.answers["/"] = says(status=302)
    with pytest.raises(FetchError, match="without saying where"):
        fetch(address_of(site, "/"), local(site))


# --- sizes and statuses

def test_the_limit_itself_is_allowed(site):
    site.answers["/"] = says(PICTURE)
    assert fetch(address_of(site, "/"), local(site, max_bytes=len(PICTURE))) == PICTURE


def test_too_large_by_its_own_word_is_refused_before_the_body(site):
    site.answers["/"] = says(length=10**12)
    with pytest.raises(FetchTooLarge, match="more than 1,000 bytes"):
        fetch(address_of(site, "/"), local(site, max_bytes=1000))


@pytest.mark.parametrize("headers", [b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_too_large_without_a_length_is_refused_while_it_streams(site, stop, headers):
    piece = b"10000\r\n" + bytes(65536) + b"\r\n"
    site.answers["/"] = writes(b"HTTP/1.1 200 OK\r\n" + headers, *[piece] * 100_000, stop=stop)  # 6.5 GB, if one let it
    with pytest.raises(FetchTooLarge):
        fetch(address_of(site, "/"), local(site, max_bytes=200_000))


def test_a_chunk_header_without_end_is_refused(site, stop):
    site.answers["/"] = writes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"0" * 65536] * 100_000, stop=stop)
    with pytest.raises(FetchError):
        fetch(address_of(site, "/"), local(site))


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 403, 404, 500, 503])
def test_only_status_200_counts(site, status):
    site.answers["/"] = says(status=status)
    with pytest.raises(FetchError, match=f"status {status} instead of 200"):
        fetch(address_of(site, "/"), local(site))


@pytest.mark.parametrize("answer, sentence", [
    (says(b""), "no bytes"),
    (says(PICTURE, length=len(PICTURE) + 1, Connection="close"), "broke off"),
    (says(PICTURE, Content_Encoding="gzip"), "compressed"),
])
def test_a_body_that_is_no_picture_is_refused(site, answer, sentence):
    site.answers["/"] = answer
    with pytest.raises(FetchError, match=sentence):
        fetch(address_of(site, "/"), local(site))


@pytest.mark.parametrize("raw", [
    b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nca", b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nxx",
])
def test_a_broken_answer_is_refused(site, stop, raw):
    site.answers["/"] = writes(raw, stop=stop)
    with pytest.raises(FetchError, match="could not be reached, or broke off"):
        fetch(address_of(site, "/"), local(site))


# --- time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"


@pytest.mark.parametrize("answer", [
    pytest.param([HEAD + b"\r\n", *[b"x"] * 100], id="body drips"),
    pytest.param([b"HTTP/1.1 200 OK\r\nA: ", *[b"x"] * 100], id="headers drip"),
    pytest.param([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"0"] * 100], id="chunk header drips"),
    pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n"] * 100, id="never final"),
])
def test_a_slow_drip_meets_the_deadline(site, stop, answer):
    site.answers["/"] = writes(*answer, every=0.1, stop=stop)
    assert refused_in_time(address_of(site, "/"), local(site, seconds=0.5))


def test_redirects_share_one_deadline(site, stop):
    site.answers["/"] = writes(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", every=0.2, stop=stop)
    assert refused_in_time(address_of(site, "/"), local(site, seconds=0.5))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_accepts_and_stays_silent_meets_the_deadline(scheme):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        rules = Rules(allow_http=True, allow_private=True, ports=frozenset({port}), seconds=0.5)
        assert refused_in_time(f"{scheme}://127.0.0.1:{port}/", rules)


def test_a_slow_resolver_meets_the_deadline(monkeypatch, stop):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: stop.wait(5))
    assert refused_in_time("https://slow.example/", Rules(seconds=0.5))


def refused_in_time(url: str, rules: Rules) -> bool:
    start = time.monotonic()
    with pytest.raises(FetchError, match="in time"):
        fetch(url, rules)
    return time.monotonic() - start < rules.seconds + 2


# --- TLS

def test_https_checks_the_certificate_against_the_name_and_connects_to_the_address(secure_site, internet):
    internet.names = {"pictures.example": [[PUBLIC]]}
    secure_site.answers["/"] = says(PICTURE)
    assert fetch(address_of(secure_site, "/", "pictures.example", "https"), Rules(ports=frozenset({secure_site.port}))) == PICTURE
    assert internet.dialled == [PUBLIC]


def test_a_certificate_for_another_name_is_refused(secure_site, internet):
    internet.names = {"cars.example": [[PUBLIC]]}
    with pytest.raises(FetchError, match="certificate"):
        fetch(address_of(secure_site, "/", "cars.example", "https"), Rules(ports=frozenset({secure_site.port})))
    assert not secure_site.requests


def test_a_certificate_of_an_unknown_authority_is_refused(secure_site, internet, tmp_path, monkeypatch):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    internet.names = {"pictures.example": [[PUBLIC]]}
    with pytest.raises(FetchError, match="certificate"):
        fetch(address_of(secure_site, "/", "pictures.example", "https"), Rules(ports=frozenset({secure_site.port})))


def test_a_slow_drip_over_tls_meets_the_deadline(secure_site, internet, stop):
    internet.names = {"pictures.example": [[PUBLIC]]}
    secure_site.answers["/"] = writes(HEAD + b"\r\n", *[b"x"] * 100, every=0.1, stop=stop)
    assert refused_in_time(address_of(secure_site, "/", "pictures.example", "https"), Rules(ports=frozenset({secure_site.port}), seconds=0.5))


def test_a_redirect_from_https_to_http_is_refused(secure_site, internet):
    internet.names = {"pictures.example": [[PUBLIC]]}
    secure_site.answers["/"] = leads_to("http://pictures.example/")
    with pytest.raises(FetchError, match="must start with https://"):
        fetch(address_of(secure_site, "/", "pictures.example", "https"), Rules(ports=frozenset({secure_site.port})))


# --- names

def test_a_name_that_rebinds_is_resolved_once_and_the_judged_address_is_dialled(site, internet):
    internet.names = {"rebind.example": [[PUBLIC], ["127.0.0.1"]]}
    site.answers["/"] = says(PICTURE)
    assert fetch(address_of(site, "/", "rebind.example"), local(site, allow_private=False)) == PICTURE
    assert internet.asked == ["rebind.example"] and internet.dialled == [PUBLIC]
    assert site.requests[0][1]["Host"] == f"rebind.example:{site.port}"


def test_a_name_that_rebinds_between_redirects_is_judged_again(site, internet):
    internet.names = {"rebind.example": [[PUBLIC], ["127.0.0.1"]]}
    site.answers["/"] = leads_to("/again")
    with pytest.raises(FetchError, match="not found on the public internet"):
        fetch(address_of(site, "/", "rebind.example"), local(site, allow_private=False))
    assert internet.dialled == [PUBLIC]
