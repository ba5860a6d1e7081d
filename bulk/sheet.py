"""The results that are least likely to be right, by kind, on one picture, for a person to look at."""
import io
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby, islice

from PIL import Image, ImageDraw, ImageFont, ImageOps

import storage
from bulk.item import ANY
from bulk.job import BulkJob, Outcome, printable, sentence
from cutout import cut_out
from exceptions import CutOutError
from model.kind import KINDS
from options import Options
from preprocessing.decode import decode

SHEET = "least-confident.sheet.jpg"  # no photo's result has such a name
TILE = (320, 240)           # width, height of the photo and of its cut-out, side by side
CAPTION = 24
COLUMNS = 3
PREVIEW = Options(pixels=250_000, format="png", colour=(255, 0, 255, 255), unsuitable="original")
LONGEST = 60                # characters of a caption's end, the name

log = logging.getLogger(__name__)


def write_sheet(job: BulkJob, outcomes: Iterable[Outcome]) -> None:
    """Writes the sheet beside the results; nothing where none of the photos can be shown. Raises as Store.write does, and storage.Unreachable."""
    tiles = {outcome: tile for row in rows_by_kind(outcomes) for outcome in row if (tile := draw_tile(job, outcome))}
    if tiles:
        file = io.BytesIO()
        draw_sheet(tiles).save(file, "JPEG", quality=85)
        job.results.write(SHEET, file.getvalue(), "image/jpeg", {}, replaces=ANY)


def draw_sheet(tiles: Mapping[Outcome, Image.Image]) -> Image.Image:
    """Each kind begins a row, with the least confident first."""
    rows = list(rows_by_kind(tiles))
    sheet = Image.new("RGB", (COLUMNS * 2 * TILE[0], len(rows) * (TILE[1] + CAPTION)), "white")
    for row, column, outcome in ((row, column, outcome) for row, found in enumerate(rows) for column, outcome in enumerate(found)):
        sheet.paste(tiles[outcome], (column * 2 * TILE[0], row * (TILE[1] + CAPTION)))
    return sheet


def draw_tile(job: BulkJob, outcome: Outcome) -> Image.Image | None:
    """Photo and car on magenta, with confidence, kind, view and name; None where the photo was deleted meanwhile, or replaced by what can't be cut out.

    Raises storage.Unreachable.
    """
    tile, name = Image.new("RGB", (2 * TILE[0], TILE[1] + CAPTION), "white"), printable(outcome.item.name)
    try:
        photo = job.photos.read(outcome.item)
        pictures = decode(photo, PREVIEW.pixels), decode(cut_out(photo, replace(PREVIEW, region=job.options.region)).data)
    except storage.Unreachable:  # not of this photo alone
        raise
    except (OSError, storage.Unreadable, CutOutError) as error:
        log.warning("%s is not on the sheet: %s", name, sentence(error))
        return None
    for place, picture in enumerate(pictures):
        tile.paste(ImageOps.contain(Image.fromarray(picture.rgb), TILE), (place * TILE[0], 0))
    caption = f"{outcome.confidence:.2f}  {outcome.kind} {outcome.view or ''}  {name[-LONGEST:]}"
    ImageDraw.Draw(tile).text((4, TILE[1] + 3), caption, fill="black", font=ImageFont.load_default(14))
    return tile


def rows_by_kind(outcomes: Iterable[Outcome]) -> Iterable[list[Outcome]]:
    """At most COLUMNS of one kind each."""
    ordered = sorted(outcomes, key=lambda outcome: (KINDS.index(outcome.kind), outcome.confidence, outcome.item.name))
    for _, same in groupby(ordered, key=lambda outcome: outcome.kind):
        while row := list(islice(same, COLUMNS)):
            yield row
