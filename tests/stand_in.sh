#!/usr/bin/env bash
# A stand-in for gcloud, without a network: it records each call and plays a project, in the folder $STAND_IN.
#   calls       a line for each call: its words, quoted
#   there/      what exists: empty files, such as "run services forecourt"
#   project     the only project that may be used
#   denied      the beginning of a command, such as "iam service-accounts create", for which the caller has no permission
#   early       how many calls of a command come too early, as after an account was made a moment ago: "3 projects add-iam-policy-binding"
#   source      the files of the last deployment
# shellcheck disable=SC2094 # no file is read and written in one command
set -eu
cd "$STAND_IN"
export LC_ALL=C.UTF-8  # in which calls are written

fail() {
    echo "ERROR: (gcloud) $*" >&2
    exit 1
}

# Words of the command and its resource, without flags; the flags that matter here.
words=() filter='' format='' display_name='' recorded=()
for word; do
    case $word in
        --source=*)
            (cd "${word#*=}" && find . -type f) >source
            word=--source=SOURCE  # a new folder in each run
            ;;
        --filter=*) filter=${word#*=} ;;
        --format=*) format=${word#*=} ;;
        --display-name=*) display_name=${word#*=} ;;
    esac
    recorded+=("$word")
    case $word in http | --*) ;; *) words+=("$word") ;; esac
done
printf '%q ' "${recorded[@]}" >>calls
echo >>calls

command="${words[*]}"
read -r project <project
if [ "$command" = "config get project" ]; then
    echo "$project"
    exit
fi
[ "$CLOUDSDK_CORE_PROJECT" = "$project" ] ||
    fail "The user does not have permission to access project [$CLOUDSDK_CORE_PROJECT], or it may not exist."
if [ -e denied ] && read -r denied <denied && [ "$denied" ] && [[ $command = "$denied"* ]]; then
    fail "PERMISSION_DENIED: Permission '$denied' denied on resource (or it may not exist)."
fi
if [ -e early ] && read -r early late <early && [ "$early" != 0 ] && [[ $command = "$late"* ]]; then
    echo "$((early - 1)) $late" >early
    fail "INVALID_ARGUMENT: Service account a@b does not exist."
fi

# The resource, such as "run services forecourt", from `run services delete forecourt` or `run services list --filter=metadata.name=forecourt`.
name=${words[-1]} group="${words[*]:0:2}"
case $command in
    *' list') name=${filter##*[=/]} name=${name%\$} ;;
    'run deploy '*) group='run services' ;;
    'billing budgets create' | *' monitoring '*) name=$display_name ;;
esac
name=${name%@*}
resource="there/$group ${name##*[/]}"

case $command in
    'run deploy '*) : >"$resource" ;;
    *' list') [ ! -e "$resource" ] || echo "$name" ;;
    *' create'*)
        [ ! -e "$resource" ] || fail "ALREADY_EXISTS: it is there already."
        : >"$resource"
        ;;
    *' delete '*)
        [ -e "$resource" ] || fail "NOT_FOUND: Requested entity was not found."
        rm "$resource"
        ;;
    'storage buckets describe'*) [ -e "$resource" ] || fail "$name not found: 404." ;;
esac
case "$command $format" in
    'projects describe '*) echo 123456789 ;;
    'storage service-agent '*) echo service-123456789@gs-project-accounts.iam.gserviceaccount.com ;;
    'billing projects describe '*) echo 0X0X0X-0X0X0X ;;
    'storage buckets describe '*'value(location.lower())') echo europe-west1 ;;
    'eventarc triggers describe '*) echo eventarc-europe-west1-sub ;;
    'run services describe '*) echo https://forecourt.example ;;
esac
