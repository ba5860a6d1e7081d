"""What an answer shall look like: every parameter of the wire, defined once, and the typed, immutable options they amount to.

The names and meanings are those of remove.bg's v1.0 wire. Doors other than HTTP take the same words.
"""
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from PIL import ImageColor

from postprocessing.framing import Framing, Length, Margin
from postprocessing.shadow import Shadow
from postprocessing.watermark import POSITIONS, Watermark

PIXELS = {"preview": 250_000, "medium": 1_500_000, "hd": 4_000_000, "4k": 10_000_000, "50MP": 50_000_000}
SIZES = {"auto": None, "full": None, **PIXELS, "small": PIXELS["preview"], "regular": PIXELS["preview"]}
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")
NUMBER = r"([0-9]+(?:\.[0-9]+)?)"


class InvalidOption(ValueError):
    """A parameter's value is not one that it takes."""

    def __init__(self, name: str, detail: str):
        super().__init__(detail)
        self.name = name


@dataclass(frozen=True)
class Region:
    """A rectangle of the photo, each edge in pixels or in percent of the photo's side."""

    edges: tuple[tuple[float, Literal["px", "%"]], ...]  # left, top, right, bottom


@dataclass(frozen=True)
class Options:
    pixels: int | None = None                             # the answer has at most so many
    type_level: Literal["none", "1", "2", "latest"] = "1"
    format: Literal["auto", "png", "jpg", "webp", "zip"] = "auto"
    channels: Literal["rgba", "alpha"] = "rgba"
    colour: tuple[int, int, int, int] | None = None       # red, green, blue, opacity
    region: Region | None = None                          # where the car is looked for
    framing: Framing = Framing()
    semitransparency: bool = False                        # what is behind the car shows through its panes
    shadow: Shadow | None = None
    watermark: Watermark = Watermark()


@dataclass(frozen=True)
class Parameter:
    parse: Callable[[str], Any]     # raises ValueError with a sentence
    default: str | None             # as it would be sent; None where there is no such value
    tells: str                      # one line for people


@dataclass(frozen=True)
class Choice:
    """One of some words, each of which stands for a value."""

    meanings: Mapping[str, Any]

    def __call__(self, text: str) -> Any:
        if text not in self.meanings:
            raise ValueError(f"takes {', '.join(self.meanings)}; not {text[:40]!r}")
        return self.meanings[text]


def choice(*values: str, **same: Any) -> Choice:
    """Of words that stand for themselves, and of words that stand for something else."""
    return Choice({**{value: value for value in values}, **same})


def boolean(text: str) -> bool:
    if text.lower() not in TRUE + FALSE:
        raise ValueError(f"takes true or false, not {text[:40]!r}")
    return text.lower() in TRUE


def percent(text: str) -> float:
    match = re.fullmatch(NUMBER, text)
    if not match or float(match[1]) > 100:
        raise ValueError(f"takes a number from 0 to 100, not {text[:40]!r}")
    return float(match[1])


def share(text: str) -> float:
    match = re.fullmatch(rf"{NUMBER}%?", text)
    if not match or not 1 <= float(match[1]) <= 100:
        raise ValueError(f"takes 1 to 100 percent, not {text[:40]!r}")
    return float(match[1])


def colour(text: str) -> tuple[int, int, int, int] | None:
    """3, 4, 6 or 8 hexadecimal digits, with # or without, or a CSS colour name; empty for none."""
    if not text:
        return None
    digits = re.fullmatch(r"#?([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", text)
    if not digits and text.lower() not in ImageColor.colormap:
        raise ValueError(f"takes 3, 4, 6 or 8 hex digits or the name of a CSS colour, not {text[:40]!r}")
    return ImageColor.getcolor(f"#{digits[1]}" if digits else text.lower(), "RGBA")


def lengths(text: str, units: str = "px|%") -> list[tuple[float, str]]:
    """Space-separated numbers with their units."""
    found = [re.fullmatch(rf"{NUMBER}({units})", part) for part in text.split()]
    if not found or None in found:
        raise ValueError(f"takes space-separated numbers with {units.replace('|', ' or ')}; not {text[:60]!r}")
    return [(float(match[1]), match[2]) for match in found]


def margin(text: str) -> Margin:
    return Margin() if text == "0" else Margin.sides(*(Length(*length) for length in lengths(text)))


