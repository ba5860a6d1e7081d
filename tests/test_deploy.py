"""deploy.sh, played against a stand-in for gcloud that records its calls: what it calls, in which order, when it stops, and what it leaves."""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.gcloud_commands import COMMANDS

PAIR = {"INPUT_BUCKET": "photos", "OUTPUT_BUCKET": "cutouts", "OUTPUT_OPTIONS": "bg_color=fff&crop=true"}
WHOLE = ("--secret", "API_KEYS=keys", "--budget", "10", "--network=net", "--subnet=sub")
BULK = ("bulk", "--input", "gs://photos/lot 1", "--output", "gs://cutouts", "--bg_color", "fff", "--watermark_file", "gs://site/logo.png",
        "--retry", "gs://photos/failed.jsonl", "--schedule", "0 3 * * *")
GRANT = ["storage", "buckets", "add-iam-policy-binding"]
Calls = list[list[str]]


@dataclass(frozen=True)
class Cloud:
    """A project that nothing was made in yet."""

    folder: Path

    def deploy(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return self.shell([str(ROOT / "deploy.sh"), *words], **settings)

    def shell(self, command: list[str], pasted: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": f"{self.folder}:{os.environ['PATH']}", "PYTHON": "python", "STAND_IN": str(self.folder), **settings}
        return subprocess.run(command, env=environ, input=pasted, capture_output=True, text=True, timeout=120)

    def calls(self) -> Calls:
        """Since it was asked last."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [shlex.split(line) for line in lines]

    def there(self) -> set[str]:
        return {path.name for path in (self.folder / "there").iterdir()}

    def play(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(f"{text}\n")


@pytest.fixture
def cloud(tmp_path):
    return a_cloud(tmp_path)


def a_cloud(folder: Path) -> Cloud:
    (folder / "there").mkdir(parents=True)
    (folder / "gcloud").symlink_to(ROOT / "tests" / "stand_in.sh")
    program(folder / "sleep", "exit 0")
    # The check of the settings takes a second; test_deploy_settings.py tests it.
    program(folder / "python", f'test "$2" = deploy.settings || exec {shlex.quote(sys.executable)} "$@"')
    cloud = Cloud(folder)
    cloud.play(project="my-project")
    return cloud


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


RUNS = {  # one after another, in one project
    "function": ((), {}),
    "whole": (WHOLE, PAIR),
    "again": (WHOLE, PAIR),
    "bulk": (BULK, {}),
    "bulk again": (BULK, {}),
    "delete": (("--delete",), {}),
    "delete again": (("--delete",), {}),
}


@dataclass(frozen=True)
class Run:
    calls: Calls
    there: set[str]  # at its end
    stdout: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    cloud, runs = a_cloud(tmp_path_factory.mktemp("real") / "cloud"), {}
    for name, (words, given) in RUNS.items():
        done = cloud.deploy(*words, **given)
        assert done.returncode == 0, done.stderr
        runs[name] = Run(cloud.calls(), cloud.there(), done.stdout)
    return runs


def test_the_dry_run_calls_nothing_and_pasted_into_a_shell_makes_the_calls_of_the_real_run(runs, tmp_path):
    cloud = a_cloud(tmp_path / "pasted")
    for name, (words, given) in RUNS.items():
        printed = cloud.deploy("--dry-run", *words, **given)
        assert printed.returncode == 0 and not printed.stderr and cloud.calls() == []
        assert cloud.shell(["bash", "-eu"], pasted=printed.stdout).returncode == 0
        assert cloud.calls() == runs[name].calls != [], name


def test_help_names_every_flag(cloud):
    printed = cloud.deploy("--help")
    flags = re.findall(r"--[a-z-]+", (ROOT / "deploy.sh").read_text().partition("parse() {")[2].partition("# must")[0])
    assert printed.returncode == 0 and set(flags) <= set(re.findall(r"--[a-z-]+", printed.stdout))
    assert cloud.calls() == []


def test_flags_come_in_any_order_and_form(cloud):
    forms = [("cutter", "us-central1", "--dry-run", "--max-instances", "3", "--public"),
             ("--public", "--max-instances=3", "--dry-run", "cutter", "us-central1"),
             ("--region=us-central1", "--dry-run", "--max-instances", "3", "cutter", "--public")]
    outputs = {cloud.deploy(*words).stdout for words in forms}
    assert len(outputs) == 1 and " --max-instances=3 " in outputs.pop()


def test_the_bulk_job_may_read_each_bucket_that_it_is_given(runs):
    roles = [(words[3], words[-2].removeprefix("--role=roles/storage.")) for words in runs["bulk"].calls if words[:3] == GRANT]
    assert roles == [("gs://photos", "objectViewer"), ("gs://site", "objectViewer"), ("gs://cutouts", "objectUser"),
                     ("gs://my-project-forecourt-bulk", "objectAdmin")]


def test_a_second_run_makes_nothing_twice(runs):
    assert runs["again"].there == runs["whole"].there
    assert created(runs["whole"].calls) and not created(runs["again"].calls) and not created(runs["bulk again"].calls)
    assert ["eventarc", "triggers", "update"] in [words[:3] for words in runs["again"].calls]


def created(calls: Calls) -> Calls:
    return [words for words in calls if "create" in words]


def test_delete_removes_all_but_what_it_names(runs):
    kinds = {name.rpartition(" ")[0] for name in runs["delete"].there}
    assert kinds == {"billing budgets", "storage buckets", "scheduler jobs"} and runs["delete again"].there == runs["delete"].there
    for words in ("buckets with their photos", "the budget", "gcloud scheduler jobs delete forecourt-bulk", "secrets", "enabled APIs"):
        assert words in runs["delete"].stdout


def test_a_missing_permission_stops_the_run_with_the_command_and_the_same_command_goes_on(cloud):
    cloud.play(denied="artifacts repositories create")
    stopped = cloud.deploy()
    assert stopped.returncode == 1 and "PERMISSION_DENIED" in stopped.stderr
    assert "stopped at:" in stopped.stderr and "gcloud artifacts repositories create forecourt" in stopped.stderr.partition("stopped at:")[2]
    assert cloud.calls()[-1][:3] == ["artifacts", "repositories", "create"]
    cloud.play(denied="")
    assert "https://forecourt.example" in cloud.deploy().stdout


def test_what_may_not_be_looked_for_is_not_taken_for_absent(cloud):
    cloud.play(denied="iam service-accounts list")
    assert cloud.deploy().returncode == 1 and cloud.deploy("--delete").returncode == 1
    assert not [words for words in cloud.calls() if {"create", "delete"} & set(words)]


@pytest.mark.parametrize("command", ["projects add-iam-policy-binding", "artifacts repositories list"])
def test_what_is_not_known_everywhere_yet_is_waited_for(cloud, command):
    cloud.play(early=f"3 {command}")
    done = cloud.deploy()
    assert done.returncode == 0 and "https://forecourt.example" in done.stdout
    assert [" ".join(words).startswith(command) for words in cloud.calls()].count(True) == 1 + 3


def test_a_wrong_project_stops_the_run_before_anything_is_made(cloud):
    stopped = cloud.deploy("--project", "other-project")
    assert stopped.returncode == 1 and "[other-project]" in stopped.stderr
    assert [words[:2] for words in cloud.calls()] == [["projects", "describe"]]


def test_without_a_project_it_says_how_to_name_one(cloud):
    cloud.play(project="")
    stopped = cloud.deploy()
    assert stopped.returncode == 1 and "--project PROJECT" in stopped.stderr and len(cloud.calls()) == 1


def test_a_bucket_of_another_region_is_refused(cloud):
    stopped = cloud.deploy("forecourt", "us-central1", **PAIR)  # the stand-in's buckets are in europe-west1
    assert stopped.returncode == 1 and "gs://photos is in another region (europe-west1)" in stopped.stderr
    assert "on_upload" not in str(cloud.calls())


ELSEWHERE = [f"projects/my-project/locations/{location}/triggers/forecourt-on-upload" for location in ("eu", "us")]


def list_triggers(cloud: Cloud, command: str) -> None:
    """From now on the lists that a command of this form asks for have the triggers elsewhere."""
    (cloud.folder / "gcloud").unlink()
    program(cloud.folder / "gcloud", f"""case "$*" in
        {command}) printf '%s\\n' {' '.join(ELSEWHERE)} ;;
        *'triggers delete'*) echo "$*" >>"$STAND_IN/calls" ;;
        *) exec {shlex.quote(str(ROOT / 'tests' / 'stand_in.sh'))} "$@" ;;
    esac""")


def test_a_trigger_that_an_input_bucket_of_another_location_has_left_stops_the_run(cloud):
    list_triggers(cloud, "*'triggers list'*'NOT name'*")
    stopped = cloud.deploy(**PAIR)
    assert stopped.returncode == 1 and "still delivers to forecourt-on-upload: remove it with the command above" in stopped.stderr
    assert [line for line in stopped.stdout.splitlines() if "delete" in line] == [f"gcloud eventarc triggers delete {name}" for name in ELSEWHERE]
    assert "create" not in [words[2] for words in cloud.calls() if words[:2] == ["eventarc", "triggers"]]


def test_delete_removes_each_of_several_triggers(cloud):
    list_triggers(cloud, "*'triggers list'*")
    assert cloud.deploy("--delete").returncode == 0
    assert [words[3:] for words in cloud.calls() if words[:3] == ["eventarc", "triggers", "delete"]] == [[name] for name in ELSEWHERE]


REFUSED_FLAGS = [
    (("--bogus",), "--bogus"),
    (("--bogus=1",), "function takes no --bogus"),
    (("--project",), "--project needs a value"),
    (("--network", "--dry-run"), "--network needs a value"),
    (("--public=yes",), "--public takes no value"),
    (("bulk", "--delete"), "bulk and --delete exclude each other"),
    (("--max-instances", "0"), "--max-instances takes"),
    (("--budget", "ten"), "--budget takes"),
    (("Cutter",), "NAME takes"),
    (("cutter", "Belgium"), "REGION takes"),
    (("cutter", "us-central1", "more"), "unknown: more"),
    (("--secret", "API_KEYS"), "--secret takes"),
    (("--subnet", "x"), "--subnet needs --network"),
    (("--schedule", "0 3 * * *"), "function takes no --schedule"),
    (("bulk", "--public"), "bulk takes no --public"),
    (("--delete", "--budget", "5"), "delete takes no --budget"),
]


@pytest.mark.parametrize("words, sentence", REFUSED_FLAGS, ids=[sentence for _, sentence in REFUSED_FLAGS])
def test_wrong_flags_are_refused_before_anything_is_called(cloud, words, sentence):
    refused = cloud.deploy(*words)
    assert refused.returncode == 1 and sentence in refused.stderr and not refused.stdout and cloud.calls() == []


def test_wrong_settings_are_refused_before_anything_is_called(cloud):
    refused = cloud.deploy(PYTHON=sys.executable, RATE_LIMIT="often")
    assert refused.returncode == 2 and refused.stderr.startswith("deploy.sh: RATE_LIMIT couldn't parse") and not refused.stdout and cloud.calls() == []


def test_without_a_python_that_can_check_the_settings_it_says_how_to_get_one(cloud):
    refused = cloud.deploy("--dry-run", PYTHON="/nowhere/python")
    assert refused.returncode == 1 and ".venv/bin/pip install -r requirements.txt" in refused.stderr and not refused.stdout


def test_each_function_gets_its_settings_and_the_upload_function_no_keys(cloud):
    given = {"RATE_LIMIT": "5/second", "ALLOWED_BUCKETS": "lots, more", "CORS_ORIGINS": "https://a.example,https://b.example", "DEMO_LIMIT": "7/hour"}
    done = cloud.deploy("--secret", "API_KEYS=keys", **given, **PAIR)
    assert done.returncode == 0, done.stderr
    calls = cloud.calls()
    function, upload = (next(words for words in calls if words[:3] == ["run", "deploy", name]) for name in ("forecourt", "forecourt-on-upload"))
    common = {"MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GOOGLE_CLOUD_PROJECT"}
    assert without(variables(function), common) == given
    assert without(variables(upload), common) == without(PAIR, {"INPUT_BUCKET"})
    assert "--set-secrets=API_KEYS=keys:latest" in function and "--clear-secrets" in upload and "API_KEYS" not in str(upload)
    readers = [words[3:5] for words in calls if "--role=roles/storage.objectViewer" in words]
    accounts = "--member=serviceAccount:forecourt-{}@my-project.iam.gserviceaccount.com"
    assert readers == [["gs://lots", accounts.format("function")], ["gs://more", accounts.format("function")], ["gs://photos", accounts.format("upload")]]


def test_a_value_that_the_locale_cannot_print_arrives_whole(cloud):
    done = cloud.deploy(**{**PAIR, "OUTPUT_BUCKET": "cutouts/Müller"}, LC_ALL="C")
    assert done.returncode == 0, done.stderr
    upload = next(words for words in cloud.calls() if words[:3] == ["run", "deploy", "forecourt-on-upload"])
    assert variables(upload)["OUTPUT_BUCKET"] == "cutouts/Müller" and variables(upload)["GOOGLE_CLOUD_PROJECT"] == "my-project"


def variables(words: list[str]) -> dict[str, str]:
    """Of a deployed function."""
    flag = next(word for word in words if word.startswith("--set-env-vars="))
    return dict(variable.split("=", 1) for variable in flag.removeprefix("--set-env-vars=^|^").split("|"))


def without(values: dict[str, str], names: set[str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in names}


def test_only_who_configures_keys_or_says_so_lets_everyone_call(cloud):
    assert "--no-allow-unauthenticated" in cloud.deploy("--dry-run").stdout
    assert " --allow-unauthenticated" in cloud.deploy("--dry-run", "--secret=API_KEYS=keys").stdout
    assert " --allow-unauthenticated" in cloud.deploy("--dry-run", "--public").stdout


def test_the_end_tells_a_call_that_works(runs, cloud):
    private, public, keys = runs["function"].stdout, cloud.deploy("--public").stdout, runs["whole"].stdout
    assert '-H "Authorization: Bearer $(gcloud auth print-identity-token)"' in private and "gcloud run services proxy forecourt " in private
    assert "Authorization" not in public and "X-Api-Key" not in public and "https://forecourt.example -o cutout.png" in public
    assert '-H "X-Api-Key: $KEY"' in keys and "Authorization" not in keys


def test_the_uploaded_folder_holds_what_serves_and_no_dockerfile(cloud):
    assert cloud.deploy().returncode == 0
    source = (cloud.folder / "source").read_text().splitlines()
    assert {"./main.py", "./.gcloudignore", "./requirements.txt", "./api/handler.py", "./model/car_matte.tflite"} <= set(source)
    assert not {"./Dockerfile", "./compose.yaml", "./bulk/__init__.py"} & set(source)


def command_of(words: list[str]) -> str:
    """The documented command that a call begins with; of one that is not documented, the whole call."""
    return max((name for name in COMMANDS if words[:len(name.split())] == name.split()), key=len, default=" ".join(words))


def test_every_command_and_flag_is_in_the_table(runs):
    used: dict[str, set[str]] = {}
    for words in every_call(runs):
        used.setdefault(command_of(words), set()).update(word.partition("=")[0] for word in words if word.startswith("--"))
    assert used == {command: set(flags.split()) for command, (_, flags) in COMMANDS.items()}


@pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not installed")
def test_gcloud_itself_knows_every_command_flag_and_form_of_a_value(runs, tmp_path):
    calls = {(command_of(words), *(word.partition("=")[0] for word in words if word.startswith("--"))): words for words in every_call(runs)}  # one of a kind
    assert refused_by_gcloud(calls.values(), tmp_path) == []


def refused_by_gcloud(calls: Iterable[list[str]], folder: Path) -> list[str]:
    """Its messages. It reads the calls with the parser of the installed version and makes none."""
    commands = folder / "commands.json"
    commands.write_text(json.dumps([{"command_string": " ".join(["gcloud", *map(quoted, words)])} for words in calls]))
    read = subprocess.run(["gcloud", "meta", "lint-gcloud-commands", f"--commands-file={commands}"], capture_output=True, text=True)
    results = json.loads(read.stdout)
    assert len(results) == len(json.loads(commands.read_text()))
    return [result["error_message"] for result in results if not result["success"]]


def every_call(runs: dict[str, Run]) -> Calls:
    return [words for run in runs.values() for words in run.calls]


def quoted(word: str) -> str:
    """As gcloud's checker reads it: quotes around a flag's value."""
    flag, equals, value = word.partition("=")
    return f"{flag}={shlex.quote(value)}" if equals else shlex.quote(word)


def test_scripts_have_no_fault_that_shellcheck_finds():
    scripts = [ROOT / "deploy.sh", ROOT / "tests" / "stand_in.sh", *sorted((ROOT / "deploy").glob("*.sh"))]
    assert subprocess.run([Path(sys.executable).parent / "shellcheck", *scripts], capture_output=True, text=True).stdout == ""
