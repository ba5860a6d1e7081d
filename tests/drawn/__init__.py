"""A photo of a car drawn by code: its alpha is known exactly, and no real photo has to be committed.

A small renderer. One mesh of a hatchback (car) is textured with flat drawings of its windows, lamps and door lines (livery), is turned to
the camera and shaded (render, shading), and stands on a street (street, backdrop); photo puts them together.
Car axes in metres: x to the nose, y to the left, z up. World: x right, y away from the camera, z up, ground at 0.
"""
from tests.drawn.photo import DrawnPhoto, draw_photo, draw_street, encode

__all__ = ["DrawnPhoto", "draw_photo", "draw_street", "encode"]
