"""Clients that ask a function side by side, each for one photo after the other."""
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from benchmarks.process import Server

QUEUE_SECONDS = 5.0  # the function's default


@dataclass(frozen=True)
class Answer:
    status: int
    seconds: float  # from before the connection to the last byte
    retry_after: str | None


def ask(server: Server, photo: bytes) -> Answer:
    began = time.perf_counter()
    answer, _ = server.post(photo)
    return Answer(answer.status, time.perf_counter() - began, answer.getheader("Retry-After"))


def ask_until(server: Server, photo: bytes, end: float, pause: float) -> list[Answer]:
    """One client, from `pause` seconds on until time.perf_counter() is `end`. After a 503 it waits as long as Retry-After says."""
    time.sleep(pause)
    answers = []
    while (left := end - time.perf_counter()) > 0:
        answers.append(ask(server, photo))
        if again := answers[-1].retry_after:
            time.sleep(min(float(again), left))
    return answers


def row(server: Server, photo: bytes, clients: int, seconds: float) -> str:
    """Of the table in HEADER: what that many clients got in that time. They start one after the other, within a second."""
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answers = [answer for each in pool.map(lambda number: ask_until(server, photo, began + seconds, number / clients), range(clients)) for answer in each]
    took = time.perf_counter() - began
    made = [1000 * answer.seconds for answer in answers if answer.status == 200]
    refused = [1000 * (answer.seconds - QUEUE_SECONDS) for answer in answers if answer.status == 503]
    if len(made) + len(refused) < len(answers) or any(answer.status == 503 and not answer.retry_after for answer in answers):
        raise RuntimeError("an answer is neither a cut-out nor a 503 with Retry-After")
    times = " | ".join(f"{time:.0f}" for time in np.percentile(made, (50, 95, 99)))
    late = f"{min(refused):+.0f} to {max(refused):+.0f}" if refused else ""
    return f"| {clients} | {len(made) / took:.1f} | {times} | {len(refused)} of {len(answers)} | {late} |"


HEADER = """| cores | clients | photos a second | p50, ms | p95, ms | p99, ms | 503 with Retry-After | after QUEUE_SECONDS, ms |
|---|---|---|---|---|---|---|---|"""


@contextmanager
def beside(cores: list[int]) -> Iterator[None]:
    """Keeps this process off the server's cores where others are left."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before - set(cores) or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
