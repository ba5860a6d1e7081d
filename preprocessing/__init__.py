"""From a file to the network's frame: decoding, colour, orientation and the letterbox."""
