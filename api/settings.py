"""Settings: environment variables, read once into a value. An invalid one stops start-up with a sentence that begins with its name."""
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from api.capacity import Capacity, default_slots
from api.cors import Cors
from api.fetch import Rules
from api.keys import Keys
from api.limits import Limiter, storage_at
from events.arrivals import Arrivals
from postprocessing.watermark import FOLDER, readable_watermarks
from storage import BUCKET

TRIAL = "60/hour"


class InvalidSetting(ValueError):
    """An environment variable has an invalid value."""


class Settings(NamedTuple):
    keys: Keys                       # API keys that are accepted
    limiter: Limiter | None          # requests per key or visitor
    proxies: int                     # our own, between visitor and function
    capacity: Capacity               # cut-outs at once
    rules: Rules                     # what may be fetched
    cors: Cors                       # origins whose pages may call
    demo: bool                       # whether the demo page is served
    trial: Limiter | None            # the demo page's requests per visitor without a key, where keys are needed
    arrivals: Arrivals | None        # where the results of photos that arrive in a bucket go
    watermarks: Mapping[str, Path]   # configured pictures by name, which `load` has read

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Settings of environment variables. An empty or blank variable counts as not set. Raises InvalidSetting."""
        given = {name: text.strip() for name, text in environ.items()}

        def setting(name: str, parse: Callable[[str], Any], default: Any) -> Any:
            text = given.get(name, "")
            try:
                return parse(text) if text else default
            except ValueError as error:
                raise InvalidSetting(f"{name} {error}") from error

        storage = setting("RATE_LIMIT_STORAGE", storage_at, None)
        keys, demo = setting("API_KEYS", Keys.parse, Keys()), setting("DEMO", switch, True)
        trial_on = demo and bool(keys.digests)
        if given.get("DEMO_LIMIT") and not trial_on:
            raise InvalidSetting("DEMO_LIMIT has no effect without API_KEYS or with DEMO=off")
        if storage and not given.get("RATE_LIMIT") and not trial_on:
            raise InvalidSetting("RATE_LIMIT_STORAGE has no effect without RATE_LIMIT")
        if FOLDER.is_dir() and not given.get("WATERMARKS_DIR"):
            given["WATERMARKS_DIR"] = str(FOLDER)
        watermarks = setting("WATERMARKS_DIR", watermark_folder, {})
        output = setting("OUTPUT_BUCKET", partial(Arrivals.parse, watermarks=watermarks), None)
        if given.get("OUTPUT_OPTIONS") and not output:
            raise InvalidSetting("OUTPUT_OPTIONS has no effect without OUTPUT_BUCKET")
        limiter = partial(Limiter, storage=storage)
        private = setting("ALLOW_PRIVATE_ADDRESSES", flag, False)
        return cls(
            keys=keys,
            limiter=setting("RATE_LIMIT", limiter, None),
            proxies=setting("TRUSTED_PROXIES", count, 1 if "K_SERVICE" in given else 0),  # Cloud Run sets it and stands behind Google's front end
            capacity=Capacity(setting("MAX_CONCURRENT", partial(count, least=1), default_slots()), setting("QUEUE_SECONDS", count, 5)),
            rules=Rules(allow_http=setting("ALLOW_HTTP", flag, False), allow_private=private, ports=frozenset(range(65_536) if private else ()),
                        buckets=setting("ALLOWED_BUCKETS", buckets, frozenset())),
            cors=setting("CORS_ORIGINS", Cors.parse, Cors()),
            demo=demo,
            arrivals=setting("OUTPUT_OPTIONS", partial(Arrivals.parse, given["OUTPUT_BUCKET"], watermarks=watermarks), output) if output else None,
            watermarks=watermarks,
            trial=(setting("DEMO_LIMIT", limiter, None) or limiter(TRIAL)) if trial_on else None,
        )


def switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("takes on or off")
    return text == "on"


def flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("takes 0 or 1")
    return text == "1"


def count(text: str, least: int = 0) -> int:
    if not re.fullmatch("[0-9]{1,6}", text) or int(text) < least:
        raise ValueError(f"takes a whole number of at least {least}")
    return int(text)


def watermark_folder(text: str) -> dict[str, Path]:
    if not Path(text).is_dir():
        raise ValueError("takes a folder of pictures")
    try:
        return readable_watermarks(Path(text))
    except ValueError as error:
        raise ValueError(f"has a wrong picture: {error}") from error


def buckets(text: str) -> frozenset[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(re.fullmatch(BUCKET, name) for name in names):
        raise ValueError("takes comma-separated names of buckets, without gs://")
    return frozenset(names)
