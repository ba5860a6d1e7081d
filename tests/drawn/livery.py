"""The car's textures: windows, lamps and door lines, painted on flat elevations ("sheets")."""
import re

import cv2
import numpy as np

from tests.drawn.curves import rounded, spline

Paint = tuple[int, int, int, int]  # RGB and the reflectance at normal incidence, all 0..255

SIDE, PLAN, NOSE, TAIL, WHEEL, SHELL, BLACK = range(7)  # the skins of the mesh, each a sheet
SHEET_AXES = np.array([(0, 2), (0, 1), (1, 2), (1, 2), (0, 2), (0, 2), (0, 2)])  # the two car axes a sheet shows, by skin
SHEET_LOW, SHEET_HIGH = np.array([-2.4, -1.0]), np.array([2.4, 1.7])  # corners of every sheet, metres
TEXELS = 400  # a metre

PAINTS: dict[str, Paint] = {
    "steel": (105, 108, 113, 30), "trim": (20, 20, 22, 6), "gap": (16, 15, 15, 2), "rubber": (27, 27, 28, 2),
    "well": (5, 5, 6, 0), "glass": (22, 27, 29, 15), "seat": (11, 12, 13, 13), "beyond": (84, 94, 96, 15),
    "lens": (104, 109, 114, 40), "lamp": (244, 246, 250, 110), "chrome": (190, 195, 200, 110),
    "amber": (225, 120, 30, 20), "red": (112, 4, 8, 30), "white": (236, 236, 230, 8), "yellow": (228, 190, 40, 8),
    "alloy": (180, 183, 188, 40),
}

# Each sheet is drawn in millimetres like a blueprint: tool, paint, points. A tool's number is how far the corners of an
# area are rounded (percent of its edges), the width of a line or the radius of a disc; a star repeats it for every
# symmetry of the sheet.
DRAWINGS = {
    SIDE: """
        area8 trim 960,950 930,985 280,1380 -350,1420 -1150,1390 -1520,1275 -1660,1020 -1600,965
        area7 glass 840,965 300,1340 -200,1377 -220,965
        area7 glass -310,965 -290,1379 -1080,1355 -1160,975
        area7 glass -1220,985 -1150,1340 -1450,1240 -1575,1010 -1550,990
        area8 beyond 620,1030 250,1290 -170,1310 -170,1030
        area8 beyond -380,1030 -360,1310 -950,1300 -1080,1030
        area12 seat -60,970 -120,1150 -140,1290 -260,1290 -260,1150 -290,970
        area12 seat -860,970 -920,1150 -940,1290 -1060,1290 -1060,1150 -1090,970
        line6 gap 930,930 950,800 900,450 860,300 0,290 -840,300 -860,450 -980,660 -1160,780 -1190,970
        line6 gap -260,950 -270,600 -260,300
        line6* gap 1650,880 1710,620 1660,400
        line26 gap -150,815 50,815
        line18 steel -150,820 50,820
        line26 gap -1110,815 -910,815
        line18 steel -1110,820 -910,820
        area0 trim -980,100 980,100 980,275 -980,275
        area0* trim 1600,100 2400,100 2400,320 1600,320
        area20 lens 1660,735 1800,775 2300,740 2300,570 1850,610
        area20 amber 1760,700 1840,740 1900,720 1880,640
        area20 red -1640,900 -1690,720 -2200,700 -2200,930
        disc406* trim 1300,330
        disc390* well 1300,330
        area0* well 910,0 1690,0 1690,280 910,280""",
    PLAN: """
        area8 trim 1050,-800 1090,0 1050,800 200,600 200,-600
        area8 glass 1010,-760 1050,0 1010,760 240,560 240,-560
        area8 glass -1680,-540 -1660,0 -1680,540 -1930,680 -1990,0 -1930,-680
        area20 red -1700,-500 -1620,-500 -1620,500 -1700,500
        area20 beyond 560,-420 360,-400 360,400 560,420
        area20* seat 470,220 340,220 340,420 470,420
        area20* seat 620,140 620,500 480,460 480,180
        line20* gap 1040,50 930,350 960,620
        line6* gap 1080,760 1500,740 1980,620""",
    NOSE: """
        area20 trim -440,700 440,700 360,570 -360,570
        line14 chrome -390,652 390,652
        line14 chrome -380,617 380,617
        disc55 chrome 0,635
        disc42 trim 0,635
        area20 trim -620,410 620,410 550,290 -550,290
        area20* lens 420,560 480,700 1000,760 1000,560 700,550
        disc50* chrome 550,630
        disc58* chrome 670,635
        disc36* lamp 670,635
        area20* trim 640,310 800,310 800,410 640,410
        disc32* lamp 710,360
        area0 gap -270,417 270,417 270,543 -270,543
        area0 white -260,425 260,425 260,535 -260,535
        line12 gap -210,450 -210,510 -170,450 -170,510 -140,510 -120,450 -100,510 -80,450 -60,510
        line12 gap 0,510 40,510 10,450 60,450 60,510 100,510 100,450 140,450 180,450 180,510 220,450 220,510
        area0 trim -1000,0 1000,0 1000,250 -1000,250""",
    TAIL: """
        area20* red 500,720 480,870 900,930 900,700
        area20* lens 520,760 620,760 620,830 520,830
        area20* red 550,450 750,450 750,485 550,485
        area20 trim -900,200 900,200 900,420 -900,420
        line6 gap -750,600 750,600
        disc50 chrome 0,860
        area0 gap -270,637 270,637 270,763 -270,763
        area0 yellow -260,645 260,645 260,755 -260,755
        line12 gap 210,670 210,730 170,670 170,730 140,730 120,670 100,730 80,670 60,730
        line12 gap 0,730 -40,730 -10,670 -60,670 -60,730 -100,730 -100,670 -140,670 -180,670 -180,730 -220,670 -220,730""",
    WHEEL: """
        disc238 steel 0,0
        disc231 alloy 0,0
        disc216 trim 0,0
        disc145 steel 0,0
        area0* steel -50,20 -34,222 34,222 50,20
        area0* alloy -38,20 -25,222 25,222 38,20
        disc28 trim 0,0""",
}


