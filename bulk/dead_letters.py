"""Photos that could not be converted: one JSON object a line, in a file beside the results."""
import json
from collections.abc import Iterable, Mapping
from typing import NotRequired, TypedDict

from storage import Unreadable

DEAD_LETTERS = "dead-letters.jsonl"  # no photo's result has such a name


class DeadLetter(TypedDict):
    name: str
    generation: int  # of the photo that failed
    code: str
    detail: str
    former_result: NotRequired[int | None]  # see Item.former
    kind: NotRequired[str]  # of model.kind.KINDS, where the photo can't be cut out


def read_dead_letters(data: bytes) -> dict[str, DeadLetter]:
    """Dead letters by name. Raises storage.Unreadable where a line is none."""
    try:
        letters: list[DeadLetter] = [json.loads(line) for line in data.decode().splitlines() if line.strip()]
        return {letter["name"]: letter for letter in letters}
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("a file of dead letters is damaged: it holds JSON lines with name, generation, code and detail") from error


def as_lines(letters: Iterable[Mapping[str, object]]) -> bytes:
    """A file of JSON lines, sorted by name."""
    return "".join(json.dumps(letter) + "\n" for letter in sorted(letters, key=lambda letter: str(letter["name"]))).encode()
