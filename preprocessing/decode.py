"""Uploaded bytes to upright sRGB pixels. The format is read from the bytes, never from a file name or a content type."""
import io
import logging
import struct
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL.ExifTags import Base
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import jpeg_factory

from exceptions import ResolutionTooHigh, UnreadablePicture
from preprocessing import gif, jpeg, png_chunks
from preprocessing.colour import split_alpha, to_srgb
from preprocessing.colour_encoding import Encoding, HighDynamicRange
from preprocessing.isobmff import check_tables, colour_encoding, ends_in_pixels, is_heic
from preprocessing.orientation import upright

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")  # and HEIF, where the bytes are HEIC
MAX_FILE = 22_000_000     # bytes
MAX_PIXELS = 8192 * 6144  # the largest of what phones call 50 megapixels
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow checks this limit too, such as for a canvas that a reader allocates as it opens the file

MAX_DENSITY = 20_000      # pixels per inch

SIDEWAYS = (5, 6, 7, 8)  # EXIF 2.32, tag 0x0112: orientations that exchange the sides

# TIFF 6.0, DNG 1.7 and Canon's CR2
REDUCED, PLANES, BITS, DNG_VERSION, RAW_MARK = 254, 284, 258, 50706, b"CR\x02"

STRETCHED = {"L;2": 85, "L;4": 17}  # Pillow's layouts of grey PNG: what it multiplies their levels by

log = logging.getLogger(__name__)


class Picture(NamedTuple):
    rgb: np.ndarray           # uint8 (height, width, 3), sRGB, upright, not premultiplied by alpha
    alpha: np.ndarray | None  # uint8 (height, width), the file's own transparency; None where it has none or all is opaque
    size: tuple[int, int]     # height, width, upright, of the picture in full, before any reduction
    dpi: float | None = None  # pixels per inch that the file states

    @property
    def float_alpha(self) -> np.ndarray | None:
        """The alpha as float32 (height, width) in 0..1; None where there is none."""
        return None if self.alpha is None else self.alpha / np.float32(255)


def decode(data: bytes, min_pixels: int | None = None) -> Picture:
    """Bytes of a picture (FORMATS or HEIC) -> its pixels; of an animation or a document the first frame or page.

    min_pixels: how many pixels are enough. A JPEG with more is decoded at 1/2, 1/4 or 1/8 of its sides, the smallest that still has so many;
    where a side is no multiple of 2, 4 or 8, the last pixels reach past its edge. Every other format comes in full.

    EXIF orientation (2.32; in HEIC and AVIF the container's own) is applied, XMP's is not, as in browsers. Colours: preprocessing.colour.
    A file of any format is read where all of its pixels are there, whatever else it lacks, and refused where any is missing.
    Raises UnreadablePicture or, before any pixel is decoded, ResolutionTooHigh; nothing else for any bytes, but ImportError where a codec can't be loaded.
    """
    try:
        try:
            return read_picture(data, min_pixels)
        except SyntaxError:  # Pillow's for a damaged segment beside the pixels
            if not data.startswith(jpeg.START):
                raise
            return read_picture(jpeg.essential(data), min_pixels)
        except OSError:  # Pillow's for a file that ends early
            if not data.startswith(jpeg.START):
                raise
            return read_picture(data.rstrip(b"\xff") + jpeg.END, min_pixels, ended=False)
    except (UnreadablePicture, ResolutionTooHigh, ImportError):  # the last: a codec can't be loaded, which is not the file's fault
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ResolutionTooHigh(f"the picture is too large to decode; the limit is {MAX_PIXELS:,} pixels") from error
    except Exception as error:  # Pillow's readers raise a dozen kinds over damaged bytes, other ones with every version
        raise UnreadablePicture("the file is not a readable JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP picture") from error


def open_file(data: bytes) -> tuple[ImageFile, Encoding]:
    """The file with its header read and accepted and no pixel decoded; and the encoding of its colours."""
    encoding: Encoding = None
    if data.startswith(png_chunks.SIGNATURE):
        data, encoding = png_chunks.essential(data)
    file = open_by_format(data)
    if file.width * file.height > MAX_PIXELS:
        raise ResolutionTooHigh(f"the picture has {file.width} x {file.height} pixels; the limit is {MAX_PIXELS:,}")
    if file.format == "TIFF":
        check_tiff(file, data)
    profile = file.info.get("icc_profile")
    if file.format in ("HEIF", "AVIF") and not profile:
        encoding = colour_encoding(data)
    return file, profile or encoding


def open_by_format(data: bytes) -> ImageFile:
    if data.startswith(jpeg.START):
        jpeg.check_header(data)
        if jpeg.has_tags(data):
            limit_directories()
        return jpeg_factory(io.BytesIO(data))  # Image.open would load the plugins of other formats first: start-up time, and most photos are JPEG
    limit_directories()
    if data.startswith(gif.SIGNATURES):
        data = gif.essential(data)
    if data[4:8] == b"ftyp":
        check_tables(data)
    if is_heic(data):
        return open_heic(data)
    from PIL import AvifImagePlugin, WebPImagePlugin  # noqa: F401  else Image.open loads all forty plugins to find these

    return Image.open(io.BytesIO(data), formats=FORMATS)


def limit_directories() -> None:
    from preprocessing import directories  # costs start-up time, and JPEGs without EXIF have none

    directories.limit()


