# The function that converts each photo which arrives in INPUT_BUCKET, its trigger, and the topic of events that could not be delivered.
# shellcheck shell=bash
# shellcheck disable=SC2154 # deploy.sh sets the variables

deploy_upload() {
    local service=$name-on-upload output=${OUTPUT_BUCKET%%/*}
    title 'Buckets'
    bucket "$INPUT_BUCKET"
    ask location gcloud storage buckets describe "gs://$INPUT_BUCKET" '--format=value(location.lower())'
    # Photos of another region would travel. A location of several regions (eu, us) is as good as our own.
    need "[[ \$location = $region || \$location != *-* ]]" "gs://$INPUT_BUCKET is in another region (%%location%%): use a bucket in $region, or --region"
    bucket "$output"
    title 'Accounts of the upload function and of its trigger'
    account upload 'Converts photos that arrive'
    grant storage.objectViewer "$(email upload)" 'storage buckets' "gs://$INPUT_BUCKET"
    grant storage.objectUser "$(email upload)" 'storage buckets' "gs://$output"
    account trigger 'Delivers events'
    grant_project eventarc.eventReceiver "$(email trigger)"
    ask agent gcloud storage service-agent
    grant_project pubsub.publisher %%agent%%
    title 'The upload function'
    deploy_service "$service" on_upload upload --concurrency=1 --timeout=120 --no-allow-unauthenticated --clear-secrets --clear-network \
        "$(variables "${upload_settings[@]}")"
    grant run.invoker "$(email trigger)" 'run services' "$service" "--region=$region"
    trigger "$service"
    dead_letters "$service"
}

# A bucket may belong to another project, whose buckets can't be listed. Who may not look at one that exists may not make it either.
bucket() {  # NAME
    echo "$(step gcloud storage buckets describe "gs://$1" --format=none) 2>/dev/null ||" \
        "$(step gcloud storage buckets create "gs://$1" "--location=$region" --uniform-bucket-level-access --public-access-prevention)"
}

# A trigger is where its bucket is. One that lies elsewhere is of another bucket, and would go on delivering.
trigger() {  # SERVICE
    local service=$1
    local flags=(--location=%%location%% --event-filters=type=google.cloud.storage.object.v1.finalized "--event-filters=bucket=$INPUT_BUCKET"
        "--destination-run-service=$service" "--destination-run-region=$region" "--service-account=$(email trigger)")
    title 'The trigger'
    find_in 'eventarc triggers' --location=- "--filter=name~/$service\$ AND NOT name~/locations/%%location%%/" '--format=value(name)'
    each_found echo gcloud eventarc triggers delete
    need "[ -z \"\$found\" ]" "a trigger in another location still delivers to $service: remove it with the command above"
    find_in 'eventarc triggers' --location=%%location%% "--filter=name~/$service\$" '--format=value(name)'
    if_found gcloud eventarc triggers update "$service" "${flags[@]}"
    unless_found gcloud eventarc triggers create "$service" "${flags[@]}"
}

# Eventarc discards what it could not deliver within 24 hours. 100 tries with the longest pauses of 600 s and answers of 120 s end before.
dead_letters() {  # SERVICE
    local service=$1 topic=$name-undelivered pubsub=service-%%number%%@gcp-sa-pubsub.iam.gserviceaccount.com
    title 'Events that cannot be delivered'
    ask subscription gcloud eventarc triggers describe "$service" --location=%%location%% '--format=value(transport.pubsub.subscription.basename())'
    find_in 'pubsub topics' "--filter=name~/$topic\$" '--format=value(name)'
    unless_found gcloud pubsub topics create "$topic"
    find_in 'pubsub subscriptions' "--filter=name~/$topic\$" '--format=value(name)'
    unless_found gcloud pubsub subscriptions create "$topic" "--topic=$topic" --message-retention-duration=7d --expiration-period=never
    grant pubsub.publisher "$pubsub" 'pubsub topics' "$topic"
    grant pubsub.subscriber "$pubsub" 'pubsub subscriptions' %%subscription%%
    step gcloud pubsub subscriptions update %%subscription%% "--dead-letter-topic=$topic" --max-delivery-attempts=100 --ack-deadline=180 \
        --min-retry-delay=10s --max-retry-delay=600s
}
