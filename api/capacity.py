"""How many cut-outs are made at once: as many as there are cores and gigabytes for; more would only wait for each other, and fill the memory."""
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.errors import Busy

PHOTO_BYTES = 1 << 30  # what a cut-out of the largest photo takes, roughly
CONTAINERS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))  # cgroups 2 and 1


class Capacity:
    def __init__(self, most: int, seconds: float):
        """At most so many at once; who finds no place waits so long for one."""
        self.places, self.seconds = threading.BoundedSemaphore(most), seconds

    @contextmanager
    def place(self) -> Iterator[None]:
        """Raises Busy."""
        if not self.places.acquire(timeout=self.seconds):
            raise Busy()
        try:
            yield
        finally:
            self.places.release()


def sensible() -> int:
    """One a core and a gigabyte of memory, at least one."""
    return max(1, min(os.cpu_count() or 1, memory() // PHOTO_BYTES))


def memory() -> int:
    """Bytes that this process may use: the machine's, or the container's where that is less."""
    limits = [path.read_text().strip() for path in CONTAINERS if path.exists()]
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *(int(limit) for limit in limits if limit != "max")])
