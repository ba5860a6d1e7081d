"""One car, one piece: specks away from it go, pin-holes in it close; what a post in front cuts off, or a thin stalk holds, stays."""
import cv2
import numpy as np

LEAST_PIECE = 0.1    # of the main piece's area: smaller ones are specks
NEAR = 8             # cells from a larger piece: so near, a small one is a wing, a mirror, a far wheel
LARGEST_HOLE = 0.003  # of the main piece's area: larger ones may be real gaps, and closing one would be seen


def one_piece(matte: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 -> the same, without specks (their soft rims included) and without small holes."""
    car = (matte > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(car, connectivity=4)
    if count == 1:
        return matte
    areas = stats[1:, cv2.CC_STAT_AREA]
    main = areas.max()
    large = np.isin(labels, 1 + np.flatnonzero(areas >= LEAST_PIECE * main))
    near = np.unique(labels[cv2.dilate(large.astype(np.uint8), np.ones((2 * NEAR + 1,) * 2, np.uint8)) > 0])
    kept = np.isin(labels, near[near > 0])
    specks = (car > 0) & ~kept
    if specks.any():
        rim = cv2.dilate(specks.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        edge = cv2.dilate(kept.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        matte = np.where(specks | rim & ~edge, np.float32(0), matte)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - kept.astype(np.uint8), connectivity=8)
    framed = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    small = np.setdiff1d(1 + np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] <= LARGEST_HOLE * main), framed)
    return np.where(np.isin(labels, small), np.float32(1), matte) if small.size else matte
