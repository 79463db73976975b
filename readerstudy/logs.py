"""Log lines that may be handed on: no link of a reader, no token, no address of a person; as text or as JSON."""

import logging
import re
from collections.abc import Iterable
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter

# What follows /read/i/, /read/s/ and the like opens a reader's session; who holds a bearer token acts for its account.
_NAMED: Final = r"\b[\w-]*(?:password|passwd|secret|token|key|signature|credential)"
_MIN_LENGTH: Final = 8  # a shorter value is not told from a word
_SECRETS: Final = (
    (re.compile(r"(/read/(?:i|s|t|panel)/)[^/\s\"'?]+"), r"\1…"),
    (re.compile(r"\b[0-9a-f]{32}(?:-\d+)?(?:\.[\w-]{20,})?"), "…"),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]+"), r"\1…"),
    (re.compile(r"(?i)\b(\w+://[^\s:/@]+:)[^\s@]+@"), r"\1…@"),
    (re.compile(r"\brst_[\w-]+"), "…"),
    # password=x, X-Amz-Signature=x, 'SECRET_KEY': 'x', "token": "x", password: x
    (re.compile(rf"(?i)({_NAMED}[\"']?\s*[=:]\s*)([\"'])(?:(?!\2)[^\\]|\\.)*\2"), r"\1\2…\2"),
    (re.compile(rf"(?i)({_NAMED}=)[^\s&\"'…]+"), r"\1…"),
    (re.compile(r"(?i)((?:password|passwd|secret_key|access_key): )[^\s&\"'…]+"), r"\1…"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),
)


_hidden: list[str] = []


def hide(values: Iterable[str]) -> None:
    """Keep these values of the settings out of every line, wherever they stand in it."""
    _hidden.extend(value for value in values if len(value) >= _MIN_LENGTH and value not in _hidden)


def without_secrets(text: str) -> str:
    """Replace links, tokens, passwords and e-mail addresses by an ellipsis."""
    for value in _hidden:
        text = text.replace(value, "…")
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class LineFormatter(logging.Formatter):
    """One line of text for people."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class JsonLineFormatter(JsonFormatter):
    """One JSON object per line for programs that collect logs: time, level, name, message, exception."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Mask texts before JSON puts backslashes into them."""
        masked = {
            name: without_secrets(one) if isinstance(one, str) else one for name, one in log_data.items()
        }
        return dict(super().process_log_record(masked))

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))
