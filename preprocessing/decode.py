"""Uploaded bytes to upright sRGB pixels. What the bytes say counts, never a file name or a content type."""
import io
import logging
import struct
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import AvifImagePlugin, Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401  else Image.open loads all forty plugins to find these
from PIL.ExifTags import Base
from PIL.ImageFile import ImageFile

from exceptions import ResolutionTooHigh, UnreadablePicture
from preprocessing.colour import split, to_srgb

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")  # and HEIF, where the bytes are HEIC
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}  # ISO/IEC 23008-12, annex B
MAX_FILE = 22_000_000     # bytes
MAX_PIXELS = 50_000_000
MAX_SCANS = 100                      # of a progressive JPEG: each costs a pass over the whole picture
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # wakes Pillow's guards, such as for a canvas that a reader lays out as it opens the file

# EXIF 2.32, tag 0x0112: what turns the stored pixels upright
UPRIGHT = {2: lambda pixels: cv2.flip(pixels, 1), 3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180), 4: lambda pixels: cv2.flip(pixels, 0),
           5: cv2.transpose, 6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE), 7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
           8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)}
SIDEWAYS = (5, 6, 7, 8)

STRETCHED = {"L;2": 85, "L;4": 17}  # Pillow's layouts of grey PNG: what it multiplies their levels by

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    rgb: np.ndarray           # uint8 (height, width, 3), sRGB, upright, not premultiplied by alpha
    alpha: np.ndarray | None  # uint8 (height, width), the file's own transparency; None where it has none or all is opaque
    size: tuple[int, int]     # height, width, upright, of the picture in full, before any reduction

    @property
    def opacity(self) -> np.ndarray | None:
        """The alpha as float32 (height, width) in 0..1; None where there is none."""
        return None if self.alpha is None else self.alpha.astype(np.float32) / 255


def decode(data: bytes, least: int | None = None) -> Picture:
    """Bytes of a picture (FORMATS or HEIC) -> its pixels; of an animation or a document the first frame or page.

    least: how many pixels are enough. A JPEG with more is decoded at 1/2, 1/4 or 1/8 of its sides, the smallest that still has so many;
    where a side is no multiple of 2, 4 or 8, the last pixels reach past its edge. Every other format comes in full.

    EXIF orientation (2.32; in HEIC and AVIF the container's own) is applied, XMP's is not, as in browsers. Colours: preprocessing.colour.
    Raises UnreadablePicture (also for truncated files) or, before any pixel is decoded, ResolutionTooHigh; nothing else for any bytes.
    """
    try:
        with opened(data) as file:
            return read(file, least)
    except (UnreadablePicture, ResolutionTooHigh):
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ResolutionTooHigh(f"the picture is too large to decode; the limit is {MAX_PIXELS:,} pixels") from error
    except Exception as error:  # Pillow's readers raise a dozen kinds over damaged bytes, other ones with every version
        raise UnreadablePicture("the file is not a readable JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP picture") from error


def opened(data: bytes) -> ImageFile:
    """The file with its header read and accepted, and no pixel decoded."""
    file = opened_heic(data) if is_heic(data) else Image.open(io.BytesIO(data), formats=FORMATS)
    if file.width * file.height > MAX_PIXELS:
        raise ResolutionTooHigh(f"the picture has {file.width} x {file.height} pixels; the limit is {MAX_PIXELS:,}")
    if file.info.get("progressive") and data.count(b"\xff\xda\x00") > MAX_SCANS:
        raise UnreadablePicture(f"the JPEG has more than {MAX_SCANS} scans")
    return file


def is_heic(data: bytes) -> bool:
    """Whether the first box of an ISO base media file names an HEVC brand."""
    brands = data[8:min(int.from_bytes(data[:4], "big"), 256)]
    return data[4:8] == b"ftyp" and any(brands[at:at + 4] in HEIC_BRANDS for at in range(0, len(brands), 4))


def opened_heic(data: bytes) -> ImageFile:
    import pillow_heif  # costs start-up time, and few photos are HEIC

    if ends_in_pixels(data):
        raise UnreadablePicture("the HEIC file is cut short")
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return Image.open(io.BytesIO(data), formats=("HEIF",))


def ends_in_pixels(data: bytes) -> bool:
    """Whether an ISO base media file stops within its pixel data, which libheif would answer with black tiles."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length == 1 and at + 16 <= len(data):
            length = struct.unpack_from(">Q", data, at + 8)[0]
        if length < 8:  # 0: up to the end of the file
            return False
        at += length
        if kind == b"mdat" and at > len(data):
            return True
    return False


def read(file: ImageFile, least: int | None) -> Picture:
    """Decodes an opened file."""
    full, key = file.size, transparent_colour(file)
    if least:
        reduce(file, least)
    announced = file.size
    file.load()
    if file.size != announced:
        raise UnreadablePicture(f"the header says {announced[0]} x {announced[1]} pixels, and there are {file.width} x {file.height}")
    colours, alpha = split(file, key)
    rgb = np.array(to_srgb(colours, file.info.get("icc_profile")))
    side = orientation(file)
    if side in UPRIGHT:
        rgb, alpha = UPRIGHT[side](rgb), None if alpha is None else UPRIGHT[side](alpha)
    return Picture(rgb, alpha, full if side in SIDEWAYS else full[::-1])


def reduce(file: ImageFile, least: int) -> None:
    """Has a JPEG decoded at the smallest scale of its cosine transform that gives `least` pixels; no other reader knows of drafts."""
    for scale in (8, 4, 2):
        if -(-file.width // scale) * -(-file.height // scale) >= least:
            file.draft(None, (max(1, file.width // scale), max(1, file.height // scale)))
            return


def orientation(file: ImageFile) -> int:
    """1 to 8 as in EXIF. One that cannot be read is logged and taken for upright, as browsers do."""
    if file.format == "HEIF":  # libheif has turned it, as Pillow turns TIFF
        return 1
    exif = Image.Exif()
    try:
        exif.load(file.info.get("exif", b""))
        return exif.get(Base.Orientation, 1)
    except (SyntaxError, struct.error) as error:
        log.warning("a damaged EXIF block was passed over: %s", error)
        return 1


def transparent_colour(file: ImageFile) -> int | tuple[int, ...] | None:
    """The grey level or colour that a PNG's tRNS chunk or a GIF declares transparent, in the pixels' own range; asked before they are loaded.

    Pillow keeps tRNS as it stands in the file while it stretches 2 and 4 bit greys to 8 bits and cuts 16 bit colours down to them.
    """
    if file.mode == "P" or "transparency" not in file.info:
        return None
    key, layout = file.info.pop("transparency"), file.tile[0].args
    if layout == "RGB;16B":
        return tuple(level >> 8 for level in key)
    return STRETCHED.get(layout, 1) * key
