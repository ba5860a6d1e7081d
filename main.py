"""The door of the deployed function: HTTP in, a cut-out or a clear error back."""
import logging

import functions_framework
from flask import Request, Response

from api import errors, replies
from api.sources import photo_of
from cutout import NoCar, cut_out, predictor
from preprocessing.decode import ResolutionTooHigh, UnreadablePicture

predictor()  # an instance loads the network while it starts, not in its first visitor's time


@functions_framework.http
def remove_background(request: Request) -> Response:
    """POST / answers a photo with its car on a transparent PNG; GET /healthz tells that the function is up."""
    try:
        return route(request)
    except errors.ApiError as problem:
        return replies.error(problem)
    except Exception:  # the framework would answer with the exception's text
        logging.exception("request failed")
        return replies.error(errors.InternalError())


def route(request: Request) -> Response:
    methods = {"/": {"POST": answer}, "/healthz": {"GET": health}}.get(request.path)
    if methods is None:
        raise errors.NotFound()
    if request.method not in methods:
        raise errors.MethodNotAllowed(f"use {', '.join(methods)}")
    return methods[request.method](request)


def health(request: Request) -> Response:
    return Response("ok", mimetype="text/plain")


def answer(request: Request) -> Response:
    try:
        return replies.picture(cut_out(photo_of(request)))
    except UnreadablePicture as error:
        raise errors.FailedToReadImage(str(error)) from error
    except ResolutionTooHigh as error:
        raise errors.TooManyPixels(str(error)) from error
    except NoCar as error:
        raise errors.UnknownForeground(str(error)) from error
