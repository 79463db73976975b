"""An S3 server on this machine, and instances that share a bucket of it."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from django.conf import settings as django_settings
from moto.server import ThreadedMotoServer

from readerstudy import shared_storage

KEY, SECRET, REGION = "test-key", "test-secret", "us-east-1"  # moto believes everybody


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own on a server of this machine."""

    endpoint: str
    name: str
    prefix: str = "instance"

    @property
    def environment(self) -> dict[str, str]:
        """What an instance in a process of its own is told."""
        return {
            "STORAGE_URL": f"s3://{self.name}/{self.prefix}",
            "S3_ENDPOINT_URL": self.endpoint,
            "S3_ACCESS_KEY_ID": KEY,
            "S3_SECRET_ACCESS_KEY": SECRET,
            "S3_REGION": REGION,
        }

    def storages(self, **options: Any) -> dict[str, Any]:
        """STORAGES of an instance in this process."""
        entry = shared_storage.from_url(
            f"s3://{self.name}/{self.prefix}",
            endpoint=self.endpoint,
            access_key=KEY,
            secret_key=SECRET,
            region=REGION,
        )["shared"]
        quick = {"max_attempts": 2, "connect_timeout": 2, "read_timeout": 20}
        shared = {**entry, "OPTIONS": {**entry["OPTIONS"], **quick, **options}}
        return {**django_settings.STORAGES, "shared": shared}

    @property
    def client(self) -> Any:
        """The plain client, to look behind the software's back."""
        return _client(self.endpoint)

    def stored(self, prefix: str = "") -> list[str]:
        """Keys below the prefix of the instance."""
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=f"{self.prefix}/{prefix}")
        return [one["Key"].removeprefix(f"{self.prefix}/") for one in found.get("Contents", [])]

    def read(self, key: str) -> bytes:
        """Content of an object."""
        return self.client.get_object(Bucket=self.name, Key=f"{self.prefix}/{key}")["Body"].read()

    def write(self, key: str, content: bytes) -> None:
        """Put something else in its place."""
        self.client.put_object(Bucket=self.name, Key=f"{self.prefix}/{key}", Body=content)

    def delete(self, key: str) -> None:
        """Lose an object."""
        self.client.delete_object(Bucket=self.name, Key=f"{self.prefix}/{key}")


@cache
def _client(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name=REGION,
        config=Config(s3={"addressing_style": "path"}),
    )


@contextmanager
def running_server() -> Iterator[str]:
    """Address of a server on a free port; it forgets everything when it ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(endpoint: str) -> Bucket:
    """Make an empty bucket."""
    bucket = Bucket(endpoint, f"files-{secrets.token_hex(6)}")
    bucket.client.create_bucket(Bucket=bucket.name)
    return bucket
