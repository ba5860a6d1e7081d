"""The results that are least likely to be right, on one picture, for a person to look at."""
import io
from dataclasses import replace

from PIL import Image, ImageDraw, ImageFont, ImageOps

from bulk.job import BulkJob, Outcome
from cutout import cut_out
from options import Options
from preprocessing.decode import decode

SHEET = "least-confident.sheet.jpg"  # no photo's result has such a name
TILE = (320, 240)           # width, height of the photo and of its cut-out, side by side
CAPTION = 24
COLUMNS = 3
PREVIEW = Options(pixels=250_000, format="png", colour=(255, 0, 255, 255))
LONGEST = 60                # characters of a name


def write_sheet(job: BulkJob, outcomes: list[Outcome]) -> None:
    """Writes the sheet beside the results; nothing where nothing was done."""
    if outcomes:
        file = io.BytesIO()
        draw_sheet(job, outcomes).save(file, "JPEG", quality=85)
        job.results.write(SHEET, file.getvalue(), "image/jpeg", {}, replace=True)


def draw_sheet(job: BulkJob, outcomes: list[Outcome]) -> Image.Image:
    """Photo and car on magenta, the least confident first, each with its name and confidence."""
    rows = -(-len(outcomes) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * 2 * TILE[0], rows * (TILE[1] + CAPTION)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, outcome in enumerate(outcomes):
        left, top = number % COLUMNS * 2 * TILE[0], number // COLUMNS * (TILE[1] + CAPTION)
        photo = job.photos.read(outcome.item)
        for place, picture in enumerate((decode(photo, PREVIEW.pixels), decode(cut_out(photo, replace(PREVIEW, region=job.options.region)).data))):
            sheet.paste(ImageOps.contain(Image.fromarray(picture.rgb), TILE), (left + place * TILE[0], top))
        name = outcome.item.name.encode("utf-8", "replace").decode()
        draw.text((left + 4, top + TILE[1] + 3), f"{outcome.confidence:.2f}  {name[-LONGEST:]}", fill="black", font=font)
    return sheet
