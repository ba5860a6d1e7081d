"""How many cut-outs are made at once: as many as there are cores or gigabytes, whichever is less. More would wait for each other and fill the memory.

Requests that wait for their turn hold their pictures, at most 66 MB each, which no slot counts: the server's number of threads bounds them.
"""
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import Busy
from machine import cores, memory

PHOTO_BYTES = 1 << 30  # memory that a cut-out of the largest photo takes, roughly


class Capacity:
    def __init__(self, most: int, seconds: float):
        """most: cut-outs at once; seconds: how long a request waits for its turn."""
        self.slots, self.seconds = threading.BoundedSemaphore(most), seconds

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Holds one of the slots while the block runs. Raises Busy where none comes free in time."""
        if not self.slots.acquire(timeout=self.seconds):
            raise Busy()
        try:
            yield
        finally:
            self.slots.release()


def default_slots() -> int:
    """As many as there are cores or gigabytes of memory, whichever is less; at least one."""
    return max(1, min(cores(), memory() // PHOTO_BYTES))
