"""Options of a cut-out: every parameter that is a text, defined once, and the typed, immutable values that they give.

Names and meanings are those of remove.bg's v1.0 API; car_width, ground, watermark, watermark_* and unsuitable are ours. Photos that arrive in a bucket,
and the bulk job, take the same parameters. Pictures are parameters of a request (api/request.py) or of the command (bulk/arguments.py).
"""
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from PIL import ImageColor

from postprocessing.framing import Framing, Length, Margin
from postprocessing.shadow import Shadow
from postprocessing.watermark import POSITIONS, Watermark

PIXELS = {"preview": 250_000, "medium": 1_500_000, "hd": 4_000_000, "4k": 10_000_000, "50MP": 8192 * 6144}  # the last: what phones call 50 megapixels
SIZES = {"auto": None, "full": None, **PIXELS, "small": PIXELS["preview"], "regular": PIXELS["preview"]}
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")
NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
TYPE_ALIASES = ("person", "product", "animal", "graphic", "graphics", "transportation", "other")  # other types of remove.bg; here all look for a vehicle

Unit = Literal["px", "%"]


class InvalidOption(ValueError):
    """A parameter has an invalid value."""

    def __init__(self, name: str, detail: str):
        super().__init__(detail)
        self.name = name


class Region(NamedTuple):
    """A rectangle of the photo, each edge in pixels or in percent of the photo's side."""

    edges: tuple[tuple[float, Unit], ...]  # left, top, right, bottom


@dataclass(frozen=True)
class Options:
    pixels: int | None = None                             # the answer has at most so many
    type_level: Literal["none", "1", "2", "latest"] = "1"  # of the header X-Type; the file is the same
    format: Literal["auto", "png", "jpg", "webp", "zip"] = "auto"
    channels: Literal["rgba", "alpha"] = "rgba"
    colour: tuple[int, int, int, int] | None = None       # red, green, blue, opacity
    region: Region | None = None                          # part of the photo in which to look for the car
    framing: Framing = Framing()
    semitransparency: bool = False                        # the background shows through the car's windows
    shadow: Shadow | None = None
    watermark: Watermark = Watermark()
    unsuitable: Literal["error", "original"] = "error"    # what becomes of a photo that shows no vehicle from outside


class Parameter(NamedTuple):
    parse: Callable[[str], Any]     # raises ValueError; its message follows the parameter's name: "takes 0 to 100, not '101'"
    default: str | None             # as it would be sent; None where there is no such value
    summary: str                    # one line for people


@dataclass(frozen=True)
class Choice:
    """One of several words, each with its value."""

    meanings: Mapping[str, Any]

    def __call__(self, text: str) -> Any:
        if text not in self.meanings:
            raise ValueError(f"takes {', '.join(self.meanings)}, not {text[:40]!r}")
        return self.meanings[text]


def choice(*values: str, **aliases: Any) -> Choice:
    """Words that are their own values, and aliases with the values that they have."""
    return Choice({**{value: value for value in values}, **aliases})


def boolean(text: str) -> bool:
    if text.lower() not in TRUE + FALSE:
        raise ValueError(f"takes true or false, not {text[:40]!r}")
    return text.lower() in TRUE


def percent(text: str) -> float:
    match = re.fullmatch(NUMBER, text)
    if not match or float(match[1]) > 100:
        raise ValueError(f"takes a number from 0 to 100, not {text[:40]!r}")
    return float(match[1])


def percent_of_width(text: str) -> float:
    match = re.fullmatch(rf"{NUMBER}%?", text)
    if not match or not 1 <= float(match[1]) <= 100:
        raise ValueError(f"takes a number from 1 to 100, with or without %, not {text[:40]!r}")
    return float(match[1])


def colour(text: str) -> tuple[int, int, int, int] | None:
    """3, 4, 6 or 8 hexadecimal digits, with # or without, or a CSS colour name; empty or transparent for none."""
    if text.lower() in ("", "transparent"):
        return None
    digits = re.fullmatch(r"#?([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", text)
    if not digits and text.lower() not in ImageColor.colormap:
        raise ValueError(f"takes 3, 4, 6 or 8 hexadecimal digits or the name of a CSS colour, not {text[:40]!r}")
    red, green, blue, *opacity = ImageColor.getrgb(f"#{digits[1]}" if digits else text.lower())
    return red, green, blue, opacity[0] if opacity else 255


def lengths(text: str) -> tuple[tuple[float, Unit], ...]:
    """Space-separated numbers, each with its unit; 0 needs none."""
    found = [re.fullmatch(rf"{NUMBER}(px|%)|0", part) for part in text.split()]
    if not found or None in found:
        raise ValueError(f"takes space-separated numbers with px or %, such as '10% 20px', not {text[:60]!r}")
    return tuple((float(match[1] or 0), "%" if match[2] == "%" else "px") for match in found if match)


def margin(text: str) -> Margin:
    return Margin.sides(*(Length(*length) for length in lengths(text)))


def region(text: str) -> Region:
    edges = lengths(text)
    if len(edges) != 4:
        raise ValueError(f"takes four lengths: left, top, right and bottom, such as '10% 0 90% 100%', not {text[:60]!r}")
    return Region(edges)


