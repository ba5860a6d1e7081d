"""Every gcloud command that deploy.sh calls: the documentation page it follows, and its flags.

Each command's reference, where its flags are described, is https://cloud.google.com/sdk/gcloud/reference/COMMAND, with / for spaces.
"""
GUIDES = "https://cloud.google.com/"
BINDING = "--member --role --format"

COMMANDS: dict[str, tuple[str, str]] = {command: (GUIDES + page, flags) for command, page, flags in [
    # The project
    ("config get project", "sdk/docs/configurations", ""),
    ("projects describe", "resource-manager/docs/creating-managing-projects", "--format"),
    ("services enable", "service-usage/docs/enable-disable", ""),
    # Accounts and roles
    ("iam service-accounts list", "iam/docs/service-accounts-list-edit", "--filter --format"),
    ("iam service-accounts create", "iam/docs/service-accounts-create", "--display-name"),
    ("iam service-accounts delete", "iam/docs/service-accounts-delete-undelete", ""),
    ("iam service-accounts add-iam-policy-binding", "iam/docs/manage-access-service-accounts", BINDING),
    ("projects add-iam-policy-binding", "iam/docs/granting-changing-revoking-access", f"{BINDING} --condition"),
    ("secrets add-iam-policy-binding", "secret-manager/docs/manage-access-to-secrets", BINDING),
    # Images
    ("artifacts repositories list", "artifact-registry/docs/repositories/list-repos", "--location --filter --format"),
    ("artifacts repositories create", "artifact-registry/docs/repositories/create-repos", "--location --repository-format"),
    ("artifacts repositories delete", "artifact-registry/docs/repositories/delete-repos", "--location"),
    ("artifacts repositories set-cleanup-policies", "artifact-registry/docs/repositories/cleanup-policy", "--location --policy --no-dry-run"),
    ("artifacts repositories add-iam-policy-binding", "artifact-registry/docs/access-control", f"{BINDING} --location"),
    # Functions
    ("run deploy", "run/docs/deploy-functions",
     "--region --source --function --base-image --image --service-account --build-service-account --cpu --memory --cpu-boost --cpu-throttling "
     "--min-instances --max-instances --concurrency --timeout --allow-unauthenticated --no-allow-unauthenticated --set-env-vars --set-secrets --clear-secrets "
     "--network --subnet --vpc-egress --clear-network"),
    ("run services list", "run/docs/managing/services", "--region --filter --format"),
    ("run services describe", "run/docs/managing/services", "--region --format"),
    ("run services delete", "run/docs/managing/services", "--region"),
    ("run services add-iam-policy-binding", "run/docs/securing/managing-access", f"{BINDING} --region"),
    # Photos that arrive in a bucket
    ("storage buckets describe", "storage/docs/getting-bucket-metadata", "--format"),
    ("storage buckets create", "storage/docs/creating-buckets", "--location --uniform-bucket-level-access --public-access-prevention"),
    ("storage buckets add-iam-policy-binding", "storage/docs/access-control/using-iam-permissions", BINDING),
    ("storage service-agent", "storage/docs/getting-service-agent", ""),
    ("eventarc triggers list", "eventarc/docs/managing-triggers", "--location --filter --format"),
    ("eventarc triggers describe", "eventarc/docs/managing-triggers", "--location --format"),
    ("eventarc triggers create", "eventarc/docs/run/create-trigger-storage-gcloud",
     "--location --event-filters --destination-run-service --destination-run-region --service-account"),
    ("eventarc triggers update", "eventarc/docs/managing-triggers",
     "--location --event-filters --destination-run-service --destination-run-region --service-account"),
    ("eventarc triggers delete", "eventarc/docs/managing-triggers", ""),
    # Events that could not be delivered
    ("pubsub topics list", "pubsub/docs/list-topics", "--filter --format"),
    ("pubsub topics create", "pubsub/docs/create-topic", ""),
    ("pubsub topics delete", "pubsub/docs/delete-topic", ""),
    ("pubsub topics add-iam-policy-binding", "pubsub/docs/handling-failures", BINDING),
    ("pubsub subscriptions list", "pubsub/docs/list-subscriptions", "--filter --format"),
    ("pubsub subscriptions create", "pubsub/docs/create-subscription", "--topic --message-retention-duration --expiration-period"),
    ("pubsub subscriptions delete", "pubsub/docs/delete-subscriptions", ""),
    ("pubsub subscriptions add-iam-policy-binding", "pubsub/docs/handling-failures", BINDING),
    ("pubsub subscriptions update", "eventarc/docs/retry-events",
     "--dead-letter-topic --max-delivery-attempts --ack-deadline --min-retry-delay --max-retry-delay"),
    # The budget
    ("billing projects describe", "billing/docs/how-to/verify-billing-enabled", "--format"),
    ("billing budgets list", "billing/docs/how-to/budgets", "--billing-account --filter --format --billing-project"),
    ("billing budgets create", "billing/docs/how-to/budgets",
     "--billing-account --display-name --filter-projects --threshold-rule --budget-amount --billing-project"),
    ("billing budgets update", "billing/docs/how-to/budgets", "--budget-amount --billing-project"),
    # The bulk job
    ("builds submit", "build/docs/build-push-docker-image", "--region --config --ignore-file --substitutions --service-account"),
    ("dataflow flex-template build", "dataflow/docs/guides/templates/using-flex-templates", "--image --sdk-language --metadata-file"),
    ("dataflow flex-template run", "dataflow/docs/guides/templates/run-flex-templates",
     "--region --template-file-gcs-location --staging-location --temp-location --service-account-email --worker-machine-type --max-workers --parameters"),
    ("scheduler jobs list", "scheduler/docs/creating", "--location --filter --format"),
    ("scheduler jobs create http", "scheduler/docs/http-target-auth",
     "--location --schedule --http-method --oauth-service-account-email --uri --message-body --headers"),
    ("scheduler jobs update http", "scheduler/docs/http-target-auth",
     "--location --schedule --http-method --oauth-service-account-email --uri --message-body --update-headers"),
]}
