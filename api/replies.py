"""Answers: the picture with its headers, or an error."""
import json

from flask import Response

from api.errors import ApiError
from cutout import CutOut


def picture(result: CutOut) -> Response:
    return Response(result.data, mimetype="image/png", headers={
        "X-Type": "car", "X-Width": str(result.width), "X-Height": str(result.height), "X-Confidence": f"{result.confidence:.3f}",
        "Server-Timing": ", ".join(f"{stage};dur={milliseconds:.1f}" for stage, milliseconds in result.milliseconds.items()),
    })


def error(problem: ApiError) -> Response:
    row = {"title": problem.title, "detail": problem.detail, "code": problem.code}
    return Response(json.dumps({"errors": [row]}), problem.status, mimetype="application/json")