def region(text: str) -> Region:
    edges = lengths(text)
    if len(edges) != 4:
        raise ValueError("takes four edges: left, top, right and bottom")
    return Region(tuple(edges))


def scale(text: str) -> float | None:
    if text == "original":
        return None
    (percent, _), *more = lengths(text, "%")
    if more or not 10 <= percent <= 100:
        raise ValueError("takes original or 10% to 100%")
    return percent


def position(text: str) -> tuple[float, float] | None:
    if text in ("original", "center"):
        return None if text == "original" else (50.0, 50.0)
    shares = [percent for percent, _ in lengths(text, "%")]
    if len(shares) > 2 or max(shares) > 100:
        raise ValueError("takes original, center, or one or two percentages up to 100%")
    return shares[0], shares[-1]


PARAMETERS = {
    "size": Parameter(choice(**SIZES), "auto", "most pixels of the answer: preview 0.25, medium 1.5, hd 4, 4k 10 and 50MP 50 million; full: as it is"),
    "type": Parameter(choice("auto", "car"), "auto", "what to look for; only cars are known"),
    "type_level": Parameter(choice("none", "1", "2", "latest"), "1", "how exactly X-Type names what was found; none: not at all"),
    "format": Parameter(choice("auto", "png", "jpg", "webp", "zip"), "auto", "auto: png where anything is transparent, else jpg; zip: color.jpg and alpha.png"),
    "channels": Parameter(choice("rgba", "alpha"), "rgba", "the cut-out, or its alpha alone"),
    "bg_color": Parameter(colour, "", "a colour behind the car"),
    "roi": Parameter(region, None, "left, top, right, bottom of the only place where a car is looked for, in px or %"),
    "crop": Parameter(boolean, "false", "cut off all that is empty around the car"),
    "crop_margin": Parameter(margin, "0", "one, two or four margins around the cropped car, up to 500px or 50% of it"),
    "scale": Parameter(scale, "original", "how much of the canvas the car fills, 10% to 100%"),
    "position": Parameter(position, "original", "where on the canvas the car stands: center, or one or two percentages"),
    "semitransparency": Parameter(boolean, "false", "the new background shows through the car's panes"),
    "add_shadow": Parameter(boolean, "false", "a shadow under the car, of type contact unless shadow_type says otherwise"),
    "shadow_type": Parameter(choice("none", "contact", "drop", car="contact"), None, "contact (or car): soft, where the car stands; drop: its whole outline"),
    "shadow_opacity": Parameter(percent, "100", "how dark the shadow is, 0 to 100"),
    "watermark": Parameter(lambda text: text or None, "", "the name of a configured picture to put on the answer, instead of watermark_file"),
    "watermark_position": Parameter(choice(*POSITIONS), "bottom-right", "where it stands"),
    "watermark_scale": Parameter(share, "20", "its width in percent of the answer's, 1 to 100"),
    "watermark_opacity": Parameter(percent, "100", "how much of it is seen, 0 to 100"),
}


def parse(values: Mapping[str, str], watermarks: Collection[str] = ()) -> Options:
    """Options from texts by parameter name; a missing one has its default. watermarks: names of the configured ones.

    Raises InvalidOption, and KeyError for an unknown name.
    """
    def value(name: str) -> Any:
        text = values.get(name, PARAMETERS[name].default)
        try:
            return None if text is None else PARAMETERS[name].parse(text.strip())
        except ValueError as error:
            raise InvalidOption(name, str(error)) from error

    for name in values:
        PARAMETERS[name]
    got = {name: value(name) for name in PARAMETERS}
    if got["watermark"] and got["watermark"] not in watermarks:
        raise InvalidOption("watermark", f"takes the name of a configured picture, not {got['watermark'][:40]!r}")
    kind = got["shadow_type"] or ("contact" if got["add_shadow"] else "none")
    if got["add_shadow"] and kind == "none":
        raise InvalidOption("shadow_type", "is none, but add_shadow asks for one")
    shadow = Shadow(kind, got["shadow_opacity"] / 100) if kind != "none" else None
    return Options(got["size"], got["type_level"], got["format"], got["channels"], got["bg_color"], got["roi"],
                   Framing(got["crop"], got["crop_margin"], got["scale"], got["position"]), got["semitransparency"], shadow,
                   Watermark(got["watermark"], got["watermark_position"], got["watermark_scale"], got["watermark_opacity"] / 100))