def open_heic(data: bytes) -> ImageFile:
    try:
        import pillow_heif  # costs start-up time, and few photos are HEIC
    except ModuleNotFoundError as error:  # left out for its licence, as README.md allows
        raise UnreadablePicture("HEIC pictures are not read here; send a JPEG") from error

    if ends_in_pixels(data):
        raise UnreadablePicture("the HEIC file ends early: pixels are missing")
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return Image.open(io.BytesIO(data), formats=("HEIF",))


def check_tiff(file: ImageFile, data: bytes) -> None:
    """Raises UnreadablePicture for camera raw files, whose first page is a small preview, and for what Pillow reads wrongly."""
    from PIL.TiffImagePlugin import TiffImageFile

    assert isinstance(file, TiffImageFile)
    tags = file.tag_v2
    if DNG_VERSION in tags or tags.get(REDUCED, 0) & 1 or data[8:11] == RAW_MARK:
        raise UnreadablePicture("the file is a camera's raw file, or a TIFF that starts with a reduced preview; send a JPEG, PNG or HEIC made from it")
    if tags.get(PLANES) == 2 and max(tags.get(BITS, (1,))) > 8:
        raise UnreadablePicture("a TIFF with 16 bits in separate planes cannot be read; store its channels interleaved")


def read_picture(data: bytes, min_pixels: int | None, ended: bool = True) -> Picture:
    """ended: whether a JPEG has its own end marker."""
    file, encoding = open_file(data)
    with file:
        full, exif = (file.width, file.height), orientation(file)
        size = full if exif in SIDEWAYS else full[::-1]
        if isinstance(encoding, HighDynamicRange) and file.format == "HEIF":
            return Picture(*tone_mapped_heic(data, encoding), size)
        key = transparent_colour(file)
        if min_pixels:
            reduce_jpeg(file, min_pixels)
        stated = file.size
        file.load()
        if file.size != stated:
            raise UnreadablePicture(f"the header states {stated[0]} x {stated[1]} pixels, but there are {file.width} x {file.height}")
        if data.startswith(jpeg.START):
            jpeg.check(file, data, ended)
        colours, alpha = split_alpha(file, key)
        rgb = upright(to_srgb(colours, encoding), exif)
        return Picture(rgb, None if alpha is None else upright(alpha, exif), size, density(file))


def tone_mapped_heic(data: bytes, encoding: HighDynamicRange) -> tuple[np.ndarray, np.ndarray | None]:
    """uint8 sRGB (height, width, 3) and alpha (height, width) of a HEIC picture, from all of its 10 or 12 bits: 8 would show as bands."""
    import pillow_heif

    from preprocessing.tone_mapping import tone_mapped

    picture = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
    pixels = np.asarray(picture)
    if pixels.ndim == 2:
        pixels = np.dstack([pixels] * 3)
    if (unused := 8 * pixels.itemsize - picture.info["bit_depth"]) > 0:  # libheif's values are the upper bits
        pixels = pixels >> unused
    rgb = tone_mapped(pixels[..., :3], encoding, picture.info["bit_depth"])
    if pixels.shape[2] < 4:
        return rgb, None
    alpha = (pixels[..., 3] >> (picture.info["bit_depth"] - 8)).astype(np.uint8)
    return rgb, None if alpha.min() == 255 else alpha


def reduce_jpeg(file: ImageFile, min_pixels: int) -> None:
    """Has a JPEG decoded at the smallest scale of its cosine transform that gives `min_pixels` pixels; no other format can."""
    for scale in (8, 4, 2):
        if -(-file.width // scale) * -(-file.height // scale) >= min_pixels:
            file.draft(None, (max(1, file.width // scale), max(1, file.height // scale)))
            return


def orientation(file: ImageFile) -> int:
    """1 to 8 as in EXIF. One that cannot be read is logged and taken for upright, as browsers do."""
    if file.format == "HEIF":  # libheif has turned it, as Pillow turns TIFF
        return 1
    exif = Image.Exif()
    try:
        exif.load(file.info.get("exif", b""))
        value = exif.get(Base.Orientation, 1)
        return value if isinstance(value, int) else 1
    except (SyntaxError, struct.error) as error:
        log.warning("a damaged EXIF block was ignored: %s", error)
        return 1


def density(file: ImageFile) -> float | None:
    """Pixels per inch, the same in both directions; None where the file states none: then Pillow reports 1 of a TIFF, and 72 of a JPEG with EXIF."""
    if file.format in ("JPEG", "MPO") and not (file.info.get("jfif_unit") or {Base.XResolution, Base.ResolutionUnit} <= file.getexif().keys()):
        return None
    across, down = (float(value) for value in file.info.get("dpi", (0, 0)))
    return across if across == down and 1 < across <= MAX_DENSITY else None


def transparent_colour(file: ImageFile) -> int | tuple[int, ...] | None:
    """The grey level or colour that a PNG's tRNS chunk or a GIF declares transparent, in the pixels' own range; called before they are loaded.

    Pillow keeps tRNS as it stands in the file while it stretches 2 and 4 bit greys to 8 bits and cuts 16 bit colours down to them.
    """
    if file.mode == "P" or "transparency" not in file.info:
        return None
    key: int | tuple[int, ...] = file.info.pop("transparency")
    layout = file.tile[0].args
    if isinstance(key, tuple):
        return tuple(level >> 8 for level in key) if layout == "RGB;16B" else key
    return STRETCHED.get(str(layout), 1) * key
