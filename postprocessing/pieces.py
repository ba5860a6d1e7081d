"""One car in one piece: specks and dust away from it are removed and pin-holes are closed; parts that a post in front cuts off stay."""
import cv2
import numpy as np

LEAST_PIECE = 0.1    # of the main piece's area: smaller ones are specks
NEAR = 16            # matte pixels from a larger piece: so near, a small one is a wing, a mirror, a far wheel
RIM = 13             # pixels, the whole width of what is soft around a speck
VISIBLE = 40.5 / 255  # alpha above which a detached piece is seen: over 40 in 8 bits
LEAST_DETACHED = 0.02  # of the main piece's area: a smaller detached piece is not delivered
DETACHED_RIM = 5     # pixels, the whole width of what is soft around a detached piece
SOFT_RIM = np.ones((9, 9), np.uint8)  # around what is visible; fainter alpha outside of it is dust, which would also widen the car's box
LEAST_JOINED = 0.001  # of the main piece's area: a detached piece this large and within GAP of the car is a mirror or a wing, and is joined to it
GAP = 0.008          # of the picture's width
LARGEST_HOLE = 0.003  # of the main piece's area: larger ones may be real gaps, and closing one would be seen


def one_piece(matte: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 -> the same, without specks (their soft rims included) and without small holes."""
    car = (matte > 0.5).astype(np.uint8)
    outlines, tree = cv2.findContours(car, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) <= 1:  # most mattes; this test takes a third of the time of labelling
        return matte
    labels, areas = labelled(car, 4)
    if len(areas) == 1:
        return matte
    main = areas[1:].max()
    if len(areas) > 2:
        large = areas >= LEAST_PIECE * main
        large[0] = False
        near = np.bincount(labels[cv2.dilate(mask_of(large, labels), np.ones((2 * NEAR + 1,) * 2, np.uint8)) > 0], minlength=len(areas)) > 0
        near[0] = False
        kept = mask_of(near, labels)
        specks = car - kept
        if specks.any():
            rim, edge = (cv2.dilate(part, np.ones((RIM, RIM), np.uint8)) > 0 for part in (specks, kept))
            matte = np.where((specks > 0) | rim & ~edge, np.float32(0), matte)
        car = kept
    if (tree[0, :, 3] < 0).all():  # no outline lies within another
        return matte
    labels, areas = labelled(1 - car, 8)
    small = areas <= LARGEST_HOLE * main
    for border in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        small[border] = False
    small[0] = False
    return np.where(mask_of(small, labels), np.float32(1), matte) if small.any() else matte


def without_detached(alpha: np.ndarray) -> np.ndarray:
    """float32 alpha (height, width) in 0..1 -> the same, without dust and what is small and detached from the car, its soft rim included.

    One that almost touches the car is joined to it.
    Of detached pieces under LEAST_DETACHED of the car on photos with masks, two in three are no car. Larger ones are parts that a post in front cuts off.
    """
    visible = (alpha > VISIBLE).astype(np.uint8)
    if len(cv2.findContours(visible, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]) <= 1:  # a third of the time of labelling
        return without_dust(alpha, visible)
    labels, areas = labelled(visible, 8)
    main = areas[1:].max()
    small = areas < LEAST_DETACHED * main
    small[0] = False
    if not small.any():
        return without_dust(alpha, visible)
    kept = ~small
    kept[0] = False
    alpha, kept = joined(alpha, labels, kept, small & (areas >= LEAST_JOINED * main))
    removed = cv2.dilate(mask_of(small & ~kept, labels), np.ones((DETACHED_RIM,) * 2, np.uint8)) & (1 - mask_of(kept, labels))
    alpha = np.where(removed > 0, np.float32(0), alpha)
    return without_dust(alpha, (alpha > VISIBLE).astype(np.uint8))


def without_dust(alpha: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Alpha with 0 away from what is visible, uint8 (height, width)."""
    near: np.ndarray = cv2.copyTo(alpha, cv2.dilate(visible, SOFT_RIM))
    return near


def joined(alpha: np.ndarray, labels: np.ndarray, kept: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Closes the gap to each of the other pieces, bool (count,), that lies within GAP of the kept ones. Returns alpha, and which pieces are kept now."""
    if not others.any():
        return alpha, kept
    reach = np.ones((2 * max(1, round(GAP * alpha.shape[1])) + 1,) * 2, np.uint8)
    near = others & (np.bincount(labels[cv2.dilate(mask_of(kept, labels), reach) > 0], minlength=len(others)) > 0)
    if not near.any():
        return alpha, kept
    between = cv2.bitwise_and(*(cv2.dilate(mask_of(part, labels), reach) for part in (near, kept)))
    return np.where(between > 0, cv2.morphologyEx(alpha, cv2.MORPH_CLOSE, reach), alpha), kept | near


def labelled(layer: np.ndarray, connectivity: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of each pixel's piece, int32 (h, w), 0 where a uint8 layer is 0, and the pieces' areas. In half of the time of OpenCV's statistics."""
    count, labels = cv2.connectedComponents(layer, connectivity=connectivity)
    return labels, np.bincount(labels.reshape(-1), minlength=count)


def mask_of(chosen: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """uint8 (h, w): 1 on the pieces that are chosen, bool (count,)."""
    return np.take(chosen.view(np.uint8), labels)
