"""One line a request on stdout, as JSON for Cloud Logging: the request, its answer, and the time of each stage.

It never holds pixels, keys, passwords, visitors' addresses, or query strings, which may hold any of them. A refusal has the detail that was
answered, without the caller's words in it, a 5xx the exception that caused it. Crashes have the fields that Error Reporting groups them by.
Source of the fields: https://cloud.google.com/logging/docs/structured-logging and https://cloud.google.com/error-reporting/docs/formatting-error-messages
"""
import json
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Request, Response

from api.context import RequestContext

LONGEST = 200  # characters of a text that the caller chose
REPORT = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
QUOTED = re.compile(r"(?<!\w)['\"].*['\"]", re.DOTALL)  # what a detail repeats of a request stands in quotes; an apostrophe follows a letter
USER, QUERY = re.compile(r"://[^\s/]*@"), re.compile(r"(://[^\s?]*\?)[^\s'\"]+")  # of an address within a text: RFC 3986, 3.2.1 and 3.4


def write(context: RequestContext, reply: Response) -> None:
    sys.stdout.write(json.dumps(line(context, reply)) + "\n")
    sys.stdout.flush()


def line(context: RequestContext, reply: Response) -> dict[str, Any]:
    request = context.request
    called = {"method": request.method[:LONGEST], "url": request.path[:LONGEST], "user_agent": request.headers.get("User-Agent", "")[:LONGEST]}
    entry = {
        "severity": "INFO" if reply.status_code < 400 else "WARNING" if reply.status_code < 500 else "ERROR",
        "message": f"{called['method']} {called['url']} {reply.status_code} {context.code}",
        "httpRequest": {
            "requestMethod": called["method"], "requestUrl": called["url"], "userAgent": called["user_agent"], "protocol": request.environ["SERVER_PROTOCOL"],
            "requestSize": str(request.content_length or 0), "responseSize": str(reply.content_length or 0), "status": reply.status_code,
            "latency": f"{time.perf_counter() - context.began:.3f}s",
        },
        **trace(request),
        "request_id": context.id,
        "code": context.code,
    }
    if context.key:
        entry["key"] = context.key
    if context.cut_out_request:
        entry["photo"] = {"bytes": len(context.cut_out_request.photo)}
    if context.result:
        entry["photo"] |= side_lengths(context.result.full)
        entry["answer"] = {"format": context.result.format, "bytes": len(context.result.data), **side_lengths(context.result.size)}
        if context.result.is_cut:
            entry["confidence"] = round(context.result.confidence, 3)
    if context.clock.milliseconds:
        entry["milliseconds"] = {stage: round(duration, 1) for stage, duration in context.clock.milliseconds.items()}
    if context.problem and context.problem.detail:
        entry["detail"] = QUOTED.sub("***", context.problem.detail)[:LONGEST]
    cause = context.crash or (context.problem.__cause__ if context.problem and reply.status_code >= 500 else None)
    if cause:
        entry["cause"] = masked("".join(traceback.format_exception_only(cause)).strip())
    if context.crash:
        entry |= {
            "@type": REPORT,
            "stack_trace": stack_trace(context.crash),
            "serviceContext": service(),
            "context": {"httpRequest": {"method": called["method"], "url": called["url"], "userAgent": called["user_agent"],
                                        "responseStatusCode": reply.status_code}},
        }
    return entry


@contextmanager
def arrival(photo: str, generation: int) -> Iterator[dict[str, Any]]:
    """One line for a photo that arrived. The block enters its code; an exception's name is the code of an exception, which is raised again."""
    began = time.perf_counter()
    entry: dict[str, Any] = {"photo": {"source": photo, "generation": generation}}
    try:
        yield entry
        entry["severity"] = "WARNING" if entry["code"] in ("dead_letter", "name_too_long") else "INFO"  # a photo without a result
    except BaseException as fault:  # SystemExit too: the photo was not converted
        entry |= {"severity": "ERROR", "code": type(fault).__name__, "@type": REPORT, "stack_trace": stack_trace(fault), "serviceContext": service()}
        raise
    finally:
        entry |= {"message": f"{photo} {entry['code']}", "seconds": round(time.perf_counter() - began, 3)}
        sys.stdout.write(json.dumps(entry) + "\n")
        sys.stdout.flush()


def stack_trace(fault: BaseException) -> str:
    return masked("".join(traceback.format_exception(fault)))


def masked(text: str) -> str:
    """Without the users, passwords and queries of the addresses in it."""
    return QUERY.sub(r"\1***", USER.sub("://***@", text))


def service() -> dict[str, str]:
    return {"service": os.environ.get("K_SERVICE", "forecourt"), "version": os.environ.get("K_REVISION", "")}


def side_lengths(size: tuple[int, int]) -> dict[str, int]:
    return {"width": size[1], "height": size[0]}


def trace(request: Request) -> dict[str, Any]:
    """The trace that the caller or Google's front end began: W3C Trace Context, or else Google's own header."""
    if found := re.fullmatch("[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", request.headers.get("traceparent", "")):
        name, span, sampled = found[1], found[2], int(found[3], 16) & 1
    elif found := re.fullmatch(r"([0-9a-f]{32})(?:/(\d{1,20}))?(?:;o=(\d))?", request.headers.get("X-Cloud-Trace-Context", "")):
        name, span, sampled = found[1], f"{int(found[2] or 0) % 2**64:016x}", found[3] == "1"
    else:
        return {}
    project = os.environ.get("GOOGLE_CLOUD_PROJECT")
    return {"logging.googleapis.com/trace": f"projects/{project}/traces/{name}" if project else name,
            "logging.googleapis.com/spanId": span, "logging.googleapis.com/trace_sampled": bool(sampled)}
