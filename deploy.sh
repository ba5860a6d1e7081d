#!/usr/bin/env bash
# Puts the function on Google Cloud, or updates it: same command, same result, as often as you like.
#   [SETTING=value ...] ./deploy.sh [--dry-run] [NAME] [REGION]
# Settings are those of docs/API.md; a secret (the password in RATE_LIMIT_STORAGE) is better given to the function by Secret Manager.
# Where API_KEYS are set, or PUBLIC=1, anyone may call the function; otherwise only who has the invoker's role (IAM).
set -euo pipefail
cd "$(dirname "$0")"

run=()
if [ "${1:-}" = "--dry-run" ]; then run=(echo); shift; fi
name=${1:-forecourt} region=${2:-europe-west1}

if [ -z "${GOOGLE_CLOUD_PROJECT:-}" ]; then
    if [ -n "${run[*]}" ]; then GOOGLE_CLOUD_PROJECT=PROJECT; else GOOGLE_CLOUD_PROJECT=$(gcloud config get project); fi
fi
environment="MALLOC_ARENA_MAX=1|MALLOC_MMAP_THRESHOLD_=268435456|MALLOC_TRIM_THRESHOLD_=268435456|GOOGLE_CLOUD_PROJECT=$GOOGLE_CLOUD_PROJECT"
for setting in API_KEYS RATE_LIMIT RATE_LIMIT_STORAGE TRUSTED_PROXIES MAX_CONCURRENT QUEUE_SECONDS ALLOWED_BUCKETS CORS_ORIGINS ALLOW_HTTP DEMO DEMO_LIMIT OUTPUT_BUCKET OUTPUT_OPTIONS WATERMARKS_DIR; do
    if [ -n "${!setting:-}" ]; then environment+="|$setting=${!setting}"; fi
done
if [ -n "${API_KEYS:-}" ] || [ "${PUBLIC:-}" = 1 ]; then access=--allow-unauthenticated; else access=--no-allow-unauthenticated; fi

# One vCPU, since every stage is CPU; two requests share it, so that one is read while one is cut out. 2 GiB, since a photo of 50 megapixels takes 1.0
# (of 12: 0.4): the free tier has two GiB-seconds for each vCPU-second. "^|^" makes | stand between variables: values hold commas.
"${run[@]}" gcloud functions deploy "$name" --gen2 --region "$region" --runtime python311 --source . --entry-point remove_background \
    --trigger-http "$access" --memory 2GiB --cpu 1 --concurrency 2 --timeout 60s --min-instances 0 --max-instances 20 \
    --set-env-vars "^|^$environment"

# A second function from the same source converts what arrives in INPUT_BUCKET: one photo at a time, tried again for a day where the storage fails.
if [ -n "${INPUT_BUCKET:-}" ]; then
    : "${OUTPUT_BUCKET:?INPUT_BUCKET needs OUTPUT_BUCKET, where results go}"
    "${run[@]}" gcloud functions deploy "$name-on-upload" --gen2 --region "$region" --runtime python311 --source . --entry-point on_upload \
        --trigger-event-filters type=google.cloud.storage.object.v1.finalized --trigger-event-filters "bucket=$INPUT_BUCKET" --retry \
        --memory 2GiB --cpu 1 --concurrency 1 --timeout 120s --min-instances 0 --max-instances 20 --set-env-vars "^|^$environment"
fi
