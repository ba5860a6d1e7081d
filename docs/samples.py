"""Makes the pictures of the demo page: two photos of the drawn car to try it with, and what the bundled network makes of the first.

    .venv-test/bin/python -m docs.samples PYTHON        PYTHON: an interpreter 3.11 that has bpy 5.0.1 (pip install bpy==5.0.1), for docs/scene.py
"""
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cutout import cut_out
from options import Options
from postprocessing.shadow import Shadow
from tests.drawn import car, livery
from tests.drawn.mesh import join

ROOT = Path(__file__).parent.parent
OUT = ROOT / "demo"
MOST_BYTES = 40_000
COLOURS = {"red": (120, 8, 14), "blue": (16, 46, 104), "grey": (150, 152, 155)}
REFLECTANCE = 17  # of the paint, 0..255
# What a path tracer needs other than the drawn photos do: panes mirror by themselves, and black is darker.
PAINTS: dict[str, livery.Paint] = {
    "glass": (9, 11, 12, 15), "seat": (7, 8, 9, 15), "beyond": (12, 14, 15, 15), "trim": (9, 9, 10, 6), "rubber": (13, 13, 13, 2),
    "steel": (60, 62, 66, 30), "alloy": (170, 173, 178, 40),
}
SHOTS = {
    "sample-1": {"cars": [("red", (0, 7.7), 218)], "turn": 0, "pan": 0.8},
    "sample-2": {"cars": [("blue", (0, 7.7), 180), ("grey", (3.2, 11.3), 180)], "turn": 150, "pan": 0},
}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_car(folder)
        for shot, what in SHOTS.items():
            subprocess.run([sys.argv[1], ROOT / "docs" / "scene.py", folder, shot, json.dumps(what)], check=True)
            save(Image.open(folder / f"{shot}.png").convert("RGB"), f"{shot}.webp")
        photo = (folder / "sample-1.png").read_bytes()
    save(Image.open(io.BytesIO(cut_out(photo, Options(shadow=Shadow("contact"))).data)), "sample-1-cut.webp")


def write_car(folder: Path) -> None:
    """The mesh without its aerial, which few cars still have, and its textures in each colour."""
    mirrors = [car.pebble(radii, (x, side * y, z), skin) for side in (1, -1)
               for radii, (x, y, z), skin in (((0.07, 0.115, 0.075), (0.66, 1, 1.02), livery.SHELL), ((0.03, 0.09, 0.02), (0.67, 0.9, 0.955), livery.BLACK))]
    mesh = join([car.body(), *(car.wheel(axle, side) for axle in car.AXLES for side in (1, -1)), *mirrors])
    np.savez(folder / "car.npz", **mesh._asdict())
    livery.PAINTS.update(PAINTS)
    for name, colour in COLOURS.items():
        for skin in range(7):
            sheet = livery.sheet(skin, (*colour, REFLECTANCE))
            cv2.imwrite(str(folder / f"{name}-{skin}.png"), np.ascontiguousarray(sheet[..., 2::-1]))
            cv2.imwrite(str(folder / f"{name}-{skin}-reflectance.png"), sheet[..., 3])


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


if __name__ == "__main__":
    main()
