"""A proxy on which things go wrong in a fixed order: refusals, lost connections, lost answers, slow answers."""
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.fetch_server import in_thread

FAULTS = (None, 503, None, "reset", None, 429, None, "lost answer", None, "slow", None, "half")  # by turns
PAUSE = 0.3  # seconds
HOP = {"connection", "transfer-encoding", "keep-alive"}  # headers of one connection only (RFC 9110, 7.6.1)


class Way:
    def __init__(self, port: int):
        self.address = f"http://127.0.0.1:{port}"
        self.met: Counter[object] = Counter()  # the faults that clients met


@contextmanager
def faulty(server: str) -> Iterator[Way]:
    """A proxy before the server's address."""
    lock, turn = threading.Lock(), 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            nonlocal turn
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                fault = FAULTS[turn % len(FAULTS)]
                turn += 1
                way.met[fault] += 1
            if fault in (503, 429):
                self.send_response(fault)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.close_connection = fault in ("reset", "lost answer", "half")
            if fault == "reset":
                return
            connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=30)
            connection.request(self.command, self.path, body, {name: value for name, value in self.headers.items() if name.lower() not in HOP})
            answer = connection.getresponse()
            data = answer.read()
            connection.close()
            if fault == "lost answer":
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP | {"content-length", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2])
            if fault == "half":
                return
            time.sleep(PAUSE if fault == "slow" else 0)
            self.wfile.write(data[len(data) // 2:])

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = pass_on

        def log_message(self, format: str, *values: object) -> None:
            """Silent."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.handle_error = lambda request, address: None  # clients may leave
    proxy.daemon_threads = True
    way = Way(proxy.server_port)
    with in_thread(proxy):
        yield way
