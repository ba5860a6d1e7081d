"""Photos that were not chosen by --where, or show no vehicle from outside with --unsuitable skip: one JSON object a line, in a file beside the results."""
import json
from typing import TypedDict

from storage import Unreadable

LEFT_OUT = "left-out.jsonl"  # no photo's result has such a name


class LeftOut(TypedDict):
    name: str
    generation: int   # of the photo
    kind: str         # of model.kind.KINDS
    view: str | None  # of model.kind.VIEWS
    refused: bool     # it can't be cut out
    former_result: int | None  # see Item.former


def read_left_out(data: bytes) -> dict[str, LeftOut]:
    """By name. Raises storage.Unreadable where a line is none."""
    try:
        lines: list[LeftOut] = [json.loads(line) for line in data.decode().splitlines() if line.strip()]
        return {line["name"]: {"name": line["name"], "generation": line["generation"], "kind": line["kind"], "view": line["view"], "refused": line["refused"],
                               "former_result": line.get("former_result")} for line in lines}
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{LEFT_OUT} is damaged: it holds JSON lines with name, generation, kind, view and refused") from error
