#!/usr/bin/env bash
# Puts the function on Google Cloud, or updates it: same command, same result, as often as you like. See docs/DEPLOY.md.
# shellcheck disable=SC2016,SC2034 # lines of the plan expand when they are run; deploy/*.sh read the variables
set -euo pipefail
shopt -s inherit_errexit 2>/dev/null || { echo 'deploy.sh: needs bash 4.4 or later' >&2; exit 1; }
cd "$(dirname "$0")"
for part in steps function upload bulk delete; do
    # shellcheck source=/dev/null
    source "deploy/$part.sh"
done

usage() {
    cat <<'TEXT'
Usage: [SETTING=VALUE ...] ./deploy.sh [NAME] [REGION] [flags]         the function
       ./deploy.sh bulk --input gs://IN --output gs://OUT [flags]      the bulk job, on Dataflow
       ./deploy.sh --delete [NAME] [REGION]                            removes what it made

NAME is forecourt and REGION europe-west1 unless given. Settings are those of docs/API.md. With INPUT_BUCKET and OUTPUT_BUCKET a second
function converts each photo that arrives in a bucket.

  --dry-run                 print every command, run none
  --project PROJECT         default: that of gcloud's configuration
  --region REGION           as the second word
  --help                    this text

Of the function:
  --public                  anyone may call; otherwise only who has the role roles/run.invoker, or, with --secret API_KEYS=..., a key
  --secret SETTING=SECRET   take a setting from Secret Manager; repeatable
  --max-instances N         default: 20. Caps what can be spent
  --budget AMOUNT           also warn by mail at 50, 90 and 100 % of an amount a month
  --network NET             reach private addresses, such as Redis, through a VPC network
  --subnet SUBNET           of that network

Of the bulk job:
  --max-workers N           default: 10
  --schedule CRON           also start it at these times, such as '0 3 * * *'
  --OPTION VALUE            any parameter of bulk/template.json
TEXT
}

# Settings of the function, and of the upload function, which answers no requests and so gets no keys.
for setting in API_KEYS RATE_LIMIT RATE_LIMIT_STORAGE TRUSTED_PROXIES MAX_CONCURRENT QUEUE_SECONDS ALLOWED_BUCKETS CORS_ORIGINS ALLOW_HTTP DEMO DEMO_LIMIT OUTPUT_BUCKET OUTPUT_OPTIONS WATERMARKS_DIR; do
    case $setting in
        OUTPUT_*) upload_settings+=("$setting") ;;
        WATERMARKS_DIR) upload_settings+=("$setting") function_settings+=("$setting") ;;
        *) function_settings+=("$setting") ;;
    esac
done

mode=function name='' region='' project='' dry_run='' public='' max_instances=20 budget='' network='' subnet='' max_workers=10 schedule=''
given=() secrets=() parameters=() python=${PYTHON:-.venv/bin/python}

# The flags, in any order, as --flag VALUE or --flag=VALUE.
parse() {
    local value
    while [ $# -gt 0 ]; do
        value=${2:-}
        case $1 in
            --help | -h) usage; exit ;;
            --dry-run) dry_run=1 ;;
            --delete | bulk)
                [[ $mode = function || $mode = "${1#--}" ]] || fail 'bulk and --delete exclude each other: --delete removes what both made'
                mode=${1#--}
                ;;
            --public) public=1 given+=(--public) ;;
            --help=* | --dry-run=* | --delete=* | --public=*) fail "${1%%=*} takes no value" ;;
            --*=*) option "${1%%=*}" "${1#*=}" ;;
            -*) option "$1" "${value##--*}"; shift ;;  # a flag is no value: `--network --dry-run` is refused, not run
            *) if [ -z "$name" ]; then name=$1; elif [ -z "$region" ]; then region=$1; else fail "unknown: $1; see --help"; fi ;;
        esac
        shift
    done
}

option() {  # FLAG VALUE
    local variable=${1#--}
    [ "$2" ] || fail "$1 needs a value, or is unknown; see --help"
    case $1 in
        --project | --region | --max-instances | --budget | --network | --subnet | --max-workers | --schedule) printf -v "${variable//-/_}" %s "$2" ;;
        --secret) secrets+=("$2") ;;
        *) parameters+=("$variable=$2") ;;
    esac
    given+=("$1")
}

