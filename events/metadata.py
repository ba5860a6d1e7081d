"""Metadata of results and dead letters in a bucket or beside a folder's files: of which photo they are, and what the bulk job's report says of a result."""
from cutout import CutOut

SOURCE, GENERATION = "source", "source-generation"  # of a photo: its address, and the generation that was converted


def origin(photo: str, generation: int) -> dict[str, str]:
    """photo: its address, gs://bucket/name, or its name in a folder."""
    return {SOURCE: photo, GENERATION: str(generation)}


def described(made: CutOut) -> dict[str, str]:
    """What the API says of a result in headers, whatever made it; bulk.report reads it."""
    (height, width), (top, left, car_height, car_width) = made.size, made.car
    return {"confidence": f"{made.confidence:.3f}", "cut_out": "car" if made.is_cut else "none",
            "kind": made.kind.kind, "view": made.kind.view or "", "flags": ",".join(made.flags), "size": f"{width}x{height}",
            "car": f"{left},{top},{car_width},{car_height}", "milliseconds": f"{sum(made.milliseconds.values()):.0f}"}
