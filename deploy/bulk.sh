# The bulk job on Dataflow: its image, its Flex template, a run, and runs on a schedule.
# shellcheck shell=bash
# shellcheck disable=SC2154 # deploy.sh sets the variables

launch_bulk() {
    local output photos parameter staging="gs://$project-$name-bulk" image="$images/bulk:latest"
    output=$(bucket_of output)
    enable dataflow compute cloudresourcemanager logging cloudbuild artifactregistry storage iam cloudscheduler
    title 'Accounts and buckets'
    build_account
    account bulk 'Runs the bulk job'
    grant_project dataflow.worker "$(email bulk)"
    grant_project viewer "$(email bulk)"
    bucket "${staging#gs://}"
    bucket "$output"
    for photos in $(for parameter in input bg_image_file watermark_file retry; do bucket_of "$parameter"; done | sort -u); do
        grant storage.objectViewer "$(email bulk)" 'storage buckets' "gs://$photos"
    done
    grant storage.objectUser "$(email bulk)" 'storage buckets' "gs://$output"
    grant storage.objectAdmin "$(email bulk)" 'storage buckets' "$staging"
    image_repository
    grant artifactregistry.reader "$(email bulk)" 'artifacts repositories' "$name" "--location=$region"
    title 'Image and template'
    step gcloud builds submit . "--region=$region" --config=bulk/cloudbuild.yaml --ignore-file=bulk/Dockerfile.dockerignore \
        "--substitutions=_IMAGE=$image" "--service-account=projects/$project/serviceAccounts/$(email build)"
    step gcloud dataflow flex-template build "$staging/template.json" "--image=$image" --sdk-language=PYTHON --metadata-file=bulk/template.json
    title 'The job'
    # A name that is running is refused, so that two runs never overlap.
    step gcloud dataflow flex-template run "$name-bulk" "--region=$region" "--template-file-gcs-location=$staging/template.json" \
        "--staging-location=$staging/staging" "--temp-location=$staging/tmp" "--service-account-email=$(email bulk)" \
        --worker-machine-type=n1-standard-4 "--max-workers=$max_workers" "--parameters=$(joined "sdk_container_image=$image" "${parameters[@]}")"
    if [ "$schedule" ]; then schedule_bulk "$image" "$staging"; fi
}

bucket_of() {  # PARAMETER
    local parameter place=''
    for parameter in "${parameters[@]}"; do
        if [ "${parameter%%=*}" = "$1" ]; then place=${parameter#*=gs://}; fi
    done
    echo "${place%%/*}"
}

# "^~^" makes ~ stand between parameters, since values hold commas.
joined() {
    local IFS='~'
    echo "^~^$*"
}

schedule_bulk() {  # IMAGE STAGING
    local image=$1 staging=$2 body flags
    body=$(printf '%s\n' "sdk_container_image=$image" "${parameters[@]}" | "$python" -m deploy.launch "$name-bulk" "$staging" "$(email bulk)" "$max_workers")
    flags=("--location=$region" "--schedule=$schedule" --http-method=POST "--oauth-service-account-email=$(email schedule)"
        "--uri=https://dataflow.googleapis.com/v1b3/projects/$project/locations/$region/flexTemplates:launch" "--message-body=$body")
    title 'The schedule'
    account schedule 'Starts the bulk job'
    grant_project dataflow.developer "$(email schedule)"
    grant iam.serviceAccountUser "$(email schedule)" 'iam service-accounts' "$(email bulk)"
    find_in 'scheduler jobs' "--location=$region" "--filter=name~/$name-bulk\$" '--format=value(name)'
    if_found gcloud scheduler jobs update http "$name-bulk" --update-headers=Content-Type=application/json "${flags[@]}"
    unless_found gcloud scheduler jobs create http "$name-bulk" --headers=Content-Type=application/json "${flags[@]}"
}
