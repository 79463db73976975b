"""Log lines hold no link, token, password or address."""

import json
import logging

import pytest

from readerstudy.logs import JsonLineFormatter, LineFormatter, without_secrets

LINK = "0123456789abcdef0123456789abcdef-1.Zm9vYmFyYmF6cXV4cXV1eGNvcmdl"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Not Found: /read/i/{LINK}/consent/", "Not Found: /read/i/…/consent/"),
        ("Gone: /read/t/0123456789abcdef0123456789abcdef/panel.png", "Gone: /read/t/…/panel.png"),
        (f"link {LINK} is not known", "link … is not known"),
        ("Authorization: Bearer rs_abc.DEF-123", "Authorization: Bearer …"),
        ("postgresql://reader:s3cret@db:5432/study", "postgresql://reader:…@db:5432/study"),
        ("smtp login password=hunter2&x=1", "smtp login password=…&x=1"),
        ("mail to rosa.r@example.org failed", "mail to …@… failed"),
        ("checkpoint step-0000400 written in 12.5 s", "checkpoint step-0000400 written in 12.5 s"),
    ],
)
def test_replaces_what_is_secret_and_nothing_else(text, shown):
    assert without_secrets(text) == shown


def record(**more: object) -> logging.LogRecord:
    made = logging.LogRecord(
        "readerstudy", logging.WARNING, __file__, 1, "Gone: %s", ("/read/i/secret/",), None
    )
    made.__dict__.update(more)
    return made


def test_a_line_is_masked_after_its_arguments_are_in():
    text = LineFormatter("{levelname} {name}: {message}", style="{").format(record())
    assert text == "WARNING readerstudy: Gone: /read/i/…/"


def test_a_traceback_is_masked_too():
    try:
        raise ValueError("rosa@example.org")
    except ValueError as error:
        told = record(exc_info=(type(error), error, error.__traceback__))
    assert "rosa" not in LineFormatter().format(told)


def test_json_lines_are_json():
    formatter = JsonLineFormatter("{levelname}{message}", style="{", rename_fields={"levelname": "level"})
    assert json.loads(formatter.format(record())) == {"level": "WARNING", "message": "Gone: /read/i/…/"}
