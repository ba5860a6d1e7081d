"""LiteRT interpreters for many threads: an interpreter must not run twice at once, and is made once."""
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import LifoQueue
from typing import Generic, TypeVar

from ai_edge_litert.interpreter import Interpreter

from machine import cores

Key = TypeVar("Key")


class InterpreterPool(Generic[Key]):
    """Slots, one a core by default: more interpreters would only wait for each other. A slot keeps one interpreter for each key that it was used for."""

    def __init__(self, load: Callable[[Key], Interpreter], slots: int | None = None):
        """load: makes the interpreter of a key, such as a frame's size."""
        self.load = load
        self.slots: LifoQueue[dict[Key, Interpreter]] = LifoQueue()
        for _ in range(slots or cores()):
            self.slots.put({})

    @contextmanager
    def interpreter(self, key: Key) -> Iterator[Interpreter]:
        """The interpreter of a key, for this thread alone. Waits for a free slot."""
        slot = self.slots.get()
        try:
            if key not in slot:
                slot[key] = self.load(key)
            yield slot[key]
        finally:
            self.slots.put(slot)
