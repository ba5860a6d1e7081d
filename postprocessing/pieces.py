"""One car, one piece: specks away from it go, pin-holes in it close; what a post in front cuts off, or a thin stalk holds, stays."""
import cv2
import numpy as np

LEAST_PIECE = 0.1    # of the main piece's area: smaller ones are specks
NEAR = 16            # matte pixels from a larger piece: so near, a small one is a wing, a mirror, a far wheel
RIM = 13             # pixels, the whole width of what is soft around a speck
LARGEST_HOLE = 0.003  # of the main piece's area: larger ones may be real gaps, and closing one would be seen


def one_piece(matte: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 -> the same, without specks (their soft rims included) and without small holes."""
    car = (matte > 0.5).astype(np.uint8)
    outlines, _ = cv2.findContours(car, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) <= 1:  # the rule, and found out in a third of the time
        return matte
    count, labels, stats, _ = cv2.connectedComponentsWithStats(car, connectivity=4)
    if count == 1:
        return matte
    areas = stats[1:, cv2.CC_STAT_AREA]
    main = areas.max()
    if count > 2:
        large = np.append(False, areas >= LEAST_PIECE * main)[labels]
        near = np.bincount(labels[cv2.dilate(large.astype(np.uint8), np.ones((2 * NEAR + 1,) * 2, np.uint8)) > 0], minlength=count) > 0
        near[0] = False
        kept = near[labels]
        specks = (car > 0) & ~kept
        if specks.any():
            rim, edge = (cv2.dilate(part.astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0 for part in (specks, kept))
            matte = np.where(specks | rim & ~edge, np.float32(0), matte)
        car = kept.astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - car, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] <= LARGEST_HOLE * main
    for border in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        small[border] = False
    small[0] = False
    return np.where(small[labels], np.float32(1), matte) if small.any() else matte
