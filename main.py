"""The doors of the deployed functions: HTTP in, a cut-out or a clear error back; and photos that arrive in a bucket."""
import os

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request, Response

from api import logs
from api.handler import Handler
from api.settings import InvalidSetting, Settings
from cutout import predictor
from storage import Location

SETTINGS = Settings.read(os.environ)
HANDLER = Handler(SETTINGS)

predictor()  # an instance loads the network while it starts, not in its first visitor's time


@functions_framework.http
def remove_background(request: Request) -> Response:
    """Answers every request at every address of the function."""
    return HANDLER(request)


@functions_framework.cloud_event
def on_upload(event: CloudEvent) -> None:
    """A photo has arrived in a bucket (google.cloud.storage.object.v1.finalized, https://cloud.google.com/eventarc/docs/cloudevents).

    Returning acknowledges the event. An exception has it sent again, where the function was deployed with --retry.
    """
    photo = event.data
    with logs.arrival(f"gs://{photo['bucket']}/{photo['name']}", int(photo["generation"])) as entry:
        if SETTINGS.arrivals is None:
            raise InvalidSetting("OUTPUT_BUCKET must tell where results go")
        entry["code"] = SETTINGS.arrivals.receive(Location(photo["bucket"], photo["name"]), int(photo["generation"]), int(photo["size"]),
                                                  photo.get("contentType", ""))
