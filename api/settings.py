"""What an operator may set, by environment variables that are read once: one that makes no sense ends the start, by its name."""
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.fetch import Rules
from api.keys import Keys


class BadSetting(ValueError):
    """An environment variable has a value that it does not take."""


@dataclass(frozen=True)
class Settings:
    keys: Keys     # who may ask
    rules: Rules   # what may be fetched for them

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises BadSetting."""
        def setting(name: str, parse: Callable[[str], Any], default: Any) -> Any:
            text = environ.get(name, "").strip()
            try:
                return parse(text) if text else default
            except ValueError as error:
                raise BadSetting(f"{name} {error}") from error

        return cls(
            keys=setting("API_KEYS", Keys.parse, Keys()),
            rules=Rules(allow_http=setting("ALLOW_HTTP", flag, False), allow_private=setting("ALLOW_PRIVATE_ADDRESSES", flag, False)),
        )


def flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("takes 0 or 1")
    return text == "1"
