"""The frames that the network looks at photos through: each photo gets the one that it fills best; all cost about the same.

A network is quantised for one of them. Its weights fit any frame, and LiteRT works out shapes anew, but for the target sizes of the four
upsamplings, which the file holds as constants: `reframed` replaces these, so that one file serves all frames.
"""
import struct

NATIVE = (480, 640)    # height, width in pixels; what the network is quantised for
FRAMES = ((384, 768), (416, 704), (448, 672), NATIVE, (544, 544), (640, 480), (672, 448), (704, 416))
UPSAMPLED = (16, 8, 4, 2)  # strides whose sizes are constants


def frame_for(photo: tuple[int, int]) -> tuple[int, int]:
    """The frame (height, width) in which a photo (height, width) is seen largest."""
    return max(FRAMES, key=lambda frame: min(frame[0] / photo[0], frame[1] / photo[1]))


def reframed(network: bytes, frame: tuple[int, int]) -> bytes:
    """The .tflite file for another frame than NATIVE. Raises ValueError where the file's constants are not as they should be."""
    for stride in UPSAMPLED:
        ours, theirs = (struct.pack("<I2i", 8, *(side // stride for side in sides)) for sides in (NATIVE, frame))  # a vector of 8 bytes
        if network.count(ours) != 1:
            raise ValueError(f"the size at stride {stride} stands {network.count(ours)} times in the network, not once")
        network = network.replace(ours, theirs)
    return network
