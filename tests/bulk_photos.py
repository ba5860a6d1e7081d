"""Small drawn photos in any number, each of other bytes."""
import io

import cv2
from PIL import Image

from tests.drawn import draw_photo

DRAWINGS = [cv2.cvtColor(draw_photo(320, 240, angle=angle, seed=seed).rgb, cv2.COLOR_RGB2BGR) for seed, angle in enumerate(3 * ("side", "three_quarter"))]


def draw_jpeg(number: int) -> bytes:
    """A photo that no other number below 300 gives."""
    quality = 50 + number // len(DRAWINGS)
    return cv2.imencode(".jpg", DRAWINGS[number % len(DRAWINGS)], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def huge_png() -> bytes:
    """More than 50.4 megapixels in few bytes."""
    file = io.BytesIO()
    Image.new("1", (7200, 7200)).save(file, "PNG")
    return file.getvalue()
