"""From the network's matte to a file: refined edges, foreground colours, shadow, framing, composition and encoding."""
