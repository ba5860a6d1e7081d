# The function that answers requests, and what both functions share: APIs, accounts, images, the source.
# shellcheck shell=bash
# shellcheck disable=SC2154 # deploy.sh sets the variables

# `gcloud run deploy --function`, not `gcloud functions deploy`: Google recommends it and keeps the other for compatibility. It sets CPU boost, images
# and VPC egress, and it leaves trigger and subscription to us, which a dead-letter topic needs. https://cloud.google.com/run/docs/functions/comparison
#
# One vCPU, since every stage is CPU. 2 GiB, since a photo of 50 megapixels takes 1.0 (of 12: 0.4): the free allowance has two GiB-seconds for each
# vCPU-second.
deploy_service() {  # NAME ENTRY_POINT ACCOUNT FLAGS...
    step gcloud run deploy "$1" "--region=$region" --source=%%upload%% "--function=$2" --base-image=python313 "--image=$images" \
        "--service-account=$(email "$3")" "--build-service-account=projects/$project/serviceAccounts/$(email build)" \
        --cpu=1 --memory=2Gi --cpu-boost --cpu-throttling --min-instances=0 "--max-instances=$max_instances" "${@:4}"
}

email() { echo "$name-$1@$project.iam.gserviceaccount.com"; }

enable() {
    title 'APIs'
    step gcloud services enable "${@/%/.googleapis.com}"
}

account() {  # SUFFIX PURPOSE
    find_in 'iam service-accounts' "--filter=email=$(email "$1")" '--format=value(email)'
    unless_found gcloud iam service-accounts create "$name-$1" "--display-name=$2"
}

# grant ROLE ACCOUNT GROUP RESOURCE FLAGS...: as in `grant storage.objectViewer x@y 'storage buckets' gs://b`.
grant() {
    local group
    read -ra group <<<"$3"
    step gcloud "${group[@]}" add-iam-policy-binding "${@:4}" "--member=serviceAccount:$2" "--role=roles/$1" --format=none
}

grant_project() {  # ROLE ACCOUNT
    grant "$1" "$2" projects "$project" --condition=None
}

# Images go to a repository of our own, so that its clean-up touches no one else's.
image_repository() {
    title 'Images'
    find_in 'artifacts repositories' "--location=$region" "--filter=name~/$name\$" '--format=value(name)'
    unless_found gcloud artifacts repositories create "$name" "--location=$region" --repository-format=docker
    step gcloud artifacts repositories set-cleanup-policies "$name" "--location=$region" --policy=deploy/images.json --no-dry-run
}

build_account() {
    account build 'Builds images'
    grant_project run.builder "$(email build)"
}

# A copy of what .gcloudignore lets through: in a folder with a Dockerfile gcloud builds that, and refuses --base-image.
copy_source() {
    local entry files=(.gcloudignore)
    # shellcheck disable=SC2013 # each word is a pattern
    for entry in $(sed -n 's|^!/||p' .gcloudignore); do
        if [ -e "$entry" ]; then files+=("${entry%/}"); fi
    done
    ask upload mktemp -d
    step cp -R "${files[@]}" %%upload%%
}

# variables SETTING...: for --set-env-vars. "^|^" makes | stand between them, since values hold commas.
variables() {
    local text="^|^MALLOC_ARENA_MAX=1|MALLOC_MMAP_THRESHOLD_=268435456|MALLOC_TRIM_THRESHOLD_=268435456|GOOGLE_CLOUD_PROJECT=$project" setting
    for setting; do
        if [ "${!setting:-}" ]; then text+="|$setting=${!setting}"; fi
    done
    echo "--set-env-vars=$text"
}

grant_secrets() {
    local secret
    for secret in "${secrets[@]}"; do
        grant secretmanager.secretAccessor "$(email function)" secrets "${secret#*=}"
    done
}

secrets_flag() {
    local secret list=''
    for secret in "${secrets[@]}"; do list+=",$secret:latest"; done
    if [ "$list" ]; then echo "--set-secrets=${list#,}"; else echo --clear-secrets; fi
}

grant_allowed_buckets() {
    local bucket allowed=${ALLOWED_BUCKETS:-}
    for bucket in ${allowed//,/ }; do
        grant storage.objectViewer "$(email function)" 'storage buckets' "gs://$bucket"
    done
}

has_keys() { [[ " ${secrets[*]}" = *" API_KEYS="* ]]; }

# The function itself asks for the key, so Google must let anyone through to it.
access_flag() {
    if [ "$public" ] || has_keys; then echo --allow-unauthenticated; else echo --no-allow-unauthenticated; fi
}

deploy_function() {
    local apis=(run cloudbuild artifactregistry eventarc pubsub storage iam) vpc=(--clear-network)
    if [ ${#secrets[@]} != 0 ]; then apis+=(secretmanager); fi
    if [ "$budget" ]; then apis+=(cloudbilling billingbudgets); fi
    if [ "$network" ]; then apis+=(compute) vpc=("--network=$network" --vpc-egress=private-ranges-only); fi
    if [ "$subnet" ]; then vpc+=("--subnet=$subnet"); fi
    enable "${apis[@]}"
    title 'Accounts'
    build_account
    account function 'Answers requests'
    grant_secrets
    grant_allowed_buckets
    image_repository
    title 'The function'
    copy_source
    # Two requests share an instance, so that one photo is read while another is cut out.
    deploy_service "$name" remove_background function --concurrency=2 --timeout=60 "$(access_flag)" "$(secrets_flag)" "${vpc[@]}" \
        "$(variables "${function_settings[@]}")"
}

set_budget() {
    local flags=("--budget-amount=$budget" "--billing-project=$project")
    title 'The budget'
    ask billing gcloud billing projects describe "$project" '--format=value(billingAccountName.basename())'
    find_in 'billing budgets' --billing-account=%%billing%% "--filter=displayName=$name-$project" '--format=value(name)' "--billing-project=$project"
    if_found gcloud billing budgets update %%found%% "${flags[@]}"
    unless_found gcloud billing budgets create --billing-account=%%billing%% "--display-name=$name-$project" "--filter-projects=projects/$project" \
        --threshold-rule=percent=0.5 --threshold-rule=percent=0.9 --threshold-rule=percent=1.0 "${flags[@]}"
}

# At the end: the address, and calls that work.
# shellcheck disable=SC2016 # the caller's shell expands them
tell_url() {
    local header=''
    if has_keys; then
        header='-H "X-Api-Key: $KEY" '
    elif [ -z "$public" ]; then
        header='-H "Authorization: Bearer $(gcloud auth print-identity-token)" '
    fi
    echo "$name answers at $url"
    echo "    curl -f ${header}-F image_file=@photo.jpg $url -o cutout.png"
    if [ "$public" ] || has_keys; then return; fi
    echo "Only accounts with the role roles/run.invoker may call it. Its page, on http://localhost:8080:"
    echo "    gcloud run services proxy $name --region=$region --project=$CLOUDSDK_CORE_PROJECT"
}
