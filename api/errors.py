"""Errors of a request: each has a status, a code for programs, and a title and a detail for people."""
from collections.abc import Iterable

from exceptions import CutOutError, NoCar

REFUSED = {
    "failed_to_read_image": "The picture could not be read",
    "file_too_large": "The picture's file is too large",
    "resolution_too_high": "The picture has too many pixels",
    "roi_exceeds_bounds": "The region of interest does not fit the picture",
    "roi_region_empty": "The region of interest does not fit the picture",
    "unknown_foreground": "The picture shows no vehicle from outside",
}  # titles of what the core refuses


class ApiError(Exception):
    """Answered as {"errors": [{"title", "detail", "code"}]} with its status."""

    status = 400
    code = "bad_request"
    title = "The request could not be read"

    def __init__(self, detail: str = "", code: str | None = None):
        super().__init__(detail or self.title)
        self.detail = detail
        self.code = code or self.code
        self.headers: dict[str, str] = {}


class MissingSource(ApiError):
    code, title = "missing_source", "No picture was given"


class MultipleSources(ApiError):
    code, title = "multiple_sources", "More than one picture was given"


class MultipleBackgrounds(ApiError):
    code, title = "multiple_bg_sources", "More than one background was given"


class FailedImageDownload(ApiError):
    code, title = "failed_image_download", "The picture could not be fetched"


class FailedBackgroundDownload(ApiError):
    code, title = "failed_bg_download", "The background could not be fetched"


class InvalidParameter(ApiError):
    title = "A parameter has an invalid value"

    def __init__(self, name: str, detail: str):
        super().__init__(f"{name} {detail}", f"invalid_{name}")


class UnknownParameter(ApiError):
    code, title = "unknown_parameter", "A parameter is unknown"


class Refused(ApiError):
    """What the core refuses, with the core's own code."""

    def __init__(self, refusal: CutOutError):
        super().__init__(str(refusal), refusal.code)
        self.title = REFUSED.get(refusal.code, InvalidParameter.title)
        if isinstance(refusal, NoCar):
            self.headers["X-Kind"] = refusal.kind


class AnswerTooLarge(ApiError):
    code, title = "answer_too_large", "The answer is too large to send"


class AuthFailed(ApiError):
    status, code, title = 403, "auth_failed", "The API key is missing or not valid"


class NotFound(ApiError):
    status, code, title = 404, "not_found", "There is nothing at this address"


class MethodNotAllowed(ApiError):
    status, code, title = 405, "method_not_allowed", "This address does not allow that method"

    def __init__(self, allowed: Iterable[str]):
        super().__init__(f"use {' or '.join(allowed)}")
        self.headers["Allow"] = ", ".join(allowed)


class BodyTooLarge(ApiError):
    status, code, title = 413, "body_too_large", "The request is too large"


class UnsupportedMediaType(ApiError):
    status, code, title = 415, "unsupported_media_type", "The type or encoding of the body is not supported"


class UnsupportedEncoding(UnsupportedMediaType):
    """A body with a Content-Encoding. Accept-Encoding in the answer says which encoding is read (RFC 9110, 15.5.16)."""

    def __init__(self, detail: str):
        super().__init__(detail)
        self.headers["Accept-Encoding"] = "identity"


class RateLimitExceeded(ApiError):
    status, code, title = 429, "rate_limit_exceeded", "Too many requests"

    def __init__(self, seconds: int):
        super().__init__(f"try again in {seconds} s")
        self.headers["Retry-After"] = str(seconds)


class Unavailable(ApiError):
    """A passing fault: Retry-After says when to try again."""

    status = 503
    seconds = 5

    def __init__(self, detail: str = ""):
        super().__init__(detail)
        self.headers["Retry-After"] = str(self.seconds)


class Busy(Unavailable):
    code, title, seconds = "busy", "Too many cut-outs are being made at present", 2


class RateLimitUnavailable(Unavailable):
    code, title = "rate_limit_unavailable", "The rate limit can't be checked at present"


class InternalError(ApiError):
    status, code, title = 500, "internal_error", "Something went wrong on our side"
