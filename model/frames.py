"""The input sizes of the network: a small square for the coarse pass over the whole photo, larger ones for the fine pass over the car.

The network is quantised for one of them. Its weights fit any size, and LiteRT infers shapes anew, except for the target sizes of the four
upsamplings. The file holds these as constants. `resized_network` replaces them, so that one file serves all frames.
"""
import struct

from model.flatbuffer import BUFFERS, DATA, field, find_field, tables, target

COARSE_FRAME = (256, 256)                  # height, width in pixels
FINE_FRAMES = ((352, 832), (448, 672))     # for a car from the side, and from any other angle; both cost about the same
QUANTISED_FRAME = FINE_FRAMES[1]           # the size in the .tflite file
FRAMES = (COARSE_FRAME, *FINE_FRAMES)
UPSAMPLED_STRIDES = (16, 8, 4, 2)          # strides whose sizes are constants in the file


def best_frame(shape: tuple[float, float], frames: tuple[tuple[int, int], ...] = FINE_FRAMES) -> tuple[int, int]:
    """The frame (height, width) in which a part of a photo (height, width) is seen largest."""
    return max(frames, key=lambda frame: min(frame[0] / shape[0], frame[1] / shape[1]))


def resized_network(network: bytes, frame: tuple[int, int]) -> bytes:
    """The .tflite file for a frame other than QUANTISED_FRAME. Raises ValueError where the file does not hold the expected constants once each."""
    resized = bytearray(network)
    buffers = [target(network, data) for buffer in tables(network, field(network, target(network, 0), BUFFERS))
               if (data := find_field(network, buffer, DATA)) is not None]
    for stride in UPSAMPLED_STRIDES:
        old, new = (struct.pack("<I2i", 8, *(side // stride for side in sides)) for sides in (QUANTISED_FRAME, frame))  # a vector of 8 bytes
        places = [place for place in buffers if network.startswith(old, place)]
        if len(places) != 1:
            raise ValueError(f"the size at stride {stride} stands {len(places)} times in the network, not once")
        struct.pack_into(f"{len(new)}s", resized, places[0], new)
    return bytes(resized)
