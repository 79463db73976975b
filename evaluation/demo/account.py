"""The demonstration's study admin, and the file that keeps what only its owner may read."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.contrib.auth import get_user_model

USER_NAME: Final = "admin"
N_PASSWORD_BYTES: Final = 12


@dataclass(frozen=True)
class Credentials:
    """How to get in: the desk's password, and the path of each reader's personal link."""

    password: str
    links: Mapping[str, str] = field(default_factory=dict)


def ensure_admin(path: Path) -> Credentials:
    """Create the study admin with a generated password; once it is there, read the password back."""
    user, is_new = get_user_model().objects.get_or_create(
        username=USER_NAME, defaults={"is_staff": True, "is_superuser": True}
    )
    kept = read(path)
    if not is_new and kept is not None:
        return kept
    made = Credentials(password=secrets.token_urlsafe(N_PASSWORD_BYTES))
    user.set_password(made.password)
    user.save(update_fields=["password"])
    write(path, made)
    return made


def read(path: Path) -> Credentials | None:
    """Read the file; None if it is not there or is damaged."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Credentials(password=str(kept["password"]), links=dict(kept["links"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(path: Path, credentials: Credentials) -> None:
    """Write the file, readable by its owner only, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(
            {"user": USER_NAME, "password": credentials.password, "links": dict(credentials.links)},
            file,
            indent=1,
        )
        file.write("\n")
    draft.replace(path)
