"""Where files lie that several machines share, from STORAGE_URL and what belongs to it."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - named by Django
from django.core.exceptions import ImproperlyConfigured

BACKEND: Final = "generation.storage.backend.SharedBucket"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_EXAMPLE: Final = "write s3://bucket or s3://bucket/folder"


def from_url(
    url: str, *, endpoint: str = "", access_key: str = "", secret_key: str = "", region: str = ""
) -> dict[str, dict[str, Any]]:
    """Turn `s3://bucket/folder` into an entry of STORAGES; no entry without a URL, and nothing is imported."""
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme != "s3":
        raise ImproperlyConfigured(f'STORAGE_URL begins with "{parts.scheme}"; {_EXAMPLE}.')
    if not _BUCKET.fullmatch(parts.netloc):
        raise ImproperlyConfigured(
            f'STORAGE_URL names the bucket "{parts.netloc}", which none can be called; {_EXAMPLE}.'
        )
    if parts.query or parts.fragment or ".." in parts.path.split("/"):
        raise ImproperlyConfigured(f'STORAGE_URL is "{url}", whose folder cannot be used; {_EXAMPLE}.')
    options = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "endpoint_url": endpoint or None,
        "access_key": access_key or None,
        "secret_key": secret_key or None,
        "region_name": region or None,
        # Servers other than Amazon's rarely have a name for each bucket.
        "addressing_style": "path" if endpoint else "auto",
    }
    return {"shared": {"BACKEND": BACKEND, "OPTIONS": options}}


def look(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """What is wrong with these settings, before the first file is sent."""
    told: dict[str, str] = settings.S3
    given = ", ".join(name for name, value in told.items() if value)
    if "shared" not in settings.STORAGES:
        if not given:
            return []
        return [
            Warning(
                f"{given} is set without STORAGE_URL, so files stay in the data folder.",
                hint="Set STORAGE_URL, or remove the others.",
                id="readerstudy.storage_without_url",
            )
        ]
    return [
        Error(words, hint=mend, id=f"readerstudy.{name}")
        for name, is_so, words, mend in _faults(told)
        if is_so
    ]


def listen() -> None:
    """Look whenever a command looks at the settings."""
    register(look, Tags.files)


def _faults(told: dict[str, str]) -> list[tuple[str, bool, str, str]]:
    endpoint = urlsplit(told["S3_ENDPOINT_URL"])
    is_address = endpoint.scheme in {"http", "https"} and bool(endpoint.netloc)
    return [
        (
            "storage_endpoint",
            bool(told["S3_ENDPOINT_URL"]) and not is_address,
            f'S3_ENDPOINT_URL is "{told["S3_ENDPOINT_URL"]}", which is no address of a server.',
            "Write it as https://s3.hospital.example, or leave it empty for Amazon.",
        ),
        (
            "storage_key",
            bool(told["S3_ACCESS_KEY_ID"]) != bool(told["S3_SECRET_ACCESS_KEY"]),
            "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together, and one of them is missing.",
            "Set both, or neither where the machine itself has the right to the bucket.",
        ),
    ]
