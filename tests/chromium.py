"""Files whose colours are described in every way, and how Chromium shows them.

    python -m tests.chromium        measures with /usr/bin/chromium and writes tests/chromium_colours.json
"""
import base64
import io
import json
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from tests.files import file_of, png, rows_of
from tests.profiles import P3, rgb_profile

MEASURED = Path(__file__).with_name("chromium_colours.json")
SIDE = 8  # pixels, of each patch

SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)  # cHRM: x and y of white, red, green and blue, in 100,000ths
DISPLAY_P3 = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
LIGHT_4000 = struct.pack(">II", 40_000_000, 10_000_000)  # cLLI, in 10,000ths of cd/m2
SCREEN_600 = struct.pack(">8HII", 35400, 14600, 8500, 39850, 6550, 2300, 15635, 16450, 6_000_000, 50)  # mDCV


def patches() -> np.ndarray:
    """uint8 (6, 8, 3): greys, a red car's paint, the corners of the cube, and colours between."""
    greys = [(level, level, level) for level in range(0, 256, 17)]
    corners = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255)]
    others = np.random.default_rng(3).integers(0, 256, (48 - len(greys) - len(corners) - 2, 3))
    return np.array([*greys, (108, 58, 62), (200, 30, 40), *corners, *others], np.uint8).reshape(6, 8, 3)


def picture() -> np.ndarray:
    return np.kron(patches(), np.ones((SIDE, SIDE, 1), np.uint8))


def seen(rgb: np.ndarray) -> np.ndarray:
    """The patches of a picture, from their middles."""
    return rgb[SIDE // 2::SIDE, SIDE // 2::SIDE]


def described(*chunks: tuple[bytes, bytes]) -> bytes:
    rgb = picture()
    return png(rows_of(rgb), rgb.shape[1], rgb.shape[0], 8, 2, *chunks)


def cicp(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> tuple[bytes, bytes]:
    return b"cICP", bytes([primaries, transfer, matrix, full_range])


def gama(value: int) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", value)


def chrm(values: tuple[int, ...]) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *values)


def avif(primaries: int, transfer: int) -> bytes:
    """With these code points in its nclx box."""
    data = file_of(picture(), "AVIF", quality=100, subsampling="4:4:4")
    start = data.index(b"colrnclx") + 8
    return data[:start] + struct.pack(">HH", primaries, transfer) + data[start + 4:]


def cases() -> dict[str, bytes]:
    return {
        "nothing": described(),
        "sRGB chunk before gAMA": described((b"sRGB", b"\0"), gama(100_000)),
        "gAMA linear": described(gama(100_000)), "gAMA of sRGB": described(gama(45_455)), "gAMA 1.8": described(gama(55_556)), "gAMA 0": described(gama(0)),
        "gAMA and cHRM of sRGB": described(gama(45_455), chrm(SRGB)), "gAMA and cHRM of P3": described(gama(45_455), chrm(DISPLAY_P3)),
        "cHRM alone": described(chrm(DISPLAY_P3)),
        "cICP Display P3": described(cicp(12, 13)), "cICP sRGB": described(cicp(1, 13)), "cICP BT.2020": described(cicp(9, 14)),
        "cICP BT.709": described(cicp(1, 1)), "cICP linear": described(cicp(1, 8)), "cICP gamma 2.2": described(cicp(1, 4)),
        "cICP DCI-P3": described(cicp(11, 17)), "cICP BT.601": described(cicp(6, 6)), "cICP before sRGB chunk": described((b"sRGB", b"\0"), cicp(12, 13)),
        "cICP of narrow range": described(cicp(12, 13, 0, 0)), "cICP of unknown points": described(cicp(2, 2)),
        "cICP PQ": described(cicp(9, 16)), "cICP PQ in P3": described(cicp(12, 16)),
        "cICP HLG": described(cicp(9, 18)), "cICP HLG in P3": described(cicp(12, 18)),
        "cICP PQ of 4000 nits": described(cicp(9, 16), (b"cLLI", LIGHT_4000)), "cICP PQ on 600 nits": described(cicp(9, 16), (b"mDCV", SCREEN_600)),
        "iCCP": file_of(picture(), "PNG", icc_profile=rgb_profile(P3, 2.2)),
        "nclx Display P3": avif(12, 13), "nclx BT.709": avif(1, 1), "nclx unspecified": avif(2, 2), "nclx BT.2020": avif(9, 14),
        "nclx PQ": avif(9, 16), "nclx HLG": avif(9, 18), "nclx gamma 2.2": avif(1, 4),
    }


def measure() -> dict[str, list[list[list[int]]]]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--force-color-profile=srgb"])
        page, shown = browser.new_page(), {}
        height, width = picture().shape[:2]
        for name, data in cases().items():
            kind = "png" if data.startswith(b"\x89PNG") else "avif"
            page.set_content(f"<body style='margin:0'><img src='data:image/{kind};base64,{base64.b64encode(data).decode()}'>")
            page.evaluate("document.querySelector('img').decode()")
            shot = page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": height})
            with Image.open(io.BytesIO(shot)) as screen:
                shown[name] = seen(np.asarray(screen.convert("RGB"))).tolist()
        browser.close()
    return shown


if __name__ == "__main__":
    lines = (f"{json.dumps(name)}: {json.dumps(colours, separators=(',', ':'))}" for name, colours in measure().items())
    MEASURED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
