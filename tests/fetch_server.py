"""A host of pictures on the loopback interface, and an internet that leads there."""
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]
PUBLIC = "93.184.215.14"  # never connected to: see Internet


class Site:
    """What a host answers, by path, and the requests that it saw."""

    def __init__(self, port: int):
        self.port = port
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []


def says(body: bytes = b"", status: int = 200, length: int | None = None, **headers: str) -> Answer:
    """An answer at once; length is what it claims, header names have _ for -."""
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)
    return answer


def leads_to(location: str, status: int = 302) -> Answer:
    return says(status=status, Location=location)


def writes(*pieces: bytes, every: float = 0.0, stop: threading.Event) -> Answer:
    """An answer of raw bytes, headers and all, one piece after the other, every so many seconds."""
    def answer(handler: BaseHTTPRequestHandler) -> None:
        for piece in pieces:
            if stop.wait(every):
                break
            handler.wfile.write(piece)
    return answer


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append((self.path, dict(self.headers)))
            try:
                site.answers[self.path](self)
            except OSError:  # the client is free to leave
                self.close_connection = True

        def log_message(self, format: str, *values: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda request, address: None  # a client that refuses our certificate is part of a test
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site = Site(server.server_port)
    with in_thread(server):
        yield site


@contextmanager
def in_thread(server: ThreadingHTTPServer) -> Iterator[None]:
    """The server answers while the block runs."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Internet:
    """Names and the addresses that they resolve to, one answer after the other. Records the names looked up and the addresses connected to."""

    def __init__(self) -> None:
        self.thread = threading.current_thread()  # servers of other tests may still dial from theirs
        self.names: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        self.dialled: list[str] = []

    def getaddrinfo(self, host: str, port: int, *rest: object, **options: object) -> list[tuple]:
        self.asked.append(host)
        answers = self.names.get(host, [])
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def create_connection(self, address: tuple[str, int], timeout: float, source_address: None, socket_options: object) -> socket.socket:
        """Whatever the address, this machine answers at its port."""
        if threading.current_thread() is self.thread:
            self.dialled.append(address[0])
        sock = socket.socket()
        sock.settimeout(timeout)
        sock.connect(("127.0.0.1", address[1]))
        return sock
