"""The segmentation network as served: its predictor, the coarse and the fine pass, confidence, kind, view and flags."""
