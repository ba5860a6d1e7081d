"""High dynamic range to sRGB, as Chromium shows it on a screen of standard range.

Absolute light (SMPTE ST 2084, PQ; ARIB STD-B67, HLG, for a display of 1000 cd/m2) is divided by that of diffuse white, 203 cd/m2 (ITU-R BT.2408).
A curve over the brightest channel then makes room for highlights: a straight line up to diffuse white and a quadratic Bezier curve to the peak,
the reference white tone mapping operator of SMPTE ST 2094-50. One gain for all three channels keeps the hue.
"""
import numpy as np

from preprocessing.colour_encoding import HLG, REC2020, SRGB_PRIMARIES, HighDynamicRange, xyz_matrix

WHITE, PEAK = 203.0, 1000.0  # cd/m2: diffuse white, and the brightest light of HLG's display and of a picture that does not state its own
ROOM = 0.5                   # share of sRGB's light that highlights get at this peak, and at any higher one
BEND = 0.65                  # where the Bezier curve's middle point lies between the ends of its tangents
STEPS = 4096                 # of the table of sRGB's levels
GAINS = 16384                # of the table of gains
BRIGHTEST = 10000 / WHITE    # of PQ
ROWS = 128                   # converted at once, so that floats of the whole picture are never held

PQ_M1, PQ_M2, PQ_C1, PQ_C2, PQ_C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
HLG_A, HLG_B, HLG_C = 0.17883277, 0.28466892, 0.55991073
HLG_GAMMA = 1.2              # of the system, scene to display


def tone_mapped(pixels: np.ndarray, encoding: HighDynamicRange, bits: int = 8) -> np.ndarray:
    """uint8 or uint16 (height, width, 3) of so many bits -> uint8 of the same shape, sRGB."""
    top = (1 << bits) - 1
    light = (hlg_scene if encoding.transfer == HLG else pq)(np.arange(top + 1) / top).astype(np.float32)
    to_2020 = np.linalg.solve(xyz_matrix(REC2020), xyz_matrix(encoding.primaries)).astype(np.float32)
    to_srgb = np.linalg.solve(xyz_matrix(SRGB_PRIMARIES), xyz_matrix(REC2020)).astype(np.float32)
    luminance = xyz_matrix(REC2020)[1].astype(np.float32)
    gains, levels = gain(np.linspace(0, BRIGHTEST, GAINS), encoding.peak or PEAK).astype(np.float32), srgb_levels()
    result = np.empty(pixels.shape, np.uint8)
    for first in range(0, len(pixels), ROWS):
        rgb = np.take(light, pixels[first:first + ROWS]) @ to_2020.T
        if encoding.transfer == HLG:
            rgb *= PEAK / WHITE * np.maximum(rgb @ luminance, 0)[..., None] ** (HLG_GAMMA - 1)
        brightest = np.clip(rgb.max(-1) * ((GAINS - 1) / BRIGHTEST), 0, GAINS - 1)
        srgb = np.clip((rgb @ to_srgb.T) * np.take(gains, brightest.astype(np.int32))[..., None], 0, 1)
        result[first:first + ROWS] = np.take(levels, (np.sqrt(srgb) * (STEPS - 1) + 0.5).astype(np.int32))
    return result


def pq(encoded: np.ndarray) -> np.ndarray:
    """Encoded values 0..1 -> light, of which 1 is diffuse white."""
    root = encoded ** (1 / PQ_M2)
    light: np.ndarray = 10000 / WHITE * (np.maximum(root - PQ_C1, 0) / (PQ_C2 - PQ_C3 * root)) ** (1 / PQ_M1)
    return light


def hlg_scene(encoded: np.ndarray) -> np.ndarray:
    """Encoded values 0..1 -> the scene's light 0..1."""
    return np.where(encoded <= 0.5, encoded ** 2 / 3, (np.exp((encoded - HLG_C) / HLG_A) + HLG_B) / 12)


def gain(light: np.ndarray, peak: float) -> np.ndarray:
    """By what a colour is multiplied whose brightest channel is `light`, of which 1 is diffuse white; peak: cd/m2."""
    headroom = max(0.0, np.log2(peak / WHITE) / np.log2(PEAK / WHITE))
    knee, last = 1 - ROOM * min(headroom, 1), max(peak / WHITE, 1)
    bend = (1 + BEND * (1 / knee - 1), knee + BEND * (1 - knee))
    along = np.linspace(0, 1, GAINS)
    across, up = (start * (1 - along) ** 2 + 2 * middle * along * (1 - along) + end * along ** 2
                  for start, middle, end in zip((1, knee), bend, (last, 1)))
    shown = np.where(light <= 1, knee * light, np.interp(light, across, up))  # from the peak on 1
    gains: np.ndarray = np.divide(shown, light, out=np.full(light.shape, knee), where=light > 0)
    return gains


def srgb_levels() -> np.ndarray:
    """uint8 (STEPS,): sRGB's level (IEC 61966-2-1) of each square root, 0..1, of light."""
    light = np.linspace(0, 1, STEPS) ** 2
    levels: np.ndarray = np.rint(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)).astype(np.uint8)
    return levels
