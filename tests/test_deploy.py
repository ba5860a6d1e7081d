"""deploy.sh, docs/API.md and the function know the same settings."""
import inspect
import os
import re
import subprocess

from api.settings import Settings
from tests.conftest import ROOT

ONLY_FOR_TESTS = {"ALLOW_PRIVATE_ADDRESSES"}


def settings() -> set[str]:
    """The names that Settings.read looks up."""
    return set(re.findall(r'setting\("([A-Z_]+)"', inspect.getsource(Settings.read)))


def dry_run(**given: str) -> str:
    environ = {"PATH": os.environ["PATH"], **given}
    return subprocess.run([ROOT / "deploy.sh", "--dry-run"], env=environ, capture_output=True, text=True, check=True).stdout


def test_every_setting_is_passed_on():
    given = {name: f"a,b/{name}:c" for name in settings() - ONLY_FOR_TESTS}
    variables = dry_run(**given).split("^|^")[1].strip().split("|")
    assert {f"{name}={value}" for name, value in given.items()} <= set(variables)


def test_what_is_not_set_is_left_to_its_default():
    names = {variable.partition("=")[0] for variable in dry_run().split("^|^")[1].strip().split("|")}
    assert names == {"MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GOOGLE_CLOUD_PROJECT"}


def test_only_who_configures_keys_or_says_so_lets_everyone_call():
    assert "--no-allow-unauthenticated" in dry_run()
    assert " --allow-unauthenticated" in dry_run(API_KEYS="0" * 64) and " --allow-unauthenticated" in dry_run(PUBLIC="1")


def test_the_api_document_tells_every_setting():
    table = (ROOT / "docs" / "API.md").read_text().partition("| setting | meaning |")[2].partition("\n\n")[0]
    assert {name for row in table.splitlines()[2:] for name in re.findall("`([A-Z_]+)`", row.split("|")[1])} == settings()


def test_a_second_function_is_told_of_what_arrives_in_a_bucket():
    second = dry_run(INPUT_BUCKET="photos", OUTPUT_BUCKET="cutouts").splitlines()[1]
    assert " forecourt-on-upload " in second and "--entry-point on_upload" in second and "--retry" in second
    assert "type=google.cloud.storage.object.v1.finalized" in second and "bucket=photos" in second and "OUTPUT_BUCKET=cutouts" in second
    assert len(dry_run(OUTPUT_BUCKET="cutouts").splitlines()) == 1
