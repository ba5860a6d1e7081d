"""The results that are least likely to be right, by kind, on one picture, for a person to look at."""
import io
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby, islice

from PIL import Image, ImageDraw, ImageFont, ImageOps

from bulk.job import BulkJob, Outcome
from cutout import cut_out
from model.kind import KINDS
from options import Options
from preprocessing.decode import decode

SHEET = "least-confident.sheet.jpg"  # no photo's result has such a name
TILE = (320, 240)           # width, height of the photo and of its cut-out, side by side
CAPTION = 24
COLUMNS = 3
PREVIEW = Options(pixels=250_000, format="png", colour=(255, 0, 255, 255), unsuitable="original")
LONGEST = 60                # characters of a caption's end, the name


def write_sheet(job: BulkJob, outcomes: list[Outcome]) -> None:
    """Writes the sheet beside the results; nothing where the kind of no photo is known."""
    if outcomes:
        file = io.BytesIO()
        draw_sheet(job, outcomes).save(file, "JPEG", quality=85)
        job.results.write(SHEET, file.getvalue(), "image/jpeg", {}, replace=True)


def draw_sheet(job: BulkJob, outcomes: list[Outcome]) -> Image.Image:
    """Photo and car on magenta, each with its confidence, kind, view and name. Each kind begins a row, with the least confident first."""
    rows = list(rows_by_kind(outcomes))
    sheet = Image.new("RGB", (COLUMNS * 2 * TILE[0], len(rows) * (TILE[1] + CAPTION)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for row, column, outcome in ((row, column, outcome) for row, found in enumerate(rows) for column, outcome in enumerate(found)):
        left, top = column * 2 * TILE[0], row * (TILE[1] + CAPTION)
        photo = job.photos.read(outcome.item)
        for place, picture in enumerate((decode(photo, PREVIEW.pixels), decode(cut_out(photo, replace(PREVIEW, region=job.options.region)).data))):
            sheet.paste(ImageOps.contain(Image.fromarray(picture.rgb), TILE), (left + place * TILE[0], top))
        name = outcome.item.name.encode("utf-8", "replace").decode()
        draw.text((left + 4, top + TILE[1] + 3), f"{outcome.confidence:.2f}  {outcome.kind} {outcome.view or ''}  {name[-LONGEST:]}", fill="black", font=font)
    return sheet


def rows_by_kind(outcomes: Iterable[Outcome]) -> Iterable[list[Outcome]]:
    """At most COLUMNS of one kind each."""
    ordered = sorted(outcomes, key=lambda outcome: (KINDS.index(outcome.kind), outcome.confidence, outcome.item.name))
    for _, same in groupby(ordered, key=lambda outcome: outcome.kind):
        while row := list(islice(same, COLUMNS)):
            yield row
