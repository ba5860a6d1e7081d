"""Which results are written, by what the photo shows."""
from collections.abc import Mapping
from dataclasses import dataclass, field

from model.kind import KINDS, VIEWS

FIELDS = {"kind": KINDS, "view": VIEWS}


@dataclass(frozen=True)
class Where:
    """All photos, unless told otherwise."""

    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)  # values by field; a field that is not there chooses all

    def matches(self, kind: str, view: str | None) -> bool:
        """view: None where the photo has none, or it is not known."""
        return kind in self.chosen.get("kind", {kind}) and view in self.chosen.get("view", {view})


def parse_where(text: str) -> Where:
    """Of FIELD=VALUE,FIELD=VALUE,...; several values of one field mean any of them. Raises ValueError."""
    chosen: dict[str, set[str]] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        if name not in FIELDS:
            raise ValueError(f"--where takes {' or '.join(f'{known}=VALUE' for known in FIELDS)}, not {part[:40]!r}")
        if value not in FIELDS[name]:
            raise ValueError(f"--where: {name} takes {', '.join(FIELDS[name])}, not {value[:40]!r}")
        chosen.setdefault(name, set()).add(value)
    return Where({name: frozenset(values) for name, values in chosen.items()})
