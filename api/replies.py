"""Answers: the picture with its headers, the same as JSON, or an error."""
import base64
import json

from flask import Request, Response
from werkzeug.datastructures import MIMEAccept

from api.errors import AnswerTooLarge, ApiError
from api.limits import Quota
from cutout import CutOut
from model.flags import advice
from options import Options
from postprocessing.encode import CONTENT_TYPES

MAX_ANSWER = 32_000_000  # bytes; Cloud Run functions send no more, and only 10 MB in pieces (https://cloud.google.com/functions/quotas)
UNLIMITED = 2**31 - 1    # clients read an integer
SIDES = ("top", "left", "height", "width")
TYPES = {"exterior": "car", "interior": "car_interior", "boot": "car_part", "engine": "car_part", "detail": "car_part", "other": "other"}  # by kind


def picture(request: Request, result: CutOut, options: Options, milliseconds: dict[str, float]) -> Response:
    """The file itself, or {"data": {"result_b64", "foreground_top", ...}} where the caller prefers JSON. milliseconds: by stage. Raises AnswerTooLarge."""
    foreground = dict(zip(SIDES, result.car))
    height, width = result.size
    cut = "car" if result.is_cut else "none"
    if wants_json(request):
        data = {"result_b64": base64.b64encode(result.data).decode(), **{f"foreground_{side}": value for side, value in foreground.items()},
                "kind": result.kind.kind, "view": result.kind.view, "kind_confidence": round(result.kind.confidence, 3), "cut_out": cut,
                "confidence": round(result.confidence, 3), "flags": result.flags, "advice": advice(result.flags),
                "format": result.format, "width": width, "height": height}
        body = json.dumps({"data": data})  # ASCII alone
        check_size(result, len(body), "JSON")
        reply = Response(body, mimetype="application/json")
    else:
        check_size(result, len(result.data), result.format)
        reply = Response(result.data, mimetype=CONTENT_TYPES[result.format])
    told = {
        "X-Type": type_of(result.kind.kind, options.type_level),
        "X-Width": width, "X-Height": height, "X-Max-Width": result.full[1], "X-Max-Height": result.full[0],
        **{f"X-Foreground-{side.title()}": value for side, value in foreground.items()},
        "X-Credits-Charged": 0, "X-Cut-Out": cut, "X-Confidence": f"{result.confidence:.3f}",
        "X-Kind": result.kind.kind, "X-View": result.kind.view, "X-Kind-Confidence": f"{result.kind.confidence:.3f}",
        "X-Flags": ",".join(result.flags) or None, "X-Advice": advice(result.flags),
        "Server-Timing": ", ".join(f"{stage};dur={duration:.1f}" for stage, duration in milliseconds.items()),
    }
    reply.headers.update({name: value for name, value in told.items() if value is not None})
    return reply


def type_of(kind: str, level: str) -> str | None:
    """What X-Type says of a kind at a type_level: level 1 tells vehicles, their parts included, from all else."""
    if level == "none":
        return None
    return TYPES[kind] if level != "1" else "other" if kind == "other" else "car"


def check_size(result: CutOut, size: int, form: str) -> None:
    """Raises AnswerTooLarge, which says what would fit."""
    if size <= MAX_ANSWER:
        return
    ways = ["format=webp"] if result.format == "png" else []
    ways += ["a smaller size, such as size=4k"]
    if form == "JSON" and len(result.data) <= MAX_ANSWER:
        ways += ["the picture itself instead of JSON"]
    raise AnswerTooLarge(f"as {form} it has {size:,} bytes, and at most {MAX_ANSWER:,} can be sent; ask for {', or for '.join(ways)}")


def empty(headers: dict[str, str]) -> Response:
    reply = Response(status=204, headers=headers)
    del reply.headers["Content-Type"]  # there is no body
    return reply


def account(quota: Quota | None) -> Response:
    """What clients ask before they start. Nothing is paid here: no credits, and as many free calls as the rate limit leaves."""
    credits = {"total": 0, "subscription": 0, "payg": 0, "enterprise": 0}
    attributes = {"credits": credits, "api": {"free_calls": quota.remaining if quota else UNLIMITED, "sizes": "all"}}
    return Response(json.dumps({"data": {"attributes": attributes}}), mimetype="application/json", headers={"Cache-Control": "no-store"})


def error(problem: ApiError) -> Response:
    row = {"title": problem.title, "detail": problem.detail, "code": problem.code}
    return Response(json.dumps({"errors": [row]}), problem.status, problem.headers, mimetype="application/json")


def wants_json(request: Request) -> bool:
    """Whether Accept prefers JSON to every picture. Parameters of a media type, such as charset, make no difference."""
    accepted = MIMEAccept([(kind.partition(";")[0].strip(), quality) for kind, quality in request.accept_mimetypes])
    return accepted["application/json"] > max(accepted[kind] for kind in CONTENT_TYPES.values())
