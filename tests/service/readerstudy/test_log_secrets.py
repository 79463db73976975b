"""Secrets of the machine and of people, planted everywhere and sent through every way into the log: none comes out."""

import json
import logging
import os

import pytest

from readerstudy import logs
from readerstudy.logs import JsonLineFormatter, LineFormatter, without_secrets
from tests import nursery

LINK = "0123456789abcdef0123456789abcdef-1.Zm9vYmFyYmF6cXV4cXV1eGNvcmdl"
SECRETS = {
    "DATABASE_URL": "postgresql://reader:Dat4basePassw0rd@127.0.0.1:1/study",
    "CELERY_BROKER_URL": "amqp://worker:Br0kerPassw0rd@127.0.0.1:1//",
    "DJANGO_SECRET_KEY": "k3y-of-this-instance-" + "Zx9" * 12,
    "METRICS_TOKEN": "metr1cs-token-of-the-operator",
    "EMAIL_HOST_PASSWORD": "M4ilPassw0rd",
    "EMAIL_HOST_USER": "mailer@hospital.example",
}
PLANTED = (
    "Dat4basePassw0rd", "Br0kerPassw0rd", SECRETS["DJANGO_SECRET_KEY"], SECRETS["METRICS_TOKEN"], "M4ilPassw0rd",
    "mailer@hospital.example", "rosa@example.org", LINK.split(".")[1], "0123456789abcdef0123456789abcdef", "rst_s3cretT0ken",
)  # fmt: skip

# Every secret of the settings in a message, as an argument, in a traceback's message and in that of its cause.
LEAK = f"""
import logging, os, traceback
import django; django.setup()
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
secrets = [os.environ[name] for name in {sorted(SECRETS)!r}] + ["/read/i/{LINK}/", "Authorization: Bearer rst_s3cretT0ken", "to rosa@example.org"]
for name in ("readerstudy", "generation.jobs", "django.request", "celery.app.trace", "kombu", "gunicorn.error", "py.warnings", "root"):
    logger = logging.getLogger(name)
    for one in secrets:
        logger.error("trouble with %s", one)
        logger.warning("trouble " + one)
        try:
            try:
                raise ConnectionError(one)
            except ConnectionError as error:
                raise RuntimeError({{"settings": one}}) from error
        except RuntimeError:
            logger.exception("failed")
try:
    connection.ensure_connection()
except Exception:
    logging.getLogger("readerstudy").exception("the database is away: %s", settings.DATABASES["default"])
from celery import current_app
try:
    current_app.connection_for_write(connect_timeout=1).ensure_connection(max_retries=1, timeout=1, interval_start=0)
except Exception:
    logging.getLogger("celery").exception("no queue at %s", settings.CELERY_BROKER_URL)
plain = {{"staticfiles": {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}}}
override_settings(STORAGES={{**settings.STORAGES, **plain}}).enable()
client = Client(raise_request_exception=False, HTTP_HOST="localhost")
client.get("/read/i/{LINK}/")
client.get("/metrics", HTTP_AUTHORIZATION="Bearer {SECRETS["METRICS_TOKEN"]}")
client.get("/api/v1/studies", HTTP_AUTHORIZATION="Bearer rst_s3cretT0ken")
client.get("/sign-in/?next=/read/i/{LINK}/")
client.post("/password/", {{"email": "rosa@example.org"}})
"""


@pytest.mark.parametrize("kind", ["line", "json"])
def test_no_planted_secret_is_logged(kind, tmp_path):
    (tmp_path / "staticfiles").mkdir()  # WhiteNoise warns where there is none
    others = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    told = {
        **SECRETS,
        "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
        "READERSTUDY_DATA": str(tmp_path),
        "LOG_FORMAT": kind,
    }
    done = nursery.run(["-c", LEAK], env={**others, **told})
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("trouble") > 8 * 2 * 8
    assert "the database is away" in done.stderr
    if kind == "json":
        assert [line for line in done.stderr.splitlines() if not line.startswith("{")] == []
        assert all(json.loads(line) for line in done.stderr.splitlines())
    assert [secret for secret in PLANTED if secret in done.stderr + done.stdout] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{'USER': 'r', 'PASSWORD': 's3cret'}", "{'USER': 'r', 'PASSWORD': '…'}"),
        ('{"api_key": "s3cret", "n": 1}', '{"api_key": "…", "n": 1}'),
        ("STORAGE_SECRET_KEY=s3cret/+x", "STORAGE_SECRET_KEY=…"),
        ("secret_key='s3cret'", "secret_key='…'"),
        ("password: s3cret", "password: …"),
        ("a token rst_AbC-123_x was used", "a token … was used"),
        ("s3://AKIA:s3cret@bucket/path", "s3://AKIA:…@bucket/path"),
        ("?X-Amz-Signature=abcdef&X-Amz-Date=1", "?X-Amz-Signature=…&X-Amz-Date=1"),
        (
            "the next token is a comma; a key of 12 characters",
            "the next token is a comma; a key of 12 characters",
        ),
    ],
)
def test_a_secret_is_known_by_its_name(text, shown):
    assert without_secrets(text) == shown


def test_values_of_the_settings_are_hidden_wherever_they_stand(monkeypatch):
    monkeypatch.setattr(logs, "_hidden", [])
    logs.hide(["an odd value 17", "short", ""])
    assert without_secrets("said an odd value 17 once") == "said … once"
    assert without_secrets("too short to be told from a word") == "too short to be told from a word"


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonLineFormatter("{message}", style="{")])
def test_a_stack_is_masked_too(formatter):
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "m", (), None)
    record.stack_info = "locals: password='s3cret' rosa@example.org"
    assert "s3cret" not in formatter.format(record)
    assert "rosa" not in formatter.format(record)
