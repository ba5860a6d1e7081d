"""Names of results, which follow from the photo's name and the options alone, so that they are known before the photo is read."""
from dataclasses import replace
from pathlib import PurePosixPath

from options import Options
from postprocessing.compose import Backdrop

OPAQUE = 255
PICTURES = {".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".heic", ".heif", ".hif", ".avif"}


def resolved(options: Options, backdrop: Backdrop | None = None) -> Options:
    """The options with a format in place of auto: jpg where something opaque is put behind the car, else png.

    On the wire, auto depends on the finished picture. Here the name must be known before.
    """
    if options.format != "auto":
        return options
    opaque = options.colour is not None and options.colour[3] == OPAQUE or backdrop is not None and backdrop.alpha is None
    return replace(options, format="jpg" if opaque and options.channels == "rgba" else "png")


def result_name(name: str, format: str) -> str:
    """The photo's name, folders and all, with the result's extension appended: so no two photos ever share a result."""
    return f"{name}.{format}"


def named_as_picture(name: str) -> bool:
    """Whether the extension says so; cameras and sites write it in upper or lower case."""
    return PurePosixPath(name).suffix.lower() in PICTURES


def is_hidden(name: str) -> bool:
    """Whether the name of the file, or of a folder around it, begins with a dot: ._car.jpg, macOS's companion of a file on a foreign disk; .trash/car.jpg."""
    return any(part.startswith(".") for part in name.split("/"))


def may_be_photo(name: str) -> bool:
    """Whether it is worth opening: files without an extension are."""
    return not is_hidden(name) and ("." not in PurePosixPath(name).name or named_as_picture(name))
