"""Pixels as a file holds them -> 8 bits of sRGB, and alpha: depths, declared transparency, ICC profiles (ICC.1:2022, by LittleCMS)."""
import io
import logging
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from preprocessing.colour_encoding import Encoding, HighDynamicRange

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

CONVERTED = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA", "YCbCr": "RGB", "LAB": "RGB"}  # Pillow's modes, and those that replace them
SPACES = {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}  # mode: bytes 16 to 19 of a profile for such pictures
SAME = 2  # levels of 255: a profile that changes no colour by more is sRGB, whatever its name

BITS_PER_SAMPLE, PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0  # TIFF 6.0

log = logging.getLogger(__name__)


def split_alpha(picture: Image.Image, key: int | tuple[int, ...] | None) -> tuple[Image.Image, np.ndarray | None]:
    """A picture of any depth and mode -> the same in mode L, RGB or CMYK, and its alpha: uint8 (height, width), None where all is opaque.

    key: the grey level or colour, in the picture's own range, that its file declares transparent, if it does.
    Raises ValueError for pixels of unknown range, such as floats.
    """
    bitmap = picture.format == "BMP"  # in which an alpha of nothing but zeros was never written
    picture = expanded(picture)
    alpha = None
    if key is not None:
        same = np.asarray(picture) == np.asarray(key)
        alpha = np.where(same.all(-1) if same.ndim == 3 else same, np.uint8(0), np.uint8(255))
    elif picture.mode in ("LA", "RGBA"):
        alpha = np.array(picture.getchannel("A"))
        picture = picture.convert(picture.mode[:-1])
    if picture.mode.startswith("I;16"):
        picture = eight_bits(picture)
    if picture.mode not in SPACES:
        raise ValueError(f"pixels of mode {picture.mode}")
    if alpha is None or alpha.min() == 255 or (bitmap and not alpha.any()):
        return picture, None
    return picture, alpha


def expanded(picture: Image.Image) -> Image.Image:
    """Palettes looked up, bits expanded to bytes, premultiplied colours divided by their alpha."""
    if picture.mode == "P":
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return picture.convert(CONVERTED[picture.mode]) if picture.mode in CONVERTED else picture


def eight_bits(picture: Image.Image) -> Image.Image:
    """A grey picture of 16 bits -> mode L, by the upper 8, as Pillow itself does with colours. A TIFF may hold 12 bits, or black for white."""
    tags = getattr(picture, "tag_v2", {})
    grey = (np.asarray(picture) >> (tags.get(BITS_PER_SAMPLE, (16,))[0] - 8)).astype(np.uint8)
    return Image.fromarray(~grey if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else grey)


def to_srgb(picture: Image.Image, encoding: Encoding) -> np.ndarray:
    """A picture of mode L, RGB or CMYK and the encoding of its colours: an ICC profile, or HDR, or None -> uint8 (height, width, 3), sRGB.

    Relative colorimetric with black point compensation, as photo editors convert. Without a profile RGB and grey are sRGB, and CMYK is
    plain ink on white. A profile that is damaged, or made for other channels than the picture's, is logged and ignored, as browsers
    do: the colours are then those that visitors of the site see today.
    """
    if isinstance(encoding, HighDynamicRange):
        from preprocessing.tone_mapping import tone_mapped  # rarely needed

        return tone_mapped(np.asarray(picture.convert("RGB")), encoding)
    if encoding and picture.mode == "L" and encoding[16:20] == SPACES["RGB"]:  # a photo that was made grey and kept its profile
        picture = picture.convert("RGB")
    conversion = conversion_from(encoding, picture.mode) if encoding else None
    if conversion:
        return np.array(conversion.apply(picture))
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))


@lru_cache(maxsize=8)  # building one costs as much as decoding a photo, and a site's photos share a few
def conversion_from(profile: bytes, mode: str) -> "ImageCmsTransform | None":
    """The conversion of pictures of a mode from a profile to sRGB; None where it would change nothing or the profile is of no use."""
    from PIL import ImageCms  # costs start-up time, and most photos have no profile

    try:
        if profile[16:20] != SPACES[mode]:
            raise ImageCms.PyCMSError(f"it is made for {profile[16:20]!r}, and the picture is {mode}")
        conversion = ImageCms.buildTransform(ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), mode, "RGB",
                                             ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION)
    except (ImageCms.PyCMSError, OSError) as error:
        log.warning("a colour profile was ignored: %s", error)
        return None
    return None if mode == "RGB" and changes_nothing(conversion) else conversion


def changes_nothing(conversion: "ImageCmsTransform") -> bool:
    """Whether a conversion from RGB is the identity, judged by every 15th level of each channel."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 3)
    return bool(np.abs(np.asarray(conversion.apply(Image.fromarray(cube))).astype(int) - cube).max() <= SAME)
