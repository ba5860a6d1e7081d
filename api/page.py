"""The page to try the function on: the files of demo/, read once, with headers for caching and security."""
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from flask import Request, Response

FOLDER = Path(__file__).parent.parent / "demo"
WHOLE, SMALL = (f'<meta name="forecourt" content="{size}">'.encode() for size in ("full", "preview"))
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".txt": "text/plain; charset=utf-8",
         ".webp": "image/webp", ".svg": "image/svg+xml"}  # what is served; types.d.ts and the like are not
DAY = 86_400  # s
HEADERS = {
    # Only this site's own files; blob: is the visitor's own photo, data: the page's icon.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class File(NamedTuple):
    data: bytes
    type: str

    def reply(self, request: Request) -> Response:
        """304 where the browser has the file already. It keeps pictures for a day, and asks for the rest each time, because those files must fit each other."""
        reply = Response(self.data, content_type=self.type, headers=HEADERS)
        reply.set_etag(sha256(self.data).hexdigest()[:16])
        reply.cache_control.public = True
        if self.type.startswith("image/"):
            reply.cache_control.max_age = DAY
        else:
            reply.cache_control.no_cache = True
        reply.make_conditional(request)
        return reply


def page(limited: bool) -> dict[str, File]:
    """The files by their address; limited: the page asks for no more than previews, at POST /try."""
    paths = [path for path in FOLDER.rglob("*") if path.suffix in TYPES]
    files = {f"/demo/{path.relative_to(FOLDER).as_posix()}": File(path.read_bytes(), TYPES[path.suffix]) for path in paths}
    index = files.pop("/demo/index.html")
    return {"/": File(index.data.replace(WHOLE, SMALL), index.type) if limited else index, **files}