def turned(angle: float) -> np.ndarray:
    """The rotation by `angle` radians, (2, 2)."""
    return np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])


MIRRORED = [np.diag([1, 1]), np.diag([-1, 1])]
SYMMETRIES = {
    PLAN: [np.diag([1, 1]), np.diag([1, -1])],
    WHEEL: [turned(angle) for angle in 2 * np.pi * (np.arange(5) / 5 + 0.05)],
}


def sheet(skin: int, body: Paint) -> np.ndarray:
    """The drawing of a skin as texels uint8 (1080, 1920, 4): RGB and reflectance."""
    columns, rows = ((SHEET_HIGH - SHEET_LOW) * TEXELS).astype(int)
    texture = np.full((rows, columns, 4), {WHEEL: PAINTS["rubber"], BLACK: PAINTS["trim"]}.get(skin, body), np.uint8)
    for row in DRAWINGS.get(skin, "").split("\n")[1:]:
        tool, paint, *points = row.split()
        kind, number, star = re.fullmatch(r"([a-z]+)(\d+)(\*?)", tool).groups()
        outline, size = np.array([point.split(",") for point in points], float) / 1000, int(number) / 1000
        if kind == "area":
            outline = rounded(outline, 10 * size)
        elif kind == "line":
            outline = spline(outline, 8)
        for symmetry in SYMMETRIES.get(skin, MIRRORED)[: None if star else 1]:
            path = np.round((outline @ symmetry - SHEET_LOW) * TEXELS * 16).astype(np.int32)
            if kind == "area":
                cv2.fillPoly(texture, [path], PAINTS[paint], cv2.LINE_AA, 4)
            elif kind == "line":
                cv2.polylines(texture, [path], False, PAINTS[paint], round(size * TEXELS), cv2.LINE_AA, 4)
            else:
                cv2.circle(texture, path[0].tolist(), round(size * TEXELS * 16), PAINTS[paint], -1, cv2.LINE_AA, 4)
    return texture


def sample(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Texels float32 (n, 4) in 0..255 at uv (n, 2) in metres, looked up in portions that remap accepts."""
    portions = np.array_split(((uv - SHEET_LOW) * TEXELS).astype(np.float32), len(uv) // 30000 + 1)
    return np.concatenate([cv2.remap(texture, portion[None], None, cv2.INTER_LINEAR)[0] for portion in portions]).astype(np.float32)
