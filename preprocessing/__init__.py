"""Pictures on their way in: decoding and letterboxing for serving; sources, synthesis and augmentation for training."""