def share_of_canvas(text: str, values: str = "a percentage") -> float:
    match = re.fullmatch(rf"{NUMBER}%", text)
    if not match or not 10 <= float(match[1]) <= 100:
        raise ValueError(f"takes {values} from 10% to 100%, not {text[:40]!r}")
    return float(match[1])


def scale(text: str) -> float | None:
    return None if text == "original" else share_of_canvas(text, "original or a percentage")


def position(text: str) -> tuple[float, float] | None:
    if text in ("original", "center"):
        return None if text == "original" else (50.0, 50.0)
    matches = [re.fullmatch(rf"{NUMBER}%|0", part) for part in text.split()]
    shares = [float(match[1] or 0) for match in matches if match]
    if len(shares) not in (1, 2) or len(shares) < len(matches) or max(shares) > 100:
        raise ValueError(f"takes original, center, or one or two percentages from 0% to 100%, not {text[:40]!r}")
    return shares[0], shares[-1]


PARAMETERS = {
    "size": Parameter(choice(**SIZES), "auto", "most pixels of the answer: preview 0.25, medium 1.5, hd 4, 4k 10 and 50MP 50 million; full: as it is"),
    "type": Parameter(choice("auto", "car", **dict.fromkeys(TYPE_ALIASES, "auto")), "auto", "what to look for; it is always a vehicle, whatever the type"),
    "type_level": Parameter(choice("none", "1", "2", "latest"), "1", "the detail of X-Type; none leaves it out"),
    "format": Parameter(choice("auto", "png", "jpg", "webp", "zip"), "auto", "auto: png where anything is transparent, else jpg; zip: color.jpg and alpha.png"),
    "channels": Parameter(choice("rgba", "alpha"), "rgba", "the cut-out, or its alpha alone"),
    "bg_color": Parameter(colour, "", "a colour behind the car"),
    "roi": Parameter(region, None, "left, top, right and bottom, in px or %, of the part of the photo in which to look for the car"),
    "crop": Parameter(boolean, "false", "cut off the empty space around the car"),
    "crop_margin": Parameter(margin, "0", "one, two or four margins around the cropped car, each up to 500px of the whole photo or 50% of the car"),
    "scale": Parameter(scale, "original", "share of the canvas that the car fills, 10% to 100%"),
    "position": Parameter(position, "original", "where the car stands on the canvas: center, or one or two percentages"),
    "car_width": Parameter(share_of_canvas, None, "share of the canvas's width that the car takes, 10% to 100%, instead of scale"),
    "ground": Parameter(share_of_canvas, None, "where the tyres stand, 10% to 100% of the canvas's height from its top, instead of position"),
    "semitransparency": Parameter(boolean, "false", "experimental: the new background shows through the car's windows"),
    "add_shadow": Parameter(boolean, "false", "a shadow under the car; shadow_type chooses its kind"),
    "shadow_type": Parameter(choice("none", "contact", "drop", car="contact"), None, "contact (or car): soft, under the car; drop: cast on the ground"),
    "shadow_opacity": Parameter(percent, "100", "how dark the shadow is, 0 to 100"),
    "watermark": Parameter(lambda text: text or None, "", "name of a configured picture to put on the answer, instead of watermark_file"),
    "watermark_position": Parameter(choice(*POSITIONS), "bottom-right", "where the watermark stands"),
    "watermark_scale": Parameter(percent_of_width, "20", "width of the watermark in percent of the answer's, 1 to 100"),
    "watermark_opacity": Parameter(percent, "100", "opacity of the watermark, 0 to 100"),
    "unsuitable": Parameter(choice("error", "original"), "error", "a photo that shows no vehicle from outside: an error, or the photo as it is"),
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

    if unknown := values.keys() - PARAMETERS.keys():
        raise KeyError(min(unknown))
    got = {name: value(name) for name in PARAMETERS}
    if got["channels"] == "alpha" and got["format"] == "zip":
        got["format"] = "png"  # a matte has no colours to put beside it in a zip
    if got["watermark"] and got["watermark"] not in watermarks:
        raise InvalidOption("watermark", f"takes the name of a configured watermark, not {got['watermark'][:40]!r}")
    for name, other in (("car_width", "scale"), ("ground", "position")):
        if got[name] is not None and got[other] is not None:
            raise InvalidOption(name, f"takes the place of {other}: send only one of them")
    kind: Literal["none", "contact", "drop"] = got["shadow_type"] or ("contact" if got["add_shadow"] else "none")
    if got["add_shadow"] and kind == "none":
        raise InvalidOption("shadow_type", "is none, but add_shadow is true")
    shadow = Shadow(kind, got["shadow_opacity"] / 100) if kind != "none" else None
    framing = Framing(got["crop"], got["crop_margin"], got["scale"], got["position"], got["car_width"], got["ground"])
    mark = Watermark(got["watermark"], got["watermark_position"], got["watermark_scale"], got["watermark_opacity"] / 100)
    return Options(pixels=got["size"], type_level=got["type_level"], format=got["format"], channels=got["channels"], colour=got["bg_color"],
                   region=got["roi"], framing=framing, semitransparency=got["semitransparency"], shadow=shadow, watermark=mark, unsuitable=got["unsuitable"])
