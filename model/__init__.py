"""The segmentation network: its definition, its quantisation and its predictor."""
