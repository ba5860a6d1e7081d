"""Memory of a worker that converts one photo after the other."""
import ctypes
import platform

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # mallopt(3)
KEPT = 2**28                             # bytes that stay with the process when they are free
LARGEST = 2**25                          # bytes of one buffer, the most that glibc before 2.35 takes here


def keep_buffers() -> None:
    """Lets glibc keep freed picture buffers for the next photo. Raises OSError where glibc refuses.

    Otherwise it returns each buffer to the system and asks for it again, and threads wait for each other there.
    Other C libraries are left as they are.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        if not (mallopt(TRIM_THRESHOLD, KEPT) and mallopt(MMAP_THRESHOLD, LARGEST)):
            raise OSError("glibc refuses the thresholds of its allocator")
