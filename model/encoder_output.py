"""The encoder's features as a second output of the .tflite file, which the converter wrote with the logits alone.

A .tflite file is a flatbuffer (github.com/google/flatbuffers, "Internals"): tables of fields, and vectors that lie anywhere behind the place that
points to them. So the subgraph's list of outputs is replaced by a longer one at the end of the file; nothing else moves.
"""
import struct
from collections.abc import Iterator

READER = b"context_narrow_conv"  # the layer that reads what the encoder ends with
SUBGRAPHS, TENSORS, OUTPUTS, OPERATORS, NAME = 2, 0, 2, 3, 3  # numbers of fields in LiteRT's schema: of a model, thrice of a subgraph, of a tensor
OPERATOR_INPUTS, OPERATOR_OUTPUTS = 1, 2


def with_features(network: bytes) -> bytes:
    """A .tflite file whose second output is the encoder's features at stride 32.

    Raises ValueError where the file has no layer `READER` or not one output.
    """
    subgraph = next(tables(network, field(network, target(network, 0), SUBGRAPHS)))
    tensors = list(tables(network, field(network, subgraph, TENSORS)))
    readers = [operator for operator in tables(network, field(network, subgraph, OPERATORS))
               if READER in name(network, tensors[numbers(network, field(network, operator, OPERATOR_OUTPUTS))[0]])]
    if len(readers) != 1:
        raise ValueError(f"{len(readers)} layers of the network are named {READER.decode()}, not one")
    features = numbers(network, field(network, readers[0], OPERATOR_INPUTS))[0]
    place = field(network, subgraph, OUTPUTS)
    (logits,) = numbers(network, place)
    end = -(-len(network) // 4) * 4  # vectors of numbers begin at multiples of their size
    vector = struct.pack("<I2i", 2, logits, features)
    return network[:place] + struct.pack("<I", end - place) + network[place + 4:].ljust(end - place - 4, b"\0") + vector


def target(network: bytes, place: int) -> int:
    """Where the offset at a place points to."""
    return int(place + struct.unpack_from("<I", network, place)[0])


def field(network: bytes, table: int, number: int) -> int:
    """Where a table holds its field of a number."""
    fields = table - struct.unpack_from("<i", network, table)[0]
    return int(table + struct.unpack_from("<H", network, fields + 4 + 2 * number)[0])


def tables(network: bytes, place: int) -> Iterator[int]:
    """The tables of the vector that a place points to."""
    vector = target(network, place)
    for number in range(struct.unpack_from("<I", network, vector)[0]):
        yield target(network, vector + 4 + 4 * number)


def numbers(network: bytes, place: int) -> tuple[int, ...]:
    """The int32 values of the vector that a place points to."""
    vector = target(network, place)
    return struct.unpack_from(f"<{struct.unpack_from('<I', network, vector)[0]}i", network, vector + 4)


def name(network: bytes, tensor: int) -> bytes:
    text = target(network, field(network, tensor, NAME))
    return network[text + 4:text + 4 + struct.unpack_from("<I", network, text)[0]]
