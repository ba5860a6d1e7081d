"""What the core refuses: one family of exceptions, each with the code that the wire and dead letters give it. Their sentences are safe to show to a caller."""
from collections.abc import Mapping


class CutOutError(ValueError):
    """A photo that can't be converted as asked. Trying again changes nothing."""

    code = "bad_request"
    milliseconds: Mapping[str, float] = {}  # by stage, until it was refused


class UnreadablePicture(CutOutError):
    """The bytes are no picture of a known format, or are damaged or cut short."""

    code = "failed_to_read_image"


class FileTooLarge(CutOutError):
    """The file has too many bytes."""

    code = "file_too_large"


class ResolutionTooHigh(CutOutError):
    """The picture has too many pixels, or needs more memory than there is."""

    code = "resolution_too_high"


class NoCar(CutOutError):
    """The picture, or the region asked for, shows no vehicle from outside."""

    code = "unknown_foreground"

    def __init__(self, detail: str, kind: str):
        """kind: what it shows, of model.kind.KINDS; exterior where it may show a vehicle that can't be cut out."""
        super().__init__(detail)
        self.kind = kind


class RegionOutside(CutOutError):
    """The region asked for reaches beyond the photo."""

    code = "roi_exceeds_bounds"


class RegionEmpty(CutOutError):
    """The region asked for holds no pixel."""

    code = "roi_region_empty"


class TooLargeForFormat(CutOutError):
    """The file format can't hold a picture with so long a side."""

    code = "invalid_format"
