"""Views labelled by eye: each row names a photo, a view and a split, and reaches the examples of that split alone."""
import re

from model.kind import VIEWS
from training.data import listing


def test_each_row_names_a_photo_once_with_a_view_and_a_split():
    rows = [line.split() for line in listing.VIEWED.read_text().splitlines()]
    names = [name for name, _, _ in rows]
    assert names == sorted(set(names))
    for name, view, split in rows:
        assert view in VIEWS and split in ("train", "val")
        assert re.fullmatch(r"listing/\S+" if split == "val" else r"(listing|train/[^/]+)/\S+", name), name


def test_views_are_given_to_photos_with_and_without_masks(tmp_path, monkeypatch):
    for name in ("train/street/images/a.jpg", "train/street/masks/a.png", "train/street/images/b.jpg", "train/street/masks/b.png",
                 "val/street/images/a.jpg", "val/street/masks/a.png", "unlabelled/listing/c.webp", "unlabelled/listing/d.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "views.txt").write_text("listing/c rear train\nlisting/d left val\ntrain/street/a front-right train\n")
    monkeypatch.setattr(listing, "VIEWED", tmp_path / "views.txt")
    seen = {split: {example.source: example.view for example in listing.examples(tmp_path, split) if example.kind == "exterior"} for split in ("train", "val")}
    assert seen == {"train": {"street/a": "front-right", "street/b": None, "views/listing/c": "rear"}, "val": {"street/a": None, "views/listing/d": "left"}}
