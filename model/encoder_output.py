"""The encoder's features as further outputs of the .tflite file, which the converter wrote with the logits alone.

The subgraph's list of outputs is replaced by a longer one at the end of the file; nothing else moves.
"""
import struct

from model.flatbuffer import NAME, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATORS, OUTPUTS, SUBGRAPHS, TENSORS, field, numbers, tables, target, text

READERS = "context_narrow_conv", "decode0a_fine_conv"  # the layers that read the encoder's features at strides 32 and 16


def with_features(network: bytes) -> bytes:
    """A .tflite file whose further outputs are the encoder's features at strides 32 and 16.

    Raises ValueError where the file has another form: not one layer of each name in `READERS`, or not one output.
    """
    subgraph = next(tables(network, field(network, target(network, 0), SUBGRAPHS)))
    tensors = list(tables(network, field(network, subgraph, TENSORS)))
    operators = list(tables(network, field(network, subgraph, OPERATORS)))
    names = [text(network, field(network, tensors[numbers(network, field(network, operator, OPERATOR_OUTPUTS))[0]], NAME)) for operator in operators]
    features = []
    for reader in READERS:
        found = [operator for operator, name in zip(operators, names) if reader.encode() in name]
        if len(found) != 1:
            raise ValueError(f"{len(found)} layers of the network are named {reader}, not one")
        features.append(numbers(network, field(network, found[0], OPERATOR_INPUTS))[0])
    place = field(network, subgraph, OUTPUTS)
    (logits,) = numbers(network, place)
    end = -(-len(network) // 4) * 4  # vectors of numbers begin at multiples of their size
    vector, rest = struct.pack(f"<I{1 + len(features)}i", 1 + len(features), logits, *features), memoryview(network)[place + 4:]
    return b"".join([network[:place], struct.pack("<I", end - place), rest, bytes(end - len(network)), vector])
