"""Grids of points made into facets that a renderer can sort and shade."""
from typing import NamedTuple

import cv2
import numpy as np

from tests.drawn.livery import SHEET_AXES


class Mesh(NamedTuple):
    """n four-cornered facets."""

    corners: np.ndarray  # float64 (n, 4, 3), metres
    normals: np.ndarray  # float64 (n, 4, 3), outwards, about unit length
    uv: np.ndarray       # float64 (n, 4, 2), metres on a sheet of the livery
    skin: np.ndarray     # int (n,), which sheet


def facets(grid: np.ndarray, skin: np.ndarray | int, shift: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    """The (rows - 1) * (columns - 1) facets between the points (rows, columns, 3) of a grid; sheets are addressed before the shift."""
    quads = neighbours(grid)
    facing = np.cross(quads[:, :, 2] - quads[:, :, 0], quads[:, :, 3] - quads[:, :, 1])
    facing *= np.sign(np.sum(facing * (quads.mean(2) - grid.mean((0, 1)))))  # outwards
    smooth = neighbours(np.pad(facing, ((1, 1), (1, 1), (0, 0)), "edge")).sum(2)
    normals = neighbours(cv2.blur(smooth / (np.linalg.norm(smooth, axis=-1, keepdims=True) + 1e-12), (1, 5)))
    skins = np.broadcast_to(skin, facing.shape[:2]).ravel()
    quads, normals = quads.reshape(-1, 4, 3), normals.reshape(-1, 4, 3)
    return Mesh(quads + shift, normals, np.take_along_axis(quads, SHEET_AXES[skins][:, None], 2), skins)


def neighbours(grid: np.ndarray) -> np.ndarray:
    """Each cell's four corners, in turn around it: (rows, columns, 3) -> (rows - 1, columns - 1, 4, 3)."""
    return np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], 2)


def join(meshes: list[Mesh]) -> Mesh:
    """All facets of all meshes, in order."""
    return Mesh(*map(np.concatenate, zip(*meshes)))
