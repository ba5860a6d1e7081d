"""The function in this process: a handler behind a small Flask app, called by requests, which encodes bodies as real clients do."""
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask, request
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import EnvironBuilder, run_wsgi_app

from api.handler import Handler
from api.settings import Settings
from cutout import CutOut, cut_out
from options import Options
from postprocessing.compose import Backdrop
from preprocessing.decode import Picture
from tests.fetch_server import in_thread


@cache
def cut_out_once(photo: bytes, options: Options) -> CutOut:
    return cut_out(photo, options)


def remembered(photo: bytes, options: Options, backdrop: Backdrop | None = None, watermark: Picture | None = None) -> CutOut:
    """The core is pure, so what equal requests get is worked out once; with other pictures each time."""
    return cut_out(photo, options, backdrop, watermark) if backdrop or watermark else cut_out_once(photo, options)


class Function(requests.Session):
    """A function with settings. Its addresses are paths; its log goes to stdout."""

    def __init__(self, core: Callable[..., CutOut] = remembered, **settings: str):
        super().__init__()
        self.app = Flask(__name__)
        handler = Handler(Settings.read(settings), core)
        self.app.before_request(lambda: handler(request))  # whatever the address and the method
        self.mount("http://function/", InProcess(self.app))

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return super().request(method, f"http://function{path}", **options)


class InProcess(BaseAdapter):
    """A way of requests to a WSGI application."""

    def __init__(self, app: Flask):
        super().__init__()
        self.app = app

    def send(self, asked: requests.PreparedRequest, **options: object) -> requests.Response:
        parts, body = urlsplit(asked.url), asked.body or b""
        headers = [(name, value.decode("latin-1") if isinstance(value, bytes) else value) for name, value in asked.headers.items()]
        builder = EnvironBuilder(path=parts.path, query_string=parts.query, method=asked.method, headers=headers,
                                 input_stream=io.BytesIO(body.encode() if isinstance(body, str) else body))
        pieces, status, found = run_wsgi_app(self.app, builder.get_environ(), buffered=True)
        answer = requests.Response()
        answer.request, answer.url, answer.encoding = asked, asked.url, "utf-8"
        answer.status_code, answer.reason = int(status.split(" ", 1)[0]), status.split(" ", 1)[1]
        answer.headers, answer._content = CaseInsensitiveDict(found.items()), b"".join(pieces)
        return answer

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def listening(function: Function) -> Iterator[str]:
    """The function's address on the loopback interface, for clients that need one."""
    class Silent(WSGIRequestHandler):
        def log(self, kind: str, message: str, *values: object) -> None:
            """Nothing."""

    server = make_server("127.0.0.1", 0, function.app, threaded=True, request_handler=Silent)
    with in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}"
