"""A progress bar of a local run. Its workers are threads of the same process, and count their photos here."""
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

EVERY = 0.5  # seconds

LOCK = threading.Lock()
COUNTS: Counter[str] = Counter()  # photos by status


def count(status: str) -> None:
    with LOCK:
        COUNTS[status] += 1


@contextmanager
def shown() -> Iterator[None]:
    """Shows the counts on a terminal while the block runs."""
    over = threading.Event()

    def follow() -> None:
        with tqdm(total=0, unit="photo", dynamic_ncols=True, disable=None) as bar:
            while True:
                last = over.wait(EVERY)
                with LOCK:
                    now = COUNTS.copy()
                bar.total = now["pending"]
                bar.set_postfix_str(f"done {now['done']}, failed {now['failed']}, left out {now['left_out']}, skipped {now['skipped']}", refresh=False)
                bar.update(now["done"] + now["failed"] + now["left_out"] + now["gone"] + now["raced"] - bar.n)
                bar.refresh()
                if last:
                    return

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        yield
    finally:
        over.set()
        follower.join()
