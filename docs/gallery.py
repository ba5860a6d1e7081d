"""A gallery to judge cut-outs by eye: each photo of a folder with its matte, and its car on white, black, magenta and, with a shadow, a backdrop.

    make gallery DIR=photos         writes gallery/index.html, one page that holds all its pictures, and gallery/gallery.jpg, one picture of
                                    the least confident

Refused photos come first, then the cut-outs by rising confidence.
"""
import argparse
import base64
import html
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from cutout import cut_out
from events.names import may_be_photo
from exceptions import CutOutError
from options import Options
from postprocessing import compose, framing, shadow
from preprocessing.decode import Picture, decode

PAGE_WIDTH, COLUMNS, GAP = 1280, 3, 8
CELL = ((PAGE_WIDTH - (COLUMNS + 1) * GAP) // COLUMNS, 320)  # width, height in which each picture fits
PAPER = (238, 238, 238)
LONGEST = 65_500       # pixels of a JPEG file's side
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]
GROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "magenta": (255, 0, 255)}
NAMES = ("photo", "matte", *(f"on {ground}" for ground in GROUNDS), "on a backdrop")
SHADOW = shadow.Shadow("contact")
PIXELS = 1_500_000     # of a cut-out: what a listing shows
STYLE = f"""body{{font:15px/1.4 system-ui,sans-serif;margin:0 auto;padding:{GAP}px;max-width:{PAGE_WIDTH - 2 * GAP}px;background:#eee}}
figure{{margin:0 0 2rem}}figcaption{{margin-bottom:.4rem;overflow-wrap:anywhere}}
div{{display:grid;grid-template-columns:repeat({COLUMNS},1fr);gap:{GAP}px}}img{{width:100%;max-height:{CELL[1]}px;object-fit:contain}}"""


@dataclass(frozen=True)
class Entry:
    name: str
    caption: str
    confidence: float           # below 0 where the photo was refused
    pictures: list[np.ndarray]  # uint8 RGB, one for each of NAMES; none where the photo was refused


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--out", type=Path, default=Path("gallery"))
    args = parser.parse_args()
    if not args.photos or not Path(args.photos).is_dir():
        print(f"{args.photos or 'nothing'} is no folder of photos: make gallery DIR=photos", file=sys.stderr)
        return 2
    paths = sorted(path for path in Path(args.photos).iterdir() if path.is_file() and may_be_photo(path.name))
    entries = sorted((entry(path) for path in tqdm(paths, unit="photo")), key=lambda entry: (entry.confidence, entry.name))
    if not any(entry.pictures for entry in entries):
        print(f"{args.photos}: no photo with a car", file=sys.stderr)
        return 1
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "index.html").write_text(page(entries), encoding="utf-8")
    (args.out / "gallery.jpg").write_bytes(jpeg(sheet(entries)))
    print(args.out / "index.html")
    return 0


def entry(path: Path) -> Entry:
    photo = path.read_bytes()
    try:
        made = cut_out(photo, Options(pixels=PIXELS, format="png"))
    except CutOutError as refusal:
        return Entry(path.name, f"{refusal.code}: {refusal}", -1.0, [])
    after = decode(made.data)
    alpha = np.full(after.size, 255, np.uint8) if after.alpha is None else after.alpha
    return Entry(path.name, f"confidence {made.confidence:.2f}", made.confidence, views(decode(photo, PIXELS).rgb, after.rgb, alpha))


def views(photo: np.ndarray, rgb: np.ndarray, alpha: np.ndarray) -> list[np.ndarray]:
    """uint8 RGB, one for each of NAMES, within a CELL; rgb and alpha are the cut-out's, uint8 of the same height and width."""
    share = alpha.astype(np.float32) / 255
    on = [compose.over_colour(rgb, share, (*ground, 255))[0] for ground in GROUNDS.values()]
    shaded = rgb.copy(), share.copy()
    shadow.cast(*shaded, framing.box_of(share), SHADOW)
    on.append(compose.over_backdrop(*shaded, compose.Backdrop(Picture(showroom(alpha.shape), None, alpha.shape)))[0])
    return [reduced(picture) for picture in (photo, cv2.merge([alpha] * 3), *on)]


def showroom(size: tuple[int, int]) -> np.ndarray:
    """A wall and a floor in grey, lit from above: uint8 RGB."""
    height, width = size
    wall, floor = np.linspace(235, 200, round(0.6 * height)), np.linspace(150, 190, height - round(0.6 * height))
    return cv2.merge([np.repeat(np.concatenate([wall, floor]).astype(np.uint8)[:, None], width, 1)] * 3)


def reduced(rgb: np.ndarray) -> np.ndarray:
    factor = min(side / whole for side, whole in zip(CELL, rgb.shape[1::-1]))
    return cv2.resize(rgb, [max(1, round(factor * side)) for side in rgb.shape[1::-1]], interpolation=cv2.INTER_AREA)


def sheet(entries: list[Entry]) -> np.ndarray:
    """All pictures, or those of the least confident photos where not all fit into a JPEG file."""
    parts = [rows(entry.pictures) for entry in entries if entry.pictures]
    heights = np.cumsum([part.shape[0] for part in parts])
    return np.vstack(parts[:int((heights <= LONGEST).sum())])


def rows(pictures: list[np.ndarray]) -> np.ndarray:
    """The pictures in COLUMNS on paper, PAGE_WIDTH pixels wide."""
    height = max(picture.shape[0] for picture in pictures)  # all are of one photo
    paper = np.full((len(pictures) // COLUMNS * (height + GAP) + GAP, PAGE_WIDTH, 3), PAPER, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, COLUMNS)
        top, left = GAP + row * (height + GAP), GAP + column * (CELL[0] + GAP) + (CELL[0] - picture.shape[1]) // 2
        paper[top:top + picture.shape[0], left:left + picture.shape[1]] = picture
    return paper


def page(entries: list[Entry]) -> str:
    figures = "".join(map(figure, entries))
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>Cut-outs</title><style>{STYLE}</style><h1>Cut-outs</h1>{figures}"


def figure(entry: Entry) -> str:
    images = "".join(f'<img alt="{name}" src="data:image/jpeg;base64,{base64.b64encode(jpeg(picture)).decode()}">'
                     for name, picture in zip(NAMES, entry.pictures))
    name = entry.name.encode("utf-8", "replace").decode()
    return f"<figure><figcaption><b>{html.escape(name)}</b> {html.escape(entry.caption)}</figcaption><div>{images}</div></figure>"


def jpeg(rgb: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), QUALITY)[1].tobytes()


if __name__ == "__main__":
    sys.exit(main())
