"""The segmentation network as served: its predictor, the coarse and the fine pass, and the confidence model."""
