"""Prints the request with which Cloud Scheduler launches the bulk job; the job's parameters are lines NAME=VALUE of stdin.

Source: https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.flexTemplates/launch
"""
import json
import sys

job, staging, account, workers = sys.argv[1:]
print(json.dumps({"launchParameter": {
    "jobName": job,
    "containerSpecGcsPath": f"{staging}/template.json",
    "parameters": dict(line.rstrip("\n").split("=", 1) for line in sys.stdin),
    "environment": {"serviceAccountEmail": account, "stagingLocation": f"{staging}/staging", "tempLocation": f"{staging}/tmp",
                    "machineType": "n1-standard-4", "maxWorkers": int(workers)},
}}))
