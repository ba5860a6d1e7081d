"""Draws what a listing holds beside photos: pages of text, forms, screenshots with bars and buttons, and collages of plain tiles."""
import cv2
import numpy as np

LETTERS = list("ABCDEFGHIKLMNOPRSTUVWZaaceeiimnoorstuvw    .,-0123456789")


def draw_document(rng: np.random.Generator) -> np.ndarray:
    """uint8 (height, width, 3), each time another."""
    height, width = (int(side) for side in rng.choice([(640, 480), (480, 640), (900, 420), (500, 500)]))
    paper = rng.uniform(225, 255, 3) if rng.random() < 0.75 else rng.uniform(10, 60, 3)
    page = np.full((height, width, 3), paper, np.uint8)
    ink = rng.uniform(0, 90, 3) if paper.mean() > 128 else rng.uniform(170, 255, 3)
    draw = (draw_text, draw_table, draw_screen, draw_tiles)[rng.integers(4)]
    draw(rng, page, tuple(map(float, ink)))
    return page if rng.random() < 0.7 else photographed(rng, page)


def draw_text(rng: np.random.Generator, page: np.ndarray, ink: tuple[float, ...], top: int = 0) -> None:
    """Lines of letters from a row on."""
    height, width = page.shape[:2]
    size, font = rng.uniform(0.3, 0.8), int(rng.integers(0, 4))
    margin, row = int(width * rng.uniform(0.03, 0.15)), top + 30
    while row < height - 10:
        line = "".join(rng.choice(LETTERS, int(rng.uniform(0.3, 1) * (width - 2 * margin) / (18 * size))))
        cv2.putText(page, line, (margin, row), font, size, ink, 1, cv2.LINE_AA)
        row += int(34 * size * rng.choice([1, 1, 1, 2]))


def draw_table(rng: np.random.Generator, page: np.ndarray, ink: tuple[float, ...]) -> None:
    """A form: lines of letters in ruled rows and columns."""
    draw_text(rng, page, ink, int(page.shape[0] * rng.uniform(0.05, 0.3)))
    for row in range(40, page.shape[0], int(rng.integers(25, 80))):
        cv2.line(page, (10, row), (page.shape[1] - 10, row), ink, 1)
    for column in range(10, page.shape[1], int(rng.integers(80, 300))):
        cv2.line(page, (column, 40), (column, page.shape[0] - 10), ink, 1)


def draw_screen(rng: np.random.Generator, page: np.ndarray, ink: tuple[float, ...]) -> None:
    """A bar at the top, a plain picture, text and buttons."""
    height, width = page.shape[:2]
    bar, picture = int(height * rng.uniform(0.05, 0.15)), int(height * rng.uniform(0.2, 0.5))
    cv2.rectangle(page, (0, 0), (width, bar), rng.uniform(0, 255, 3).tolist(), -1)
    cv2.rectangle(page, (0, bar), (width, bar + picture), rng.uniform(60, 220, 3).tolist(), -1)
    draw_text(rng, page, ink, bar + picture)
    for _ in range(int(rng.integers(1, 5))):
        x, y = int(rng.uniform(0, 0.8) * width), int(rng.uniform(0.6, 0.95) * height)
        cv2.rectangle(page, (x, y), (x + width // 5, y + height // 20), rng.uniform(0, 255, 3).tolist(), -1)


def draw_tiles(rng: np.random.Generator, page: np.ndarray, ink: tuple[float, ...]) -> None:
    """Two to four rows and columns of soft colours, with gaps, as of a collage too small to see."""
    rows, columns = (int(number) for number in rng.integers(2, 5, 2))
    height, width = (side // number for side, number in zip(page.shape, (rows, columns)))
    for row in range(rows):
        for column in range(columns):
            coarse = rng.uniform(0, 255, (3, 4, 3)).astype(np.uint8)
            tile = cv2.resize(coarse, (width - 6, height - 6), interpolation=cv2.INTER_CUBIC)
            page[row * height + 3:(row + 1) * height - 3, column * width + 3:(column + 1) * width - 3] = tile


def photographed(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
    """The page on a table, slanted and lit unevenly."""
    height, width = page.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    place = cv2.getPerspectiveTransform(corners, (corners * rng.uniform(0.7, 0.95) + rng.uniform(0, 0.15, (4, 2)) * (width, height)).astype(np.float32))
    table = np.full(page.shape, rng.uniform(30, 200, 3), np.uint8)
    cv2.warpPerspective(page, place, (width, height), table, borderMode=cv2.BORDER_TRANSPARENT)
    light = cv2.resize(rng.uniform(0.6, 1.1, (2, 2)).astype(np.float32), (width, height))
    return np.clip(table * light[..., None], 0, 255).astype(np.uint8)
