"""A cache for what is loaded once and shared by all threads."""
import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def once(load: Callable[P, R]) -> Callable[P, R]:
    """functools.cache, but threads that start together wait for the first one's result instead of loading it again."""
    lock, cached = threading.Lock(), functools.cache(load)

    @functools.wraps(load)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        with lock:
            return cached(*args, **kwargs)  # type: ignore[arg-type]  # unhashable arguments raise TypeError, as functools.cache does

    return locked
