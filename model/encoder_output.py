"""The encoder's features as a second output of the .tflite file, which the converter wrote with the logits alone.

The subgraph's list of outputs is replaced by a longer one at the end of the file; nothing else moves.
"""
import struct

from model.flatbuffer import NAME, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATORS, OUTPUTS, SUBGRAPHS, TENSORS, field, numbers, tables, target, text

READER = b"context_narrow_conv"  # the layer that reads what the encoder ends with


def with_features(network: bytes) -> bytes:
    """A .tflite file whose second output is the encoder's features at stride 32.

    Raises ValueError where the file has no layer `READER` or not one output.
    """
    subgraph = next(tables(network, field(network, target(network, 0), SUBGRAPHS)))
    tensors = list(tables(network, field(network, subgraph, TENSORS)))
    readers = [operator for operator in tables(network, field(network, subgraph, OPERATORS))
               if READER in text(network, field(network, tensors[numbers(network, field(network, operator, OPERATOR_OUTPUTS))[0]], NAME))]
    if len(readers) != 1:
        raise ValueError(f"{len(readers)} layers of the network are named {READER.decode()}, not one")
    features = numbers(network, field(network, readers[0], OPERATOR_INPUTS))[0]
    place = field(network, subgraph, OUTPUTS)
    (logits,) = numbers(network, place)
    end = -(-len(network) // 4) * 4  # vectors of numbers begin at multiples of their size
    vector, rest = struct.pack("<I2i", 2, logits, features), memoryview(network)[place + 4:]
    return b"".join([network[:place], struct.pack("<I", end - place), rest, bytes(end - len(network)), vector])
