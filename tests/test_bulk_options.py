"""An output keeps to the options of its first run, whatever the way they are written, and whichever of two runs was first."""
import json
import re
from dataclasses import replace

import pytest

from bulk.command import main
from bulk.folder import Folder
from bulk.job import BulkJob
from bulk.manifest import MANIFEST, OtherOptions, check_manifest, finish_manifest, write_manifest
from bulk.where import parse_where
from options import PARAMETERS, Options
from tests.bulk_photos import draw_jpeg
from tests.test_bulk_job import PNG, put

NEITHER = {"type", "type_level", "format"}  # types change no result, and a format has its own line in the manifest
OTHER = {"size": "preview", "channels": "alpha", "bg_color": "fff", "roi": "10% 0 90% 100%", "crop": "true", "crop_margin": "5%",
         "scale": "80%", "position": "center", "car_width": "80%", "ground": "90%", "semitransparency": "true", "add_shadow": "true", "shadow_type": "drop",
         "shadow_opacity": "30", "watermark": "logo", "watermark_position": "top", "watermark_scale": "50", "watermark_opacity": "50",
         "unsuitable": "original"}
NEEDED = {"shadow_opacity": {"add_shadow": "true"}}  # beside which an option has an effect


@pytest.fixture
def job(tmp_path) -> BulkJob:
    put(tmp_path / "photos", "car.jpg", data=draw_jpeg(0))
    return BulkJob(Folder(tmp_path / "photos"), None, Folder(tmp_path / "out"), PNG)


@pytest.mark.parametrize("name", sorted(PARAMETERS.keys() - NEITHER))
def test_each_option_with_another_value_is_noticed_and_named(job, name):
    beside = NEEDED.get(name, {})
    for given, now, said in ((beside, beside | {name: OTHER[name]}, f"not given, now {OTHER[name]}"),
                             (beside | {name: OTHER[name]}, beside, f"{OTHER[name]}, now not given")):
        write_manifest(replace(job, given=given, force=True))
        with pytest.raises(OtherOptions, match=f"\\({name} was {said}\\)"):
            check_manifest(replace(job, given=now))


@pytest.mark.parametrize("given, options, sentence", [
    ({}, {"bg_color": "fff"}, "bg_color was not given, now fff"), ({"bg_color": "000"}, {"bg_color": "fff"}, "bg_color was 000, now fff"),
    ({"crop": "true"}, {}, "crop was true, now not given"), ({"bg_color": "fff"}, {"bg_color": "#FFFFFF", "crop": "no"}, None),
    ({"crop": "1"}, {"crop": "yes"}, None), ({"type_level": "2"}, {"type": "car"}, None),
    ({"add_shadow": "true"}, {"shadow_type": "car"}, None), ({}, {"shadow_opacity": "30"}, None),
    ({"add_shadow": "true"}, {"add_shadow": "1", "shadow_opacity": "30"}, "\\(shadow_opacity was not given, now 30\\)"),
    ({"scale": "80%"}, {"car_width": "80%"}, "\\(car_width was not given, now 80%; scale was 80%, now not given\\)"),
    ({"colour": "red"}, {}, "\\(colour was red, now not given\\)")])
def test_results_with_other_options_are_not_mixed(job, given, options, sentence):
    write_manifest(replace(job, given=given))
    now = replace(job, given=options)
    if sentence is None:
        check_manifest(now)
        return
    with pytest.raises(OtherOptions, match=sentence):
        check_manifest(now)
    check_manifest(replace(now, force=True))
    write_manifest(replace(now, force=True))
    finish_manifest(replace(now, force=True))
    check_manifest(now)


def test_other_pictures_and_formats_are_other_options(job):
    write_manifest(replace(job, backdrop=b"one"))
    same = replace(job, backdrop=b"one")
    for now in (job, replace(job, backdrop=b"two"), replace(same, watermark=b"mark"), replace(same, options=Options(format="webp"))):
        with pytest.raises(OtherOptions):
            check_manifest(now)
    (job.results.root / MANIFEST).write_text("{")
    with pytest.raises(OtherOptions, match="manifest.json"):
        check_manifest(job)


def test_photos_of_another_input_are_not_mixed_in_unless_only_the_place_has_changed(job, tmp_path, capsys):
    """Both inputs have a car.jpg."""
    write_manifest(job)
    check_manifest(replace(job, photos=Folder(tmp_path / "photos" / ".." / "photos")))
    photos = (tmp_path / "photos").rename(tmp_path / "moved")
    with pytest.raises(SystemExit) as refusal:
        main(["--input", str(photos), "--output", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert refusal.value.code == 2 and f"results of another --input, {tmp_path / 'photos'}: choose another --output" in said
    manifest = tmp_path / "out" / MANIFEST
    assert f"write {photos} into its {MANIFEST} as its input" in said
    manifest.write_text(manifest.read_text().replace(str(tmp_path / "photos"), str(photos)))
    check_manifest(replace(job, photos=Folder(photos)))
    manifest.write_text(json.dumps({name: value for name, value in json.loads(manifest.read_text()).items() if name != "input"}))
    check_manifest(job)


@pytest.mark.parametrize("part, whole", [({"retry": frozenset({"car.jpg"})}, {}), ({"pattern": re.compile("car.*")}, {}),
                                         ({"retry": frozenset()}, {"where": parse_where("kind=exterior")})])
def test_other_options_are_those_of_the_output_when_force_has_gone_through_the_whole_input(job, part, whole):
    write_manifest(job)
    white = replace(job, given={"bg_color": "fff"})
    forced = replace(white, force=True)
    write_manifest(forced)  # and is interrupted
    for run in (job, white):
        with pytest.raises(OtherOptions, match="--force"):
            check_manifest(run)
    for run in (replace(forced, **part), replace(job, force=True, **part)):
        write_manifest(run)
        finish_manifest(run)
        with pytest.raises(OtherOptions, match="several options or inputs: go through the whole input with --force"):
            check_manifest(replace(run, force=False))
    finish_manifest(forced)
    with pytest.raises(OtherOptions):
        check_manifest(white)
    write_manifest(replace(forced, **whole))
    finish_manifest(replace(forced, **whole))
    check_manifest(white)


def test_a_part_may_be_converted_again_with_the_same_options(job):
    write_manifest(job)
    write_manifest(replace(job, force=True, retry=frozenset({"car.jpg"})))
    check_manifest(job)


def test_of_two_runs_that_begin_together_the_second_one_is_refused_before_it_converts_anything(job, monkeypatch, capsys):
    """Both have found no options of an earlier run."""
    monkeypatch.setattr(Folder, "prepare", lambda store: write_manifest(replace(job, given={"crop": "true"})))
    with pytest.raises(SystemExit) as refusal:
        main(["--input", str(job.photos.root), "--output", str(job.results.root), "--bg_color", "fff", "--format", "png"])
    assert refusal.value.code == 2 and "(bg_color was not given, now fff; crop was true, now not given)" in capsys.readouterr().err
    assert [item.name for item in job.results.items()] == [MANIFEST]
