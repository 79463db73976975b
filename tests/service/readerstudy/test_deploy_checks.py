"""`check --deploy`: silent with the settings that docs/deploy shows, and one sentence for each thing that is not safe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from readerstudy.checks import _CHECKS, look_at_deployment
from tests import nursery
from tests.conftest import PROJECT

SAFE = {
    "HTTPS": True,
    "ALLOWED_HOSTS": ["study.hospital.example"],
    "DEBUG": False,
    "REQUIRE_MFA": True,
    "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
    "METRICS_TOKEN": "t" * 32,
    "EMAIL_HOST": "mail.hospital.example",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "CELERY_BROKER_URL": "filesystem://localhost//",
    "IMPORT_ROOTS": ["/srv/incoming"],
    "ENV_FILE": None,
}
UNSAFE = {
    "no_https": {"HTTPS": False, "ALLAUTH_TRUSTED_PROXY_COUNT": 0},
    "any_host": {"ALLOWED_HOSTS": ["*"]},
    "no_host": {"ALLOWED_HOSTS": ["localhost"]},
    "debug": {"DEBUG": True},
    "short_token": {"METRICS_TOKEN": "secret"},
    "no_second_factor": {"REQUIRE_MFA": False},
    "no_proxy": {"ALLAUTH_TRUSTED_PROXY_COUNT": 0},
    "printed_mail": {"EMAIL_HOST": "", "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
    "open_mail": {"EMAIL_USE_TLS": False},
    "sqlite_for_several": {"CELERY_BROKER_URL": "redis://queue.example:6379/0"},
    "any_folder": {"IMPORT_ROOTS": []},
}  # the other three look at files


@pytest.fixture
def safe(settings, tmp_path, monkeypatch):
    for name, value in SAFE.items():
        setattr(settings, name, value)
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    settings.READERSTUDY_DATA = tmp_path / "private"
    settings.READERSTUDY_DATA.mkdir(mode=0o750)
    return settings


def found() -> list[str]:
    return [message.id.removeprefix("readerstudy.") for message in look_at_deployment()]


def test_safe_settings_are_not_warned_of(safe):
    assert found() == []


@pytest.mark.parametrize("name", UNSAFE)
def test_each_unsafe_setting_is_told(safe, name):
    for setting, value in UNSAFE[name].items():
        setattr(safe, setting, value)
    assert found() == [name]


def test_a_data_folder_that_everybody_reads_is_told(safe):
    safe.READERSTUDY_DATA.chmod(0o755)
    assert found() == ["open_data"]


def test_a_file_of_settings_is_looked_at(safe, tmp_path):
    safe.ENV_FILE = tmp_path / ".env"
    safe.ENV_FILE.write_text("EMIAL_HOST=mail\nDJANGO_HTTPS=1\n")
    safe.ENV_FILE.chmod(0o644)
    told = {message.id: message.msg for message in look_at_deployment()}
    assert told.keys() == {"readerstudy.open_env_file", "readerstudy.unread_setting"}
    assert told["readerstudy.unread_setting"] == "The file of settings names EMIAL_HOST, which nothing reads."


def test_an_instance_for_oneself_is_let_alone(safe):
    safe.HTTPS, safe.ALLOWED_HOSTS, safe.REQUIRE_MFA, safe.IMPORT_ROOTS = False, ["localhost"], False, []
    safe.EMAIL_BACKEND, safe.ALLAUTH_TRUSTED_PROXY_COUNT = UNSAFE["printed_mail"]["EMAIL_BACKEND"], 0
    assert found() == []


def test_each_check_is_tried_here():
    assert _CHECKS.keys() == {*UNSAFE, "open_data", "open_env_file", "unread_setting"}


def test_the_documented_production_settings_have_nothing_to_warn_of():
    """Django's own checks too, in a process of its own."""
    done = subprocess.run(
        [".ci/check-deploy", sys.executable], cwd=PROJECT, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_what_a_bare_machine_serves_to_a_network_is_warned_of(tmp_path):
    done = nursery.run(
        ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env={
            **clean_environment(),
            "READERSTUDY_DATA": str(tmp_path),
            "DJANGO_ALLOWED_HOSTS": "study.example",
        },
    )
    assert done.returncode == 1
    for name in ("no_https", "no_second_factor", "printed_mail", "any_folder"):
        assert f"(readerstudy.{name})" in done.stderr


def clean_environment() -> dict[str, str]:
    """Without what this machine sets."""
    kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PYTHONPATH", "TMPDIR")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    assert Path(sys.executable).is_file()
    return {**found, "READERSTUDY_ENV_FILE": ""}
