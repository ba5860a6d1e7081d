"""An output keeps to the options of its first run, whatever the way they are written, and whichever of two runs was first."""
from dataclasses import replace

import pytest

from bulk.command import main
from bulk.folder import Folder
from bulk.job import BulkJob
from bulk.manifest import MANIFEST, OtherOptions, check_manifest, write_manifest
from options import PARAMETERS, Options
from tests.bulk_photos import draw_jpeg
from tests.test_bulk_job import PNG, put

NEITHER = {"type", "format"}  # type changes no result, and a format has its own line in the manifest
OTHER = {"size": "preview", "type_level": "none", "channels": "alpha", "bg_color": "fff", "roi": "10% 0 90% 100%", "crop": "true", "crop_margin": "5%",
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
    ({"crop": "1"}, {"crop": "yes"}, None), ({"add_shadow": "true"}, {"shadow_type": "car"}, None), ({}, {"shadow_opacity": "30"}, None),
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


def test_of_two_runs_that_begin_together_the_second_one_is_refused_before_it_converts_anything(job, monkeypatch, capsys):
    """Both have found no options of an earlier run."""
    monkeypatch.setattr(Folder, "prepare", lambda store: write_manifest(replace(job, given={"crop": "true"})))
    with pytest.raises(SystemExit) as refusal:
        main(["--input", str(job.photos.root), "--output", str(job.results.root), "--bg_color", "fff", "--format", "png"])
    assert refusal.value.code == 2 and "(bg_color was not given, now fff; crop was true, now not given)" in capsys.readouterr().err
    assert [item.name for item in job.results.items()] == [MANIFEST]
