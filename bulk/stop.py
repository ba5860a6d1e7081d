"""Ends a local run early: its workers, threads of this process, finish the photo that they have begun and take no other."""
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    def __init__(self) -> None:
        self.requested = threading.Event()
        self.reason = ""      # a sentence
        self.signal = 0       # that asked for it; 0 where the output failed

    def request(self, reason: str, by_signal: int = 0) -> None:
        """The first reason counts."""
        if not self.requested.is_set():
            self.reason, self.signal = reason, by_signal
            self.requested.set()

    @property
    def output_failed(self) -> bool:
        return self.requested.is_set() and not self.signal

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Ctrl-C or SIGTERM requests it; the second one ends the process at once."""
        def handle(number: int, frame: FrameType | None) -> None:
            self.request("interrupted", number)
            signal.signal(number, signal.SIG_DFL)

        before = {number: signal.signal(number, handle) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


STOP = Stop()  # of this process
