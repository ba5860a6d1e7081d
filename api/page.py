"""The page to try the function on: the files of demo/, read once, with what a browser needs to keep and to trust them."""
from dataclasses import dataclass
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from flask import Request, Response

FOLDER = Path(__file__).parent.parent / "demo"
WHOLE, SMALL = (f'<meta name="forecourt" content="{size}">'.encode() for size in ("full", "preview"))
DAY = 86_400  # s
HEADERS = {
    # Nothing of anybody else's; blob: is the visitor's own photo, data: the page's icon.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class File:
    data: bytes
    type: str

    def reply(self, request: Request) -> Response:
        """304 for who has it already. Pictures may be a day old; the rest is asked for each time, as its parts must fit each other."""
        reply = Response(self.data, content_type=self.type, headers=HEADERS)
        reply.set_etag(sha256(self.data).hexdigest()[:16])
        reply.cache_control.public = True
        if self.type.startswith("image/"):
            reply.cache_control.max_age = DAY
        else:
            reply.cache_control.no_cache = True
        return reply.make_conditional(request)


def page(limited: bool) -> dict[str, File]:
    """The files by their address; limited: the page asks for no more than previews, at POST /try."""
    files = {f"/demo/{path.name}": File(path.read_bytes(), type_of(path)) for path in FOLDER.iterdir() if path.is_file()}
    index = files.pop("/demo/index.html")
    return {"/": File(index.data.replace(WHOLE, SMALL), index.type) if limited else index, **files}


def type_of(path: Path) -> str:
    kind = {".js": "text/javascript", ".webp": "image/webp"}.get(path.suffix) or guess_type(path.name)[0]
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
