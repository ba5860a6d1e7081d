"""Reads a .tflite file, which is a flatbuffer: tables of fields, and vectors that lie anywhere behind the place that points to them.

A place is a number of bytes from the file's start. Source: github.com/google/flatbuffers, "Internals".
"""
import struct
from collections.abc import Iterator

# Numbers of fields in LiteRT's schema
SUBGRAPHS, BUFFERS = 2, 4                 # of a model
TENSORS, OUTPUTS, OPERATORS = 0, 2, 3     # of a subgraph
OPERATOR_INPUTS, OPERATOR_OUTPUTS = 1, 2  # of an operator
NAME = 3                                  # of a tensor
DATA = 0                                  # of a buffer


def target(file: bytes, place: int) -> int:
    """Where the offset at a place points to."""
    return int(place + struct.unpack_from("<I", file, place)[0])


def find_field(file: bytes, table: int, number: int) -> int | None:
    """Where a table holds its field of a number; None where it has none."""
    fields = table - struct.unpack_from("<i", file, table)[0]
    entry = 4 + 2 * number
    offset = struct.unpack_from("<H", file, fields + entry)[0] if entry < struct.unpack_from("<H", file, fields)[0] else 0
    return table + offset if offset else None


def field(file: bytes, table: int, number: int) -> int:
    """Where a table holds its field of a number. Raises ValueError where it has none."""
    place = find_field(file, table, number)
    if place is None:
        raise ValueError(f"the table at byte {table} of the network has no field {number}")
    return place


def tables(file: bytes, place: int) -> Iterator[int]:
    """The tables of the vector that a place points to."""
    vector = target(file, place)
    for number in range(struct.unpack_from("<I", file, vector)[0]):
        yield target(file, vector + 4 + 4 * number)


def numbers(file: bytes, place: int) -> tuple[int, ...]:
    """The int32 values of the vector that a place points to."""
    vector = target(file, place)
    return struct.unpack_from(f"<{struct.unpack_from('<I', file, vector)[0]}i", file, vector + 4)


def text(file: bytes, place: int) -> bytes:
    """The string that a place points to."""
    string = target(file, place)
    return file[string + 4:string + 4 + struct.unpack_from("<I", file, string)[0]]
