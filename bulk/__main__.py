"""python -m bulk: see bulk.command."""
import signal
import sys


def run() -> int:
    """The command; Ctrl-C while its modules are imported, which takes a second, ends the process without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bulk.command import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    return main()


if __name__ == "__main__":
    sys.exit(run())
