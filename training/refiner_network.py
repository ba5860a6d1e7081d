"""The refiner's float network: a small U-Net of inverted residuals (Sandler et al. 2018, arXiv 1801.04381) for tiles along a car's outline."""
from keras import Model, layers

from model.space_to_depth import CELL
from training.network import conv, depthwise, inverted_residual, separable

CHANNELS = (24, 40, 80, 112)  # at strides 2, 4, 8, 16
BLOCKS = 3, 4                 # inverted residuals at strides 8 and 16
LAST = 32                     # at stride 2, before the answer


def get_refiner(side: int | None = None) -> Model:
    """Functional network. Input: float32 (batch, side, side, 4), 0..255: sRGB and coarse alpha; the side is a multiple of 16 (None: any such side).
    Output: float32 (batch, side/2, side/2, 7) for cells of four pixels: their corrections, and three slopes (model/refiner.py). It starts at zero.
    """
    tile = layers.Input((side, side, 4), name="tile")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="normalise")(tile)
    half = separable(conv(x, CHANNELS[0], 3, "down2", stride=2), CHANNELS[0], 3, "down2b")
    quarter = inverted_residual(conv(half, CHANNELS[1], 3, "down4", stride=2), 3, 1, 2, CHANNELS[1], "down4b")
    eighth = blocks(conv(quarter, CHANNELS[2], 3, "down8", stride=2), "down8", BLOCKS[0])
    x = blocks(conv(depthwise(eighth, 3, "down16", stride=2), CHANNELS[3], 1, "down16_pointwise"), "down16", BLOCKS[1])
    x = inverted_residual(join(x, eighth, CHANNELS[2], CHANNELS[2], "up8"), 3, 1, 2, CHANNELS[2], "up8b")
    x = inverted_residual(join(x, quarter, CHANNELS[1], CHANNELS[1], "up4"), 3, 1, 2, CHANNELS[1], "up4b")
    x = separable(join(x, half, CHANNELS[0], LAST, "up2"), LAST, 3, "up2b")
    return Model(tile, layers.Conv2D(CELL * CELL + 3, 1, kernel_initializer="zeros", name="answer")(x), name="refiner")


def blocks(x, name: str, count: int):
    """Inverted residuals, one after another."""
    for block in "bcdefg"[:count]:
        x = inverted_residual(x, 5, 1, 3, x.shape[-1], name + block)
    return x


def join(coarse, fine, narrow: int, channels: int, name: str):
    """Features of twice the stride, narrowed and enlarged, with those of this one."""
    coarse = layers.UpSampling2D(interpolation="bilinear", name=name)(conv(coarse, narrow, 1, f"{name}_narrow"))
    return conv(layers.Concatenate(name=f"{name}_join")([coarse, fine]), channels, 1, f"{name}_pointwise")
