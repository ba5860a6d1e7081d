"""The error that a command of train.py prints in one line instead of a traceback."""


class DataError(ValueError):
    """Data that a command needs are missing or in another form. The message names them, and says what is expected."""
