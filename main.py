"""The door of the deployed function: HTTP in, a cut-out or a clear error back."""
import logging
import os

import functions_framework
from flask import Request, Response

from api import errors, replies
from api.job import read_job
from api.keys import HEADER
from api.limits import visitor
from api.settings import Settings
from api.visit import Visit
from cutout import BadRegion, NoCar, UnreadableBackdrop, cut_out, predictor
from postprocessing.encode import TooLargeForFormat
from preprocessing.decode import ResolutionTooHigh, UnreadablePicture

SETTINGS = Settings.read(os.environ)

predictor()  # an instance loads the network while it starts, not in its first visitor's time


@functions_framework.http
def remove_background(request: Request) -> Response:
    """Answers every request at every address of the function."""
    visit = Visit.of(request)
    try:
        reply = route(visit)
    except errors.ApiError as problem:
        reply = replies.error(problem)
    except Exception:  # the framework would answer with the exception's text
        logging.exception("request failed")
        reply = replies.error(errors.InternalError())
    reply.headers.update(visit.headers)
    return reply


def route(visit: Visit) -> Response:
    methods = ROUTES.get(visit.request.path)
    if methods is None:
        raise errors.NotFound()
    if visit.request.method not in methods:
        raise errors.MethodNotAllowed(methods)
    return methods[visit.request.method](visit)


def health(visit: Visit) -> Response:
    return Response("ok", mimetype="text/plain")


def account(visit: Visit) -> Response:
    identify(visit)
    if SETTINGS.limiter:
        visit.quota = SETTINGS.limiter.look(visit.caller)
    return replies.account(visit.quota)


def answer(visit: Visit) -> Response:
    identify(visit)
    if SETTINGS.limiter:
        visit.quota = SETTINGS.limiter.take(visit.caller)
        if not visit.quota.granted:
            raise errors.RateLimitExceeded(visit.quota.seconds)
    request = visit.request
    job = read_job(request, SETTINGS.rules)
    try:
        with SETTINGS.capacity.place():
            result = cut_out(job.photo, job.options, job.backdrop)
    except UnreadableBackdrop as error:
        raise errors.InvalidParameter(job.backdrop_from, str(error)) from error
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
    return replies.picture(request, result, job.options.type_level)


def identify(visit: Visit) -> None:
    """Who asks: a key where keys are needed, else a visitor."""
    request = visit.request
    visit.caller = SETTINGS.keys.name(request.headers.get(HEADER)) or visitor(request, SETTINGS.proxies)


ROUTES = {
    "/": {"POST": answer},
    "/v1.0/removebg": {"POST": answer},
    "/v1.0/account": {"GET": account},
    "/account": {"GET": account},
    "/healthz": {"GET": health},
}
