"""GIF files reduced to what their first picture needs (GIF89a)."""
from exceptions import UnreadablePicture

SIGNATURES = (b"GIF87a", b"GIF89a")
EXTENSION, CONTROL, PICTURE, END = 0x21, 0xf9, 0x2c, 0x3b
MAX_BLOCKS = 100_000  # before the first picture


def essential(data: bytes) -> bytes:
    """A GIF file whose first picture follows the global palette and the control extensions, which state its transparency.

    Pillow keeps each block of a comment as an object. Raises UnreadablePicture where there is no picture, or more than MAX_BLOCKS blocks before it.
    """
    palette_end = place = 13 + (6 << (data[10] & 7) if data[10] & 128 else 0)
    controls: list[bytes] = []
    extension: int | None = None  # where the one being read starts
    for _ in range(MAX_BLOCKS):
        if place >= len(data) or extension is None and data[place] in (PICTURE, END):
            break
        if extension is None:
            extension = place if data[place] == EXTENSION else None
            place += 1 if extension is None else 2
        elif data[place]:
            place += 1 + data[place]
        else:
            place += 1
            if data[extension + 1] == CONTROL:
                controls.append(data[extension:place])
            extension = None
    if data[place:place + 1] != bytes([PICTURE]):
        raise UnreadablePicture("the GIF has no picture, or too many blocks before it")
    return b"".join([data[:palette_end], *controls, data[place:]])
