"""A picture that is no photo, and the files that hold it: by Pillow, and byte by byte what Pillow does not write."""
import io
import struct
import zlib

import cv2
import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()  # so that the tests can write HEIC


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1).astype(np.uint8)


def file_of(pixels: np.ndarray | Image.Image, format: str, **options) -> bytes:
    file = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(file, format, **options)
    return file.getvalue()


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def tiff(pixels: bytes, fields: dict[int, int], order: str = "<") -> bytes:
    """TIFF 6.0 of one strip or tile, with its directory at the start, where a cut leaves it whole; Pillow writes it last."""
    layout = {324: 0, 325: len(pixels)} if 322 in fields else {273: 0, 278: fields[257], 279: len(pixels)}
    fields = {259: 1, 277: 1, **fields, **layout}
    fields[min(layout)] = 8 + 2 + 12 * len(fields) + 4
    directory = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in sorted(fields.items()))
    return (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, len(fields)) + directory + bytes(4) + pixels


def difference(rgb: np.ndarray, expected: np.ndarray) -> float:
    """The mean over all pixels, in levels."""
    assert rgb.shape == expected.shape and rgb.dtype == np.uint8
    return float(np.abs(rgb.astype(int) - expected).mean())


def png(rows: bytes, width: int, height: int, depth: int, colour: int, *chunks: tuple[bytes, bytes], interlaced: bool = False) -> bytes:
    """A PNG (third edition) of unfiltered rows, for what Pillow does not write."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
                                           for kind, body in [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")])


def rows_of(pixels: np.ndarray) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in pixels)


def cv2_file_of(pixels: np.ndarray, suffix: str) -> bytes:
    """OpenCV's order of channels is blue, green, red."""
    return cv2.imencode(suffix, pixels[..., [2, 1, 0, 3][:pixels.shape[2]]] if pixels.ndim == 3 else pixels)[1].tobytes()
