"""The HTTP API: requests, settings, limits, answers and errors."""
