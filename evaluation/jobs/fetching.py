"""Fetch one published file over a connection that may break: resume, check, rename."""

import hashlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from generation.core.errors import InputError

TIMEOUT_SECONDS: Final = 30
MAX_FRUITLESS: Final = 3  # connections in a row that bring nothing
_BLOCK: Final = 1 << 16
_BEYOND_ITS_END: Final = http.client.REQUESTED_RANGE_NOT_SATISFIABLE

Progress = Callable[[int, int], None]  # bytes there, bytes in all


class _BrokenConnectionError(Exception):
    """The connection ended before the file did."""


def fetch(
    url: str,
    path: Path,
    *,
    sha256: str,
    n_bytes: int,
    on_progress: Progress = lambda done, total: None,
) -> bool:
    """Bring a file here unless it is here; False if it was.

    What arrives is kept in `<name>.part`, so a later call, like a later connection of this one, goes on where the last
    one ended. The file gets its name only after its SHA-256 was found right.

    Raises
    ------
    InputError
        If the address cannot be reached, keeps breaking, or gives another file.
    """
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise InputError(f'Address "{url}" is neither http nor https; give the address of a web server.')
    if path.is_file() and _sha256(path) == sha256:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    n_fruitless = 0
    while (n_before := _size(partial)) < n_bytes:
        try:
            _receive(url, partial, n_bytes, on_progress)
        except (_BrokenConnectionError, urllib.error.URLError, http.client.HTTPException, OSError) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code == _BEYOND_ITS_END:
                partial.unlink(
                    missing_ok=True
                )  # the server's file ends before what is kept: it is another one
            _check_worth_another_try(url, path, error)
            n_fruitless = n_fruitless + 1 if _size(partial) <= n_before else 0
            if n_fruitless >= MAX_FRUITLESS:
                raise InputError(_unreachable(url, path, error, kept=_size(partial))) from error
    found = _sha256(partial)
    if found != sha256:
        partial.unlink()
        raise InputError(
            f"{url} gave a file with the SHA-256 {found[:12]}..., not {sha256[:12]}...; it was deleted, try again or give another address."
        )
    partial.replace(path)
    return True


def _receive(url: str, partial: Path, n_bytes: int, on_progress: Progress) -> None:
    """Append what one connection gives."""
    n_here = _size(partial)
    request = urllib.request.Request(url, headers={"Range": f"bytes={n_here}-"} if n_here else {})  # noqa: S310 - scheme checked
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        goes_on = answer.status == http.client.PARTIAL_CONTENT
        if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {n_here}-"):
            partial.unlink(missing_ok=True)
            raise _BrokenConnectionError("the server continued at another place")
        with partial.open("ab" if goes_on else "wb") as file:
            n_here = n_here if goes_on else 0
            while block := answer.read(min(_BLOCK, n_bytes - n_here + 1)):
                file.write(block)
                n_here += len(block)
                on_progress(min(n_here, n_bytes), n_bytes)
                if n_here > n_bytes:
                    break
            file.flush()
            os.fsync(file.fileno())
    if n_here < n_bytes:
        raise _BrokenConnectionError(f"the connection ended after {n_here} of {n_bytes} bytes")


def _check_worth_another_try(url: str, path: Path, error: Exception) -> None:
    """Refusals do not change by asking again; only a busy server's may."""
    if isinstance(error, urllib.error.HTTPError) and error.code < 500:
        raise InputError(_unreachable(url, path, error, kept=0)) from error


def _unreachable(url: str, path: Path, error: Exception, *, kept: int) -> str:
    reason = getattr(error, "reason", None) or error
    rest = f"; {kept} bytes are kept, the same command goes on from there" if kept else ""
    host = urllib.parse.urlsplit(url).netloc
    return (
        f"{host} did not give {path.name} ({str(reason)[:120]}){rest}; "
        f"on a machine without internet, fetch {url} elsewhere and copy the file to {path}."
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
