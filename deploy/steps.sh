# The plan: a line for each command, as it can be pasted into bash. --dry-run prints it; otherwise `perform` runs it line by line.
#
# %%name%% in a word stands for what an earlier line keeps in the variable $name; deploy.sh turns it into "$name".
# shellcheck shell=bash

# How gcloud says that what was made, granted or enabled a moment ago is not known everywhere yet.
TOO_EARLY='Service account .* does not exist|does not have storage.objects.get access|recently'
TRIES=18 PAUSE=10  # so the line is run again, for 3 minutes (s)

fail() {
    echo "deploy.sh: $*" >&2
    exit 1
}

title() { echo "# $1"; }

step() {  # COMMAND...
    local text
    printf -v text ' %q' "$@"
    echo "${text:1}"
}

# ask NAME COMMAND...: keeps its answer in $NAME.
ask() { echo "$1=\$($(step "${@:2}"))"; }

# What is looked for is listed, not described: who may not list it is told so, and it is not taken for absent.
find_in() {  # GROUP FLAGS...
    local group
    read -ra group <<<"$1"
    ask found gcloud "${group[@]}" list "${@:2}"
}

if_found() { echo "[ -z \"\$found\" ] || $(step "$@")"; }

# each_found COMMAND...: runs the command once for each line found, with the line as its last argument.
each_found() { echo "[ -z \"\$found\" ] || xargs -n 1 $(step "$@") <<<\"\$found\""; }

unless_found() { echo "[ \"\$found\" ] || $(step "$@")"; }

# need TEST MESSAGE: stops where the test fails.
need() { echo "$1 || { echo $(step "$2") >&2; false; }"; }

perform() {  # PLAN
    local line answer
    while IFS= read -r line <&9; do
        echo "$line" >&2
        if [[ $line =~ ^(#|cd |export ) ]]; then
            eval "$line" || stop "$line"
        elif [[ $line =~ ^([a-z]+)=\$\((.*)\)$ ]]; then
            answer=$(attempt "${BASH_REMATCH[2]}") || exit 1
            printf -v "${BASH_REMATCH[1]}" %s "$answer"
        else
            attempt "$line"
        fi
    done 9<<<"$1"
}

# Runs a line whose messages are shown as they come.
attempt() {
    local messages tries=0
    until { messages=$(eval "$1" 2>&1 >&3 | tee >(cat >&2); exit "${PIPESTATUS[0]}"); } 3>&1; do
        if ! grep -qE "$TOO_EARLY" <<<"$messages" || ((tries++ >= TRIES)); then stop "$1"; fi
        sleep "$PAUSE"
    done
}

stop() {
    rm -rf "${upload:-}"  # the copy of the source
    fail "stopped at: $1
Nothing after it was run. Remove the cause, and run the same ./deploy.sh again."
}
