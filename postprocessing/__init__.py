"""Mattes on their way out: refined edges, foreground colours, shadow, framing, composition and encoding."""
