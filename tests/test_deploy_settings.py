"""Settings that deploy.sh refuses, and that deploy.sh, docs/API.md and the function know the same ones."""
import inspect
import re

import pytest

from api.settings import Settings
from deploy.settings import check_bulk, check_function, main
from tests.conftest import ROOT

ONLY_FOR_TESTS = {"ALLOW_PRIVATE_ADDRESSES"}
PAIR = {"INPUT_BUCKET": "photos", "OUTPUT_BUCKET": "cutouts", "OUTPUT_OPTIONS": "bg_color=fff&crop=true"}

REFUSED_SETTINGS = [
    ({"RATE_LIMIT": "often"}, (), "RATE_LIMIT couldn't parse"),
    ({"MAX_CONCURRENT": "0"}, (), "MAX_CONCURRENT takes"),
    ({}, ("NAME",), "NAME is no secret"),
    ({}, ("DEMO",), "DEMO is no secret"),
    ({"RATE_LIMIT": "9/minute", "RATE_LIMIT_STORAGE": "redis://host"}, ("RATE_LIMIT_STORAGE",), "RATE_LIMIT_STORAGE is given twice"),
    ({"RATE_LIMIT_STORAGE": "cupboard://host"}, ("API_KEYS",), "RATE_LIMIT_STORAGE takes an address"),
    ({"API_KEYS": "0" * 64}, (), "--secret API_KEYS=SECRET"),
    ({"RATE_LIMIT": "9/minute", "RATE_LIMIT_STORAGE": "redis://user:word@host"}, (), "RATE_LIMIT_STORAGE holds a password"),
    ({"ALLOW_PRIVATE_ADDRESSES": "1"}, (), "ALLOW_PRIVATE_ADDRESSES is for tests"),
    ({"WATERMARKS_DIR": "/tmp"}, (), "WATERMARKS_DIR takes a folder within watermarks/"),
    ({"INPUT_BUCKET": "photos"}, (), "INPUT_BUCKET needs OUTPUT_BUCKET"),
    ({"INPUT_BUCKET": "gs://photos", "OUTPUT_BUCKET": "cutouts"}, (), "INPUT_BUCKET takes the name of a bucket"),
    ({"OUTPUT_BUCKET": "cutouts"}, (), "OUTPUT_BUCKET has no effect"),
    ({"INPUT_BUCKET": "photos", "OUTPUT_BUCKET": "photos//"}, (), "OUTPUT_BUCKET is INPUT_BUCKET"),
    ({**PAIR, "OUTPUT_OPTIONS": "crop=perhaps"}, (), "OUTPUT_OPTIONS has a wrong crop"),
    ({**PAIR, "OUTPUT_BUCKET": "cutouts/a|b"}, (), "OUTPUT_BUCKET holds a |"),
    ({**PAIR, "OUTPUT_BUCKET": "cutouts "}, (), "OUTPUT_BUCKET begins or ends with a space"),
    ({**PAIR, "INPUT_BUCKET": " photos"}, (), "INPUT_BUCKET begins or ends with a space"),
    ({"INPUT_BUCKET": " "}, (), "INPUT_BUCKET begins or ends"),
]


@pytest.mark.parametrize("given, secrets, sentence", REFUSED_SETTINGS, ids=[sentence for *_, sentence in REFUSED_SETTINGS])
def test_settings_are_refused_with_a_sentence_that_tells_no_password(given, secrets, sentence):
    with pytest.raises(ValueError, match="^.*") as refused:
        check_function(given, secrets)
    assert sentence in str(refused.value) and "user:word" not in str(refused.value)


PLACES = ("input=gs://photos", "output=gs://cutouts")
REFUSED_PARAMETERS = [
    (("input=photos", "output=gs://cutouts"), "--input takes gs://"),
    (("input=gs://photos",), "--output takes gs://"),
    (("input=gs://photos", "output=gs://photos/"), "--output is the place of --input"),
    ((*PLACES, "crop=perhaps"), "--crop"),
    ((*PLACES, "bogus=1"), "unknown: --bogus"),
    ((*PLACES, "force=1"), "--force"),
    ((*PLACES, "watermark_file=gs://site/~logo.png"), "a value holds a ~"),
    *(((*PLACES, f"{name}=showroom.jpg"), f"--{name} takes gs://BUCKET/NAME") for name in ("bg_image_file", "watermark_file", "retry")),
    ((*PLACES, "bg_color=fff", "bg_image_file=gs://site/wall.jpg"), "only one can stand behind the car"),
    ((*PLACES, "sheet=-1"), "--sheet takes a number"),
    ((*PLACES, "sheet=few"), "--sheet: invalid int"),
    ((*PLACES, "unsuitable=ignore"), "--unsuitable: invalid choice"),
    ((*PLACES, "where=kind=car"), "--where: kind takes"),
]


@pytest.mark.parametrize("parameters, sentence", REFUSED_PARAMETERS, ids=[sentence for _, sentence in REFUSED_PARAMETERS])
def test_what_the_bulk_job_would_refuse_is_refused_before_its_image_is_built(parameters, sentence, capsys):
    assert main("bulk", *parameters) == 2
    assert re.match(f"deploy.sh: .*{sentence}", capsys.readouterr().err)


def test_valid_settings_pass():
    check_function({"RATE_LIMIT": "5/second", "DEMO_LIMIT": "7/hour", **PAIR}, ("API_KEYS", "RATE_LIMIT_STORAGE"))
    check_bulk(("input=gs://photos/lot 1", "output=gs://cutouts", "bg_color=fff", "watermark_file=gs://site/logo.png", "sheet=50", "unsuitable=skip"))


def settings() -> set[str]:
    """The names that Settings.read looks up."""
    return set(re.findall(r'setting\("([A-Z_]+)"', inspect.getsource(Settings.read)))


def test_every_setting_is_passed_on():
    listed = re.search(r"for setting in ([A-Z_ ]+);", (ROOT / "deploy.sh").read_text())
    assert listed and set(listed[1].split()) == settings() - ONLY_FOR_TESTS


def test_the_api_document_tells_every_setting():
    table = (ROOT / "docs" / "API.md").read_text().partition("| setting | meaning |")[2].partition("\n\n")[0]
    assert {name for row in table.splitlines()[2:] for name in re.findall("`([A-Z_]+)`", row.split("|")[1])} == settings()
