"""The frames that the network looks through: a small square one for a glance at the whole photo, larger ones for the look at the car.

A network is quantised for one of them. Its weights fit any frame, and LiteRT works out shapes anew, but for the target sizes of the four
upsamplings, which the file holds as constants: `reframed` replaces these, so that one file serves all frames.
"""
import struct

GLANCE = (256, 256)                             # height, width in pixels
LOOKS = ((352, 832), (448, 672))                 # for a car from the side, and from any other angle; both cost about the same
NATIVE = LOOKS[1]                               # what the network is quantised for
FRAMES = (GLANCE, *LOOKS)
UPSAMPLED = (16, 8, 4, 2)  # strides whose sizes are constants


def frame_for(shape: tuple[int, int], frames: tuple[tuple[int, int], ...] = LOOKS) -> tuple[int, int]:
    """The frame (height, width) in which a part of a photo (height, width) is seen largest."""
    return max(frames, key=lambda frame: min(frame[0] / shape[0], frame[1] / shape[1]))


def reframed(network: bytes, frame: tuple[int, int]) -> bytes:
    """The .tflite file for another frame than NATIVE. Raises ValueError where the file's constants are not as they should be."""
    for stride in UPSAMPLED:
        ours, theirs = (struct.pack("<I2i", 8, *(side // stride for side in sides)) for sides in (NATIVE, frame))  # a vector of 8 bytes
        if network.count(ours) != 1:
            raise ValueError(f"the size at stride {stride} stands {network.count(ours)} times in the network, not once")
        network = network.replace(ours, theirs)
    return network
