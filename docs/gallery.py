"""A gallery to judge cut-outs by eye: for each photo of a folder the photo, its matte, and the car on white, black, magenta and a backdrop.

    make gallery DIR=photos         writes gallery/index.html, one page that holds all its pictures, and gallery/gallery.jpg, one picture
"""
import argparse
import base64
import html
import sys
from pathlib import Path

import cv2
import numpy as np

from cutout import cut_out
from exceptions import CutOutError
from options import Options
from postprocessing import compose
from preprocessing.decode import Picture, decode

HEIGHT = 360           # pixels of a row
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]
GROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "magenta": (255, 0, 255)}
PIXELS = 1_500_000     # of a cut-out: what a listing shows
STYLE = """body{font:15px/1.4 system-ui,sans-serif;margin:2rem;background:#eee}figure{margin:0 0 2rem}figcaption{margin-bottom:.4rem}
div{display:flex;gap:4px;overflow-x:auto}img{height:360px}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--out", type=Path, default=Path("gallery"))
    args = parser.parse_args()
    rows, figures = [], []
    for path in sorted(path for path in args.photos.iterdir() if path.is_file()):
        try:
            made = cut_out(path.read_bytes(), Options(pixels=PIXELS, format="png"))
        except CutOutError as refusal:
            figures.append(figure(path.name, f"{refusal.code}: {refusal}", []))
            continue
        pictures = views(path.read_bytes(), made.data)
        rows.append(np.hstack(pictures))
        figures.append(figure(path.name, f"confidence {made.confidence:.2f}", pictures))
    if not rows:
        print(f"{args.photos}: no photo with a car", file=sys.stderr)
        return 1
    args.out.mkdir(parents=True, exist_ok=True)
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>Cut-outs</title><style>{STYLE}</style><h1>Cut-outs</h1>{''.join(figures)}"
    (args.out / "index.html").write_text(page, encoding="utf-8")
    width = max(row.shape[1] for row in rows)
    sheet = np.vstack([cv2.copyMakeBorder(row, 0, 4, 0, width - row.shape[1], cv2.BORDER_CONSTANT, value=(238, 238, 238)) for row in rows])
    (args.out / "gallery.jpg").write_bytes(jpeg(sheet))
    print(args.out / "index.html")
    return 0


def views(photo: bytes, made: bytes) -> list[np.ndarray]:
    """The photo, the matte, and the car on each ground, uint8 RGB, HEIGHT pixels high."""
    before, after = decode(photo, PIXELS), decode(made)
    alpha = np.full(after.size, 255, np.uint8) if after.alpha is None else after.alpha
    share = alpha.astype(np.float32) / 255
    on = [compose.over_colour(after.rgb, share, (*ground, 255))[0] for ground in GROUNDS.values()]
    on.append(compose.over_backdrop(after.rgb, share, compose.Backdrop(Picture(showroom(after.size), None, after.size)))[0])
    return [lowered(picture) for picture in (before.rgb, cv2.merge([alpha] * 3), *on)]


def showroom(size: tuple[int, int]) -> np.ndarray:
    """A wall and a floor in grey, the light falling from above."""
    height, width = size
    wall, floor = np.linspace(235, 200, round(0.6 * height)), np.linspace(150, 190, height - round(0.6 * height))
    return cv2.merge([np.repeat(np.concatenate([wall, floor]).astype(np.uint8)[:, None], width, 1)] * 3)


def lowered(rgb: np.ndarray) -> np.ndarray:
    return cv2.resize(rgb, (round(rgb.shape[1] * HEIGHT / rgb.shape[0]), HEIGHT), interpolation=cv2.INTER_AREA)


def figure(name: str, caption: str, pictures: list[np.ndarray]) -> str:
    names = ("photo", "matte", *(f"on {ground}" for ground in GROUNDS), "on a backdrop")
    images = "".join(f'<img alt="{what}" src="data:image/jpeg;base64,{base64.b64encode(jpeg(picture)).decode()}">' for what, picture in zip(names, pictures))
    return f"<figure><figcaption><b>{html.escape(name)}</b> {html.escape(caption)}</figcaption><div>{images}</div></figure>"


def jpeg(rgb: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), QUALITY)[1].tobytes()


if __name__ == "__main__":
    sys.exit(main())
