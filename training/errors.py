"""What a command of train.py tells in one line instead of a traceback."""


class DataError(ValueError):
    """Data that a command needs are missing, or are not in the form that it needs. The message says which, and what is expected."""