# must FLAG VALUE PATTERN MEANING
must() {
    [[ $2 =~ ^$3$ ]] || fail "$1 takes $4, not '$2'"
}

check_flags() {
    local flag takers secret
    for flag in "${given[@]}"; do
        case $flag in
            --project | --region) takers='function bulk delete' ;;
            --public | --secret | --max-instances | --budget | --network | --subnet) takers=function ;;
            *) takers=bulk ;;
        esac
        [[ $takers = *$mode* ]] || fail "$mode takes no $flag; see --help"
    done
    must NAME "$name" '[a-z]([a-z0-9-]{0,19}[a-z0-9])?' 'at most 21 lower-case letters, digits and hyphens, a letter first'
    must REGION "$region" '[a-z]+-[a-z]+[0-9]+' 'a region of Google Cloud, such as us-central1'
    must --max-instances "$max_instances" '[1-9][0-9]{0,3}' 'a number from 1 to 9999'
    must --max-workers "$max_workers" '[1-9][0-9]{0,3}' 'a number from 1 to 9999'
    [ -z "$project" ] || must --project "$project" '[a-z][a-z0-9-]{4,28}[a-z0-9]' "a project's id"
    [ -z "$budget" ] || must --budget "$budget" '[1-9][0-9]*(\.[0-9]{1,2})?' "an amount in the billing account's currency"
    [ -z "$subnet" ] || [ "$network" ] || fail '--subnet needs --network'
    for secret in "${secrets[@]}"; do
        must --secret "$secret" '[A-Z_]+=[A-Za-z0-9_-]{1,255}' 'SETTING=SECRET, the name of a secret of Secret Manager'
    done
}

# Refuses invalid settings by the code that the function itself reads them with.
check_settings() {
    local status=0
    command -v "$python" >/dev/null || fail "$python is not there. Settings are checked by the function's own code, with Python 3.11 or later. Make it once:
    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
or name a Python that has these packages: PYTHON=... ./deploy.sh"
    "$python" -m deploy.settings "$mode" "${secrets[@]%%=*}" "${parameters[@]}" || status=$?
    [ $status != 2 ] || exit 2
    [ $status = 0 ] || fail "$python could not check the settings: it needs the packages of requirements.txt"
}

# A wrong project, or a missing login, ends the run here.
choose_project() {
    echo "cd $(printf %q "$PWD")"
    if [ -z "$project" ]; then
        ask project gcloud config get project
        need '[ "$project" ]' 'no project is set: --project PROJECT, or gcloud config set project PROJECT'
        project=%%project%%
    fi
    echo "export CLOUDSDK_CORE_PROJECT=$project CLOUDSDK_CORE_DISABLE_PROMPTS=1"
    ask number gcloud projects describe "$project" '--format=value(projectNumber)'
}

plan() {
    choose_project
    images=$region-docker.pkg.dev/$project/$name
    case $mode in
        function)
            deploy_function
            if [ "${INPUT_BUCKET:-}" ]; then deploy_upload; fi
            step rm -r %%upload%%
            if [ "$budget" ]; then set_budget; fi
            title 'The address'
            ask url gcloud run services describe "$name" "--region=$region" '--format=value(status.url)'
            ;;
        bulk) launch_bulk ;;
        delete) delete_all ;;
    esac
}

parse "$@"
name=${name:-forecourt} region=${region:-europe-west1}
check_flags
[ "$mode" = delete ] || check_settings
# %%name%% -> "$name". Within $'...', as bash quotes what the locale cannot print, that would not expand: the quotes end before it and begin again after
# it, as in $'caf\303\251 %%name%%' -> $'caf\303\251 '"$name"$''.
lines=$(plan | sed -E -e ':again' -e "s/(\\$'([^'\\]|\\\\.)*)%%([a-z]+)%%/\1'\"\$\3\"\$'/" -e 't again' -e 's/%%([a-z]+)%%/"$\1"/g')
if [ "$dry_run" ]; then
    echo "$lines"
    exit
fi
command -v gcloud >/dev/null || fail 'gcloud is not installed: https://cloud.google.com/sdk/docs/install'
perform "$lines"
case $mode in
    function) tell_url ;;
    delete) tell_left ;;
esac
