"""The HTTP handler: built from settings, it routes each request and answers with a cut-out or an error."""
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from flask import Request, Response

from api import errors, logs, replies
from api.body import Body
from api.context import RequestContext
from api.keys import HEADER
from api.limits import Limiter, visitor
from api.page import page
from api.request import CutOutRequest, read_request
from api.settings import Settings
from cutout import CutOut, cut_out
from exceptions import CutOutError, UnreadablePicture
from options import PIXELS, Options
from postprocessing import watermark
from postprocessing.compose import Backdrop
from preprocessing.decode import Picture, decode

OPENAPI = Path(__file__).with_name("openapi.yaml")

Route = Callable[[RequestContext], Response]
Core = Callable[[bytes, Options, Backdrop | None, Picture | None], CutOut]  # see cutout.cut_out


class Handler:
    def __init__(self, settings: Settings, cut_out: Core = cut_out):
        self.settings, self.cut_out = settings, cut_out
        self.page = page(limited=settings.trial is not None) if settings.demo else {}
        self.routes: dict[str, dict[str, Route]] = {
            "/": {"GET": self.show, "POST": self.answer},
            "/v1.0/removebg": {"POST": self.answer},
            "/v1.0/account": {"GET": self.account},
            "/account": {"GET": self.account},
            "/openapi.yaml": {"GET": self.description},
            "/health": {"GET": self.health},
            "/healthz": {"GET": self.health},  # Cloud Run keeps addresses that end in z to itself
        }
        if settings.trial:
            self.routes["/try"] = {"POST": self.try_out}

    def __call__(self, request: Request) -> Response:
        """The answer to any request at any address of the function."""
        context = RequestContext.of(request)
        try:
            with Body.of(request):
                reply = self.route(context)
        except errors.ApiError as problem:
            context.problem = problem
            reply = replies.error(problem)
        except Exception as crash:  # the framework would answer with the exception's text
            context.problem, context.crash = errors.InternalError(), crash
            reply = replies.error(context.problem)
        reply.headers.update(context.headers)
        self.settings.cors.add_headers(request, reply)
        logs.write(context, reply)
        return reply

    def route(self, context: RequestContext) -> Response:
        """OPTIONS is allowed everywhere, HEAD wherever GET is. A slash at the end of an address is ignored."""
        path = context.request.path.rstrip("/") or "/"
        methods = self.routes.get(path) or ({"GET": self.show} if path in self.page else None)
        if methods is None:
            raise errors.NotFound()
        allowed = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
        method = context.request.method
        if method == "OPTIONS":
            return replies.empty({"Allow": ", ".join(allowed)})
        if method not in allowed:
            raise errors.MethodNotAllowed(allowed)
        return methods["GET" if method == "HEAD" else method](context)

    def health(self, context: RequestContext) -> Response:
        return Response("ok", mimetype="text/plain")

    def description(self, context: RequestContext) -> Response:
        return Response(OPENAPI.read_bytes(), mimetype="application/yaml")

    def account(self, context: RequestContext) -> Response:
        caller = self.identify(context)
        if self.settings.limiter:
            context.quota = self.settings.limiter.peek(caller)
        return replies.account(context.quota)

    def show(self, context: RequestContext) -> Response:
        file = self.page.get(context.request.path.rstrip("/") or "/")
        if file is None:
            raise errors.NotFound()
        return file.reply(context.request)

    def answer(self, context: RequestContext) -> Response:
        return self.cut(context, self.identify(context), self.settings.limiter)

    def try_out(self, context: RequestContext) -> Response:
        """For the demo page where the API needs a key: previews only, with a rate limit of their own."""
        return self.cut(context, visitor(context.request, self.settings.proxies), self.settings.trial, PIXELS["preview"])

    def cut(self, context: RequestContext, caller: str, limiter: Limiter | None, only_pixels: int | None = None) -> Response:
        """only_pixels: the only size that is allowed."""
        if limiter:
            context.quota = limiter.take(caller)
            if not context.quota.granted:
                raise errors.RateLimitExceeded(context.quota.seconds)
        clock = context.clock
        with clock("receive"):
            context.cut_out_request = asked = read_request(context.request, self.settings.rules, self.settings.watermarks)
        if only_pixels and asked.options.pixels != only_pixels:
            raise errors.InvalidParameter("size", "takes only preview without a key")
        with ExitStack() as slot:
            with clock("wait"):
                slot.enter_context(self.settings.capacity.slot())
            with clock("decode"):
                backdrop, mark = backdrop_of(asked), self.watermark_of(asked)
            try:
                context.result = self.cut_out(asked.photo, asked.options, backdrop, mark)
            except CutOutError as refusal:
                clock.add(refusal.milliseconds)
                raise errors.Refused(refusal) from refusal
            clock.add(context.result.milliseconds)
        return replies.picture(context.request, context.result, asked.options, clock.milliseconds)

    def watermark_of(self, asked: CutOutRequest) -> Picture | None:
        if asked.watermark is not None:
            return decoded(asked.watermark, "watermark_file")
        name = asked.options.watermark.name
        return watermark.load(self.settings.watermarks[name]) if name else None

    def identify(self, context: RequestContext) -> str:
        """The caller whose requests a limit counts: a key where keys are needed, else a visitor. Raises AuthFailed."""
        context.key = self.settings.keys.name(context.request.headers.get(HEADER))
        return context.key or visitor(context.request, self.settings.proxies)


def backdrop_of(asked: CutOutRequest) -> Backdrop | None:
    return Backdrop(decoded(asked.backdrop, asked.backdrop_from)) if asked.backdrop is not None and asked.backdrop_from else None


def decoded(data: bytes, parameter: str) -> Picture:
    """A picture beside the photo. Raises InvalidParameter where it can't be read, and Refused where it is too large."""
    try:
        return decode(data)
    except UnreadablePicture as error:
        raise errors.InvalidParameter(parameter, f"can't be read: {error}") from error
    except CutOutError as refusal:
        raise errors.Refused(type(refusal)(f"{parameter}: {refusal}")) from refusal
