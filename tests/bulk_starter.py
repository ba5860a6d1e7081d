"""Starts runs of the bulk job, each a fork of this process, which has imported Beam once. It runs in the job's own environment: see bulk_runs.

Each line of stdin asks for a run: {"arguments", "environment", "log", "largest"}; largest: bytes that a file may have, as on a disk that is nearly full.
The answer is a line with its process id, and at its end, if a line asks {"wait": id}, one with its exit status, negative for a signal.
"""
import json
import os
import resource
import sys
import traceback

import bulk.pipeline  # noqa: F401  the slow import that is shared
from bulk.command import main


def start(arguments: list[str], environment: dict[str, str], log: str, largest: int | None) -> int:
    if child := os.fork():
        return child
    status = 70
    try:
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.environ.update(environment)
        if largest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        status = main(arguments)
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(status)


print("ready", flush=True)
for line in sys.stdin:
    command = json.loads(line)
    print(os.waitstatus_to_exitcode(os.waitpid(command["wait"], 0)[1]) if "wait" in command else start(**command), flush=True)
