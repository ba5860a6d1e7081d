"""The doors of the deployed functions: HTTP in, a cut-out or a clear error back; and photos that arrive in a bucket."""
import os
from pathlib import Path

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request, Response

from api import errors, logs, replies
from api.body import Body
from api.job import read_job
from api.keys import HEADER
from api.limits import Limiter, visitor
from api.page import page
from api.settings import BadSetting, Settings
from api.visit import Visit
from cutout import BadRegion, NoCar, UnreadableBackdrop, UnreadableWatermark, cut_out, predictor
from options import PIXELS
from postprocessing.encode import TooLargeForFormat
from preprocessing.decode import ResolutionTooHigh, UnreadablePicture
from storage import Location

SETTINGS = Settings.read(os.environ)
OPENAPI = Path(__file__).parent / "api" / "openapi.yaml"
PAGE = page(limited=SETTINGS.trial is not None) if SETTINGS.demo else {}

predictor()  # an instance loads the network while it starts, not in its first visitor's time


@functions_framework.http
def remove_background(request: Request) -> Response:
    """Answers every request at every address of the function."""
    visit = Visit.of(request)
    try:
        with Body.of(request):
            reply = route(visit)
    except errors.ApiError as problem:
        visit.problem = problem
        reply = replies.error(problem)
    except Exception as crash:  # the framework would answer with the exception's text
        visit.problem, visit.crash = errors.InternalError(), crash
        reply = replies.error(visit.problem)
    reply.headers.update(visit.headers)
    SETTINGS.cors.tell(request, reply)
    logs.write(visit, reply)
    return reply


@functions_framework.cloud_event
def on_upload(event: CloudEvent) -> None:
    """A photo has arrived in a bucket (google.cloud.storage.object.v1.finalized, https://cloud.google.com/eventarc/docs/cloudevents).

    Returning acknowledges the event; an exception has it sent again, where the function was deployed with --retry.
    """
    photo = event.data
    with logs.arrival(f"gs://{photo['bucket']}/{photo['name']}", int(photo["generation"])) as entry:
        if SETTINGS.arrivals is None:
            raise BadSetting("OUTPUT_BUCKET must tell where results go")
        entry["code"] = SETTINGS.arrivals.receive(Location(photo["bucket"], photo["name"]), int(photo["generation"]), int(photo["size"]),
                                                  photo.get("contentType", ""))


def route(visit: Visit) -> Response:
    """OPTIONS and HEAD go wherever something can be asked; an address may end in a slash."""
    path = visit.request.path.rstrip("/") or "/"
    methods = ROUTES.get(path) or ({"GET": show} if path in PAGE else None)
    if methods is None:
        raise errors.NotFound()
    allowed = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
    method = visit.request.method
    if method == "OPTIONS":
        return Response(status=204, headers={"Allow": ", ".join(allowed)})
    if method not in allowed:
        raise errors.MethodNotAllowed(allowed)
    return methods["GET" if method == "HEAD" else method](visit)


def health(visit: Visit) -> Response:
    return Response("ok", mimetype="text/plain")


def description(visit: Visit) -> Response:
    return Response(OPENAPI.read_bytes(), mimetype="application/yaml")


def account(visit: Visit) -> Response:
    caller = identify(visit)
    if SETTINGS.limiter:
        visit.quota = SETTINGS.limiter.look(caller)
    return replies.account(visit.quota)


def show(visit: Visit) -> Response:
    file = PAGE.get(visit.request.path.rstrip("/") or "/")
    if file is None:
        raise errors.NotFound()
    return file.reply(visit.request)


def answer(visit: Visit) -> Response:
    return cut(visit, identify(visit), SETTINGS.limiter)


def try_out(visit: Visit) -> Response:
    """What the page asks for its visitors where others need a key: previews, and so many an hour."""
    return cut(visit, visitor(visit.request, SETTINGS.proxies), SETTINGS.trial, PIXELS["preview"])


def cut(visit: Visit, caller: str, limiter: Limiter | None, only: int | None = None) -> Response:
    """only: the one size in pixels that may be asked for."""
    if limiter:
        visit.quota = limiter.take(caller)
        if not visit.quota.granted:
            raise errors.RateLimitExceeded(visit.quota.seconds)
    visit.job = job = read_job(visit.request, SETTINGS.rules)
    if only and job.options.pixels != only:
        raise errors.InvalidParameter("size", "takes only preview without a key")
    try:
        with SETTINGS.capacity.place():
            visit.result = cut_out(job.photo, job.options, job.backdrop, job.watermark)
    except UnreadableBackdrop as error:
        raise errors.InvalidParameter(job.backdrop_from, str(error)) from error
    except UnreadableWatermark as error:
        raise errors.InvalidParameter("watermark" if job.watermark is None else "watermark_file", str(error)) from error
    except UnreadablePicture as error:
        raise errors.FailedToReadImage(str(error)) from error
    except ResolutionTooHigh as error:
        raise errors.TooManyPixels(str(error)) from error
    except TooLargeForFormat as error:
        raise errors.InvalidParameter("format", str(error)) from error
    except BadRegion as error:
        raise errors.InvalidRegion(str(error), error.code) from error
    except NoCar as error:
        raise errors.UnknownForeground(str(error)) from error
    return replies.picture(visit.request, visit.result, job.options.type_level)


def identify(visit: Visit) -> str:
    """Who asks: a key where keys are needed, else a visitor."""
    visit.key = SETTINGS.keys.name(visit.request.headers.get(HEADER))
    return visit.key or visitor(visit.request, SETTINGS.proxies)


ROUTES = {
    "/": {"GET": show, "POST": answer},
    "/v1.0/removebg": {"POST": answer},
    "/v1.0/account": {"GET": account},
    "/account": {"GET": account},
    "/openapi.yaml": {"GET": description},
    "/health": {"GET": health},
    "/healthz": {"GET": health},  # not to be had at run.app, which keeps what ends in z to itself
    **({"/try": {"POST": try_out}} if SETTINGS.trial else {}),
}
