"""Which callers' URLs are fetched at all: those within the rules that lead to public addresses, however these are spelt."""
import socket
from ipaddress import ip_address

import pytest

from api.fetch import MAX_URL, FetchError, Rules, allowed_target, fetch, is_public
from tests.fetch_server import PUBLIC

REFUSED = [
    # this machine, and nowhere
    "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "::", "::1",
    # private networks
    "10.0.0.1", "100.64.0.1", "100.127.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fec0::1",
    # link-local, and the clouds' own
    "169.254.0.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0",
    # multicast
    "224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1",
    # reserved, tests, documentation
    "192.0.0.1", "192.0.0.9", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "255.255.255.255",
    "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "5f00::1",
    # IPv4 in IPv6: compatible, mapped, translated
    "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
    # NAT64, Teredo, 6to4
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2001:0:7f00:1:0:0:80ff:fffe", "2002:7f00:1::1", "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(internet, address):
    assert not is_public(ip_address(address))
    internet.names = {"cars.example": [[PUBLIC, address]]}  # one bad address among good ones is enough
    with pytest.raises(FetchError, match="not found on the public internet"):
        fetch("https://cars.example/", Rules())
    assert not internet.dialled


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", PUBLIC, "100.63.255.255", "100.128.0.0", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1"])
def test_a_public_address_is_let_through(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0", "0xa9fea9fe", "localhost", "LOCALHOST.", "[::1]", "[::]",
                                  "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[fe80::1%25lo]", "169.254.169.254", "%31%32%37.0.0.1"])
def test_spellings_of_private_hosts_are_refused_by_the_real_resolver(host, monkeypatch):
    monkeypatch.setattr("urllib3.util.connection.create_connection", lambda *_, **__: pytest.fail("a connection was tried"))
    with pytest.raises(FetchError, match="not found on the public internet"):
        fetch(f"https://{host}/", Rules())


def test_an_unknown_name_and_a_private_one_read_alike(internet):
    internet.names = {"inside.example": [["10.0.0.1"]]}
    sentences = set()
    for host in ("inside.example", "unknown.example", "a" * 64 + ".example"):
        with pytest.raises(FetchError) as problem:
            fetch(f"https://{host}/", Rules())
        sentences.add(str(problem.value))
    assert len(sentences) == 1


def test_a_host_that_refuses_the_connection_tells_nothing_of_it():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(FetchError) as problem:
        fetch(f"http://127.0.0.1:{port}/", Rules(allow_http=True, allow_private=True, ports=frozenset({port})))
    assert "127.0.0.1" not in str(problem.value) and "Errno" not in str(problem.value)


@pytest.mark.parametrize("url", [
    "", "cars.example/a.jpg", "//cars.example/", "https://", "https:///a.jpg", "https:cars.example", "http://cars.example/", "ftp://cars.example/",
    "file:///etc/passwd", "gs://bucket/a.jpg", "data:image/png;base64,AA==", "https://user@cars.example/", "https://user:word@cars.example/",
    "https://cars.example:22/", "https://cars.example:8080/", "https://cars.example:0/", "https://cars.example:99999/", "https://cars.example:x/",
    "https://ca rs.example/", "https://cars.example\r\nX: y/", "https://[bad/", "https://" + "ü" * 99 + ".example/", "https://cars.example/" + "a" * MAX_URL,
    "\ud800://x", "https://\ud800.example/",
])
def test_a_url_against_the_rules_is_refused_before_any_name_is_resolved(internet, url):
    with pytest.raises(FetchError):
        fetch(url, Rules())
    assert not internet.asked


@pytest.mark.parametrize("url", ["https://cars.example", "https://cars.example:443/", "https://cars.example:80/", "HTTPS://CARS.example/a?b#c",
                                 "https://cars.example\\@127.0.0.1/"])
def test_a_url_within_the_rules_is_allowed(url):
    assert allowed_target(url, Rules()).host == "cars.example"


def test_a_host_beyond_ascii_is_asked_for_in_idna(internet):
    with pytest.raises(FetchError):
        fetch("https://straße.example/", Rules())
    assert internet.asked == ["xn--strae-oqa.example"]
