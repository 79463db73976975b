"""The secret key of an instance that was given none: made once, kept in a file only its owner can read."""

import os
import secrets
from pathlib import Path


def load_or_create(path: Path) -> str:
    """Read the key, or create it; two processes starting together end up with the same one."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(50), encoding="ascii")
    try:
        os.link(draft, path)  # fails if another process was first, and then its key counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
