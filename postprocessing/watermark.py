"""A watermark on the finished picture: one that is sent with the photo, or one of the configured pictures, by name."""
from pathlib import Path
from typing import Literal, NamedTuple, get_args
from warnings import catch_warnings

import numpy as np
from PIL import Image

from exceptions import CutOutError
from once import once
from postprocessing.compose import over
from postprocessing.framing import resample, round_half_up, window
from preprocessing.decode import Picture, decode
from preprocessing.letterbox import resize
from preprocessing.orientation import Box

FOLDER = Path(__file__).parent.parent / "watermarks"  # beside main.py, deployed with the function
MARGIN = 0.03  # between the mark and the picture's edges, share of the picture's shorter side
GROWTH = 2.0   # a mark is enlarged to at most so many times its own pixels: it would only get blurred

Position = Literal["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"]
POSITIONS: tuple[Position, ...] = get_args(Position)


class Watermark(NamedTuple):
    name: str | None = None              # of a configured one
    position: Position = "bottom-right"
    scale: float = 20                    # percent of the picture's width
    opacity: float = 1.0                 # 0..1


def watermarks_in(folder: Path = FOLDER) -> dict[str, Path]:
    """The pictures of a folder by name: logo.png is named "logo". Raises ValueError, which begins with the file, where two have one name."""
    marks: dict[str, Path] = {}
    for path in sorted(path for path in folder.glob("[!.]*.*") if not path.is_dir()):
        other = marks.setdefault(path.stem, path)
        if other != path:
            raise ValueError(f"{path}: {other.name} has the name {path.stem} too")
    return marks


def readable_watermarks(folder: Path = FOLDER) -> dict[str, Path]:
    """The same, each decoded for `load`. Raises ValueError, which begins with the file, also where one can't be read or is too large."""
    marks = watermarks_in(folder)
    for path in marks.values():
        try:
            with catch_warnings(action="ignore", category=Image.DecompressionBombWarning):  # it is refused, in one line
                load(path)
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror}") from error
        except CutOutError as error:
            raise ValueError(f"{path}: {error}") from error
    return marks


@once
def load(path: Path) -> Picture:
    """A configured mark, decoded once. Raises UnreadablePicture, ResolutionTooHigh or OSError."""
    return decode(path.read_bytes())


def stamp(rgb: np.ndarray, alpha: np.ndarray, mark: Picture, settings: Watermark) -> None:
    """Puts a mark over a picture, uint8 (height, width, 3) and float32 straight alpha (height, width) in 0..1, in place."""
    box = watermark_box(alpha.shape, mark.rgb.shape[:2], settings)
    own = mark.float_alpha
    mark_rgb, mark_alpha = (resize(mark.rgb, box[2:]), np.ones(box[2:], np.float32)) if own is None else resample(mark.rgb, own, box[2:])
    below = rgb[window(box)], alpha[window(box)]
    over(mark_rgb, mark_alpha * np.float32(settings.opacity), *below, out=below)


def watermark_box(canvas: tuple[int, int], mark: tuple[int, int], settings: Watermark) -> Box:
    """Where a mark of (height, width) goes on a canvas of (height, width): whole, within the margin, in its own shape."""
    margin = round_half_up(MARGIN * min(canvas))
    free = [side - 2 * margin for side in canvas]
    factor = min(settings.scale / 100 * canvas[1] / mark[1], GROWTH, free[0] / mark[0], free[1] / mark[1])
    height, width = (max(1, round_half_up(side * factor)) for side in mark)
    down, across = divmod(POSITIONS.index(settings.position), 3)
    top, left = (margin + (room - side) * third // 2 for room, side, third in zip(free, (height, width), (down, across)))
    return top, left, height, width
