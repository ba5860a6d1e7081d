"""Draws the pictures of the demo page: two photos to try it with, and what the bundled network makes of the first. Run: make samples"""
import io
from pathlib import Path

import numpy as np
from PIL import Image

from cutout import cut_out
from options import Options
from postprocessing.shadow import Shadow
from tests.drawn import draw_photo, encode

OUT = Path(__file__).parent.parent / "demo"
SIZE = (1200, 800)    # width, height
FINER = 2             # drawn so many times larger, for smooth edges
NEARER = 1.2          # the drawn street is wide; a dealer steps closer
MOST_BYTES = 40_000


def photo(**scene) -> Image.Image:
    width, height = (round(side * FINER * NEARER) for side in SIZE)
    drawn = Image.fromarray(draw_photo(width, height, **scene).rgb)
    left, top = (width - SIZE[0] * FINER) * 0.4, (height - SIZE[1] * FINER) * 0.85
    return drawn.crop((round(left), round(top), round(left) + SIZE[0] * FINER, round(top) + SIZE[1] * FINER)).resize(SIZE, Image.Resampling.BOX)


def save(picture: Image.Image, name: str) -> None:
    """As WebP of the best quality that fits."""
    for quality in range(90, 40, -2):
        file = io.BytesIO()
        picture.save(file, "webp", quality=quality, alpha_quality=80, method=6)
        if file.tell() <= MOST_BYTES:
            (OUT / name).write_bytes(file.getvalue())
            print(name, quality, f"{file.tell():,} bytes")
            return
    raise SystemExit(f"{name} does not fit in {MOST_BYTES:,} bytes")


def main() -> None:
    first = photo(angle="three_quarter", colour=(152, 26, 32), seed=11)
    save(first, "sample-1.webp")
    save(Image.open(io.BytesIO(cut_out(encode(np.array(first), "png"), Options(shadow=Shadow("contact"))).data)), "sample-1-cut.webp")
    save(photo(angle="side", colour=(34, 74, 118), seed=4, neighbour=True), "sample-2.webp")


if __name__ == "__main__":
    main()
