"""Pictures on their way in: decoding, colour and the letterbox."""
