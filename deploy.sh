#!/usr/bin/env bash
# Puts the function on Google Cloud, or updates it: same command, same result, as often as you like.
#   ./deploy.sh [--dry-run] [NAME] [REGION]
set -euo pipefail
cd "$(dirname "$0")"

run=()
if [ "${1:-}" = "--dry-run" ]; then run=(echo); shift; fi
name=${1:-forecourt} region=${2:-europe-west1}

# One vCPU for 1 GiB: the default for 1 GiB is 0.58, and every stage is CPU. Two requests share it, so that one decodes while one waits.
"${run[@]}" gcloud functions deploy "$name" --gen2 --region "$region" --runtime python311 --source . --entry-point remove_background \
    --trigger-http --memory 1GiB --cpu 1 --concurrency 2 --timeout 60s --min-instances 0 --max-instances 20 \
    --set-env-vars MALLOC_MMAP_THRESHOLD_=268435456,MALLOC_TRIM_THRESHOLD_=268435456
