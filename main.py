"""The entry points of the deployed functions: HTTP requests, and photos that arrive in a bucket."""
import gc
import os

gc.disable()  # while modules are loaded: nothing of them is garbage, and a collection looks at all of them
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported: requests already run side by side

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request, Response

from api import logs
from api.handler import Handler
from api.settings import InvalidSetting, Settings
from cutout import predictor
from storage import Location

NO_OUTPUT = "OUTPUT_BUCKET must name the bucket of the results"

try:
    SETTINGS = Settings.read(os.environ)
    if os.environ.get("FUNCTION_TARGET") == "on_upload" and SETTINGS.arrivals is None:
        raise InvalidSetting(NO_OUTPUT)
except InvalidSetting as error:
    raise SystemExit(f"Invalid setting: {error}") from None  # one line, no traceback
HANDLER = Handler(SETTINGS)

predictor()  # an instance loads the network while it starts, not during its first request

gc.freeze()  # what is loaded stays: no collection looks at it again, nor copies the memory that a worker process shares with its parent
gc.enable()


@functions_framework.http
def remove_background(request: Request) -> Response:
    """The answer to any request at any address of the function."""
    return HANDLER(request)


@functions_framework.cloud_event
def on_upload(event: CloudEvent) -> None:
    """A photo has arrived in a bucket (google.cloud.storage.object.v1.finalized, https://cloud.google.com/eventarc/docs/cloudevents).

    Returning acknowledges the event. After an exception Pub/Sub sends it again, up to 100 times (deploy/upload.sh).
    """
    photo = event.data
    with logs.arrival(f"gs://{photo['bucket']}/{photo['name']}", int(photo["generation"])) as entry:
        if SETTINGS.arrivals is None:
            raise InvalidSetting(NO_OUTPUT)
        entry["code"] = SETTINGS.arrivals.receive(Location(photo["bucket"], photo["name"]), int(photo["generation"]), int(photo["size"]),
                                                  photo.get("contentType", ""))
