"""Photos by the million: bucket to bucket, and one by one as they arrive."""
