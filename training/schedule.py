"""The learning rate over a training, and the running average of its weights."""
import numpy as np

WARM_UP = 200  # steps


def learning_rate(peak: float, step: int, done: float) -> float:
    """A short warm-up, then half a cosine down to a hundredth of the peak (Loshchilov and Hutter 2017, arXiv 1608.03983). done: share of the training, 0..1."""
    return peak * min(1.0, (step + 1) / WARM_UP) * (0.01 + 0.99 * (1 + np.cos(np.pi * min(done, 1.0))) / 2)


def average_decay(step: int, most: float) -> float:
    """How much of the running average is kept, at most `most`: little at first, so that it forgets the start."""
    return min(most, (step + 1) / (step + 10))
