"""Typed, loud access to environment variables: a value that cannot be read stops the start with one sentence."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")

_SECRET: Final = re.compile("PASSWORD|SECRET|TOKEN|ACCESS_KEY")

asked: Final[set[str]] = set()  # names that some setting has read


def read_file(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines as systemd and compose do: `#` begins a comment line, quotes around a value go, nothing is expanded."""
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not (stripped := line.strip()) or stripped.startswith(("#", ";")):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise ImproperlyConfigured(f"{path}, line {number}: write NAME=value, or begin the line with #.")
        name, value = match[1], match[2].strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name] = value
    return found


def load_file(default: Path) -> Path | None:
    """Take settings from READERSTUDY_ENV_FILE, else from `default` where it exists; the environment itself comes first."""
    named = _raw("READERSTUDY_ENV_FILE")
    path = default if named is None else Path(named.strip()).expanduser()
    if named is not None and not named.strip():
        return None
    if not path.is_file():
        if named is None:
            return None
        raise ImproperlyConfigured(
            f'READERSTUDY_ENV_FILE names "{path}", which is no file; correct or clear it.'
        )
    for name, value in read_file(path).items():
        os.environ.setdefault(name, value)
    return path.resolve()


def secrets() -> set[str]:
    """What was read and must not be told: passwords, keys and tokens, and passwords inside addresses."""
    read = {name: os.environ.get(name, "") for name in asked}
    found = {value for name, value in read.items() if _SECRET.search(name)}
    for url in (value for value in read.values() if "://" in value):
        with suppress(ValueError):
            password = urlsplit(url).password or ""
            found |= {password, unquote(password)}
    return found - {""}


def _raw(name: str) -> str | None:
    asked.add(name)
    return os.environ.get(name)


def text(name: str, default: str = "") -> str:
    raw = _raw(name)
    return default if raw is None else raw


def flag(name: str, *, default: bool) -> bool:
    raw = _raw(name)
    if raw is None:
        return default
    word = raw.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ImproperlyConfigured(f'{name} is "{raw}"; write 1 or 0.')


def integer(name: str, *, default: int, minimum: int = 0) -> int:
    raw = _raw(name)
    if raw is None or not raw.strip():
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f'{name} is "{raw}"; write a whole number.') from None
    if value < minimum:
        raise ImproperlyConfigured(f"{name} is {value}; the smallest allowed value is {minimum}.")
    return value


def words(name: str, *, default: list[str]) -> list[str]:
    raw = _raw(name)
    if raw is None:
        return default
    return [word.strip() for word in raw.split(",") if word.strip()]


def folder(name: str, *, default: Path) -> Path:
    raw = (_raw(name) or "").strip()
    return Path(raw).expanduser().resolve() if raw else default


def one_of(name: str, known: tuple[str, ...], *, default: str) -> str:
    value = (_raw(name) or "").strip() or default
    if value not in known:
        raise ImproperlyConfigured(f'{name} is "{value}"; write {" or ".join(known)}.')
    return value
