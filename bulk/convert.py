"""One photo of many: its cut-out, or the reason why there will never be one, by the wire's codes."""
from dataclasses import dataclass

from cutout import BadRegion, CutOut, NoCar, cut_out
from options import Options
from postprocessing.encode import TooLargeForFormat
from preprocessing.decode import MAX_FILE, ResolutionTooHigh, UnreadablePicture

CODES = {UnreadablePicture: "failed_to_read_image", ResolutionTooHigh: "resolution_too_high", NoCar: "unknown_foreground", TooLargeForFormat: "invalid_format"}


@dataclass(frozen=True)
class Refusal:
    """What trying again would not change."""

    code: str
    detail: str


TOO_LARGE = Refusal("file_too_large", f"at most {MAX_FILE:,} bytes")


def convert(photo: bytes, options: Options, backdrop: bytes | None = None, watermark: bytes | None = None) -> CutOut | Refusal:
    """What the wire would answer to the same photo and options. Raises UnreadableBackdrop or UnreadableWatermark, which no other photo mends."""
    if len(photo) > MAX_FILE:
        return TOO_LARGE
    try:
        return cut_out(photo, options, backdrop, watermark)
    except BadRegion as error:
        return Refusal(error.code, str(error))
    except tuple(CODES) as error:
        return Refusal(CODES[type(error)], str(error))
