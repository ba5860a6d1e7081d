# Removes what deploy.sh made, and names what it leaves.
# shellcheck shell=bash
# shellcheck disable=SC2154 # deploy.sh sets the variables

delete_all() {
    local service suffix
    title 'Trigger and functions'
    find_in 'eventarc triggers' --location=- "--filter=name~/$name-on-upload\$" '--format=value(name)'
    each_found gcloud eventarc triggers delete
    for service in "$name-on-upload" "$name"; do
        find_in 'run services' "--region=$region" "--filter=metadata.name=$service" '--format=value(metadata.name)'
        if_found gcloud run services delete "$service" "--region=$region"
    done
    title 'Undelivered events'
    find_in 'pubsub subscriptions' "--filter=name~/$name-undelivered\$" '--format=value(name)'
    if_found gcloud pubsub subscriptions delete "$name-undelivered"
    find_in 'pubsub topics' "--filter=name~/$name-undelivered\$" '--format=value(name)'
    if_found gcloud pubsub topics delete "$name-undelivered"
    title 'Images and accounts'
    find_in 'artifacts repositories' "--location=$region" "--filter=name~/$name\$" '--format=value(name)'
    if_found gcloud artifacts repositories delete "$name" "--location=$region"
    for suffix in function upload trigger build bulk schedule; do
        find_in 'iam service-accounts' "--filter=email=$(email $suffix)" '--format=value(email)'
        if_found gcloud iam service-accounts delete "$(email $suffix)"
    done
}

tell_left() {
    local project=$CLOUDSDK_CORE_PROJECT
    cat <<TEXT
Left as it was:
    buckets with their photos and results; gs://$project-$name-bulk; uploaded sources in gs://run-sources-$project-$region, gs://${project}_cloudbuild
    secrets, the budget $name-$project, enabled APIs
    a schedule of the bulk job: gcloud scheduler jobs delete $name-bulk --location=$region --project=$project
    the role roles/pubsub.publisher of Cloud Storage's service agent, and roles of the deleted accounts, which Google removes within 60 days
TEXT
}
