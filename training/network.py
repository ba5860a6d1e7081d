"""The network: an EfficientNet-Lite0 encoder under a light U-Net decoder of separable convolutions; it predicts a matte and its glass.

EfficientNet-Lite (Tan and Le 2019, arXiv 1905.11946; the "lite" variants drop squeeze-and-excite and use ReLU6, so that they
quantise to int8 well). U-Net (Ronneberger et al. 2015, arXiv 1505.04597). Separable convolutions (Chollet 2017, arXiv 1610.02357).
The matte's pixels come out of cells at stride 2 (model/space_to_depth.py).
"""
from keras import Model, initializers, layers

from model.space_to_depth import CELL

# kernel, stride, expansion, channels, repeats: the B0 table, which Lite0 keeps at width and depth 1.0
STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1))
DECODER = (128, 80, 48, 48)  # channels at strides 16, 8, 4, 2
CONTEXT = 6                  # blocks at stride 32, so that the receptive field covers the whole frame
CLOSER = 2                   # blocks at stride 16, where a car and the one right behind it are told apart
STRIDE = 32                  # both sides of the input are multiples of it
EPSILON = 1e-3


def get_network(height: int | None = None, width: int | None = None, others: bool = False) -> Model:
    """Functional network from photos to matte logits.

    Input: float32 (batch, height, width, 3), sRGB 0..255, sides multiples of 32 (None: any such size).
    Output: float32 (batch, height/2, width/2, 5), logits: of alpha in a cell's four pixels, positive inside the car, and of glass, positive
    in its panes. With others one more, for training only: positive in what is seen of other vehicles (occluder and occludee apart, Ke et al. 2021, BCNet,
    arXiv 2103.12340).
    """
    if (height or 0) % STRIDE or (width or 0) % STRIDE:
        raise ValueError(f"input {width}x{height}: both sides must be multiples of {STRIDE}")
    photo = layers.Input((height, width, 3), name="photo")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="normalise")(photo)
    *skips, (x,) = encode(x)
    x = add_context(x, DECODER[0])
    for stage, (channels, skip) in enumerate(zip(DECODER, reversed(skips), strict=True)):
        x = layers.UpSampling2D(interpolation="bilinear", name=f"up{stage}")(x)
        # joined after their ReLU6, since int8 has but one scale for what it joins
        parts = [depthwise(part, 3, f"decode{stage}a_{name}") for name, part in zip(("coarse", "fine", "stem"), [x, *skip])]
        x = conv(layers.Concatenate(name=f"join{stage}")(parts), channels, 1, f"decode{stage}a_pointwise")
        x = separable(x, channels, 3, f"decode{stage}b")
        for block in range(CLOSER if stage == 0 else 0):
            x = inverted_residual(x, 5, 1, 4, channels, f"closer{block}")
    start = initializers.Constant(-1.0)  # most pixels of most photos are background
    return Model(photo, layers.Conv2D(CELL * CELL + 1 + others, 1, bias_initializer=start, name="logits")(x), name="car_matte")


def encode(x):
    """Lists of features of EfficientNet-Lite0 at strides 2, 4, 8, 16 and 32, finest first; the first with the stem's, too, for detail."""
    x = stem = conv(x, 32, 3, "stem", stride=2)
    features, block = [], 0
    for kernel, stride, expansion, channels, repeats in STAGES:
        if stride == 2:
            features.append([x])
        for repeat in range(repeats):
            x = inverted_residual(x, kernel, stride if repeat == 0 else 1, expansion, channels, f"block{block}")
            block += 1
    features[0].append(stem)
    return [*features, [x]]


def inverted_residual(x, kernel: int, stride: int, expansion: int, channels: int, name: str):
    inner = conv(x, x.shape[-1] * expansion, 1, f"{name}_expand") if expansion > 1 else x
    inner = depthwise(inner, kernel, f"{name}_depthwise", stride)
    inner = conv(inner, channels, 1, f"{name}_project", activate=False)
    return layers.Add(name=f"{name}_add")([x, inner]) if stride == 1 and x.shape[-1] == channels else inner


def add_context(x, channels: int):
    """Gives every cell the context of the whole picture, so that the main vehicle can be told from its neighbours."""
    x = conv(x, channels, 1, "context_narrow")
    whole = layers.GlobalAveragePooling2D(keepdims=True, name="context_pool")(x)
    whole = layers.Conv2D(channels, 1, name="context_whole")(whole)
    x = layers.Add(name="context_add")([x, whole])
    for block in range(CONTEXT):
        x = inverted_residual(x, 5, 1, 4, channels, f"context{block}")
    return separable(x, channels, 5, "context_wide")


def separable(x, channels: int, kernel: int, name: str):
    return conv(depthwise(x, kernel, f"{name}_depthwise"), channels, 1, f"{name}_pointwise")


def conv(x, channels: int, kernel: int, name: str, stride: int = 1, activate: bool = True):
    x = layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return normalise(x, name, activate)


def depthwise(x, kernel: int, name: str, stride: int = 1):
    x = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return normalise(x, name)


def normalise(x, name: str, activate: bool = True):
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu6")(x) if activate else x


def inherit(network: Model, parent: Model) -> list[str]:
    """Copies the parent's weights by layer name, and of its logits those that both have. Returns the names of new layers.

    A new residual block starts as the identity: its last normalisation gives zero. A new output starts at zero. Raises ValueError where shapes differ.
    """
    known, new = {layer.name: layer for layer in parent.layers}, []
    residual = {layer.name.replace("_add", "_project_bn") for layer in network.layers if isinstance(layer, layers.Add)}
    for layer in network.layers:
        if not layer.weights:
            continue
        if layer.name == "logits":
            own, given = layer.get_weights(), known[layer.name].get_weights()
            shared = min(own[1].size, given[1].size)
            own[0][..., shared:] = 0
            for mine, theirs in zip(own, given, strict=True):
                mine[..., :shared] = theirs[..., :shared]
            layer.set_weights(own)
        elif layer.name in known:
            layer.set_weights(known[layer.name].get_weights())
        else:
            new.append(layer.name)
            if layer.name in residual:
                layer.gamma.assign(layer.gamma * 0)
    return new
