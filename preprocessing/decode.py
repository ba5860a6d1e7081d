"""Uploaded bytes to upright sRGB pixels. What the bytes say counts, never a file name or a content type."""
import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 50_000_000
Image.MAX_IMAGE_PIXELS = None  # the limit below is ours: an error with its own code, read from the header


class UnreadablePicture(ValueError):
    """The bytes are not a picture of a known format, or are damaged."""


class ResolutionTooHigh(ValueError):
    """The picture has more than MAX_PIXELS pixels."""


def decode(data: bytes) -> np.ndarray:
    """JPEG, PNG or WebP bytes -> uint8 (height, width, 3), sRGB, EXIF orientation applied.

    Raises UnreadablePicture (also for truncated files) or, before any pixel is decoded, ResolutionTooHigh.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ResolutionTooHigh(f"the picture has {picture.width} x {picture.height} pixels; the limit is {MAX_PIXELS:,}")
            profile = picture.info.get("icc_profile")
            ImageOps.exif_transpose(picture, in_place=True)
            upright = picture if picture.mode == "RGB" else picture.convert("RGB")
            if profile and picture.mode == "RGB":
                upright = to_srgb(upright, profile)
            return np.array(upright)
    except ResolutionTooHigh:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:  # what Pillow's readers raise on damage
        raise UnreadablePicture("the file is not a readable JPEG, PNG or WebP picture") from error


def to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Converts from an embedded ICC profile (ICC.1:2022), unless that is sRGB already."""
    from PIL import ImageCms  # costs start-up time, and most photos are sRGB

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
    except ImageCms.PyCMSError as error:
        raise UnreadablePicture("the picture's colour profile is damaged") from error
