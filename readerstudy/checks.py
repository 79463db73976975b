"""What `manage.py check --deploy` says of an instance that others can reach, where Django itself has no check.

Each warning is one sentence with its mend. One that somebody has read and lives with is named in SILENCED_CHECKS.
"""

import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - named by Django

from readerstudy import env

MIN_TOKEN_LENGTH: Final = 20
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", "testserver", ""})
_READ_BY_ALL: Final = stat.S_IROTH | stat.S_IXOTH | stat.S_IWOTH


def look_at_deployment(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Everything that stands between this instance and people who must not reach into it."""
    return [
        Warning(words.format(found), hint=mend, id=f"readerstudy.{name}")
        for name, (look, words, mend) in _CHECKS.items()
        if (found := look())
    ]


def listen() -> None:
    """Ask these questions with `check --deploy`, and with no other command."""
    register(look_at_deployment, Tags.security, deploy=True)


def _is_reached() -> bool:
    """Somebody beyond this machine can open the pages."""
    return settings.HTTPS or bool(set(settings.ALLOWED_HOSTS) - _LOCAL)


def _is_http_beyond_this_machine() -> bool:
    return not settings.HTTPS and bool(set(settings.ALLOWED_HOSTS) - _LOCAL)


def _is_any_host_served() -> bool:
    return any(host in {"*", "."} for host in settings.ALLOWED_HOSTS)


def _has_no_name() -> bool:
    return settings.HTTPS and not set(settings.ALLOWED_HOSTS) - _LOCAL


def _is_debugging() -> bool:
    return settings.DEBUG and _is_reached()


def _is_token_short() -> bool:
    return 0 < len(settings.METRICS_TOKEN) < MIN_TOKEN_LENGTH


def _is_password_enough() -> bool:
    return _is_reached() and not settings.REQUIRE_MFA


def _is_proxy_unknown() -> bool:
    return settings.HTTPS and not settings.ALLAUTH_TRUSTED_PROXY_COUNT


def _is_mail_printed() -> bool:
    return _is_reached() and settings.EMAIL_BACKEND.endswith("console.EmailBackend")


def _is_mail_in_the_clear() -> bool:
    told = settings.EMAIL_HOST
    return bool(told) and told not in _LOCAL and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL)


def _is_sqlite_for_several() -> bool:
    broker = urlsplit(settings.CELERY_BROKER_URL)
    is_elsewhere = broker.scheme != "filesystem" and (broker.hostname or "") not in _LOCAL
    return is_elsewhere and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")


def _is_any_folder_imported() -> bool:
    return _is_reached() and not settings.IMPORT_ROOTS


def _is_data_open() -> bool:
    return _is_reached() and _is_open_to_all(settings.READERSTUDY_DATA)


def _is_env_file_open() -> bool:
    return settings.ENV_FILE is not None and _is_open_to_all(settings.ENV_FILE)


def _is_open_to_all(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & _READ_BY_ALL)


def _unread() -> str:
    """Names in the file of settings that no setting has."""
    if settings.ENV_FILE is None or not settings.ENV_FILE.exists():
        return ""
    return ", ".join(sorted(env.read_file(settings.ENV_FILE).keys() - env.asked))


# name: (is it so?, what is the matter, what mends it)
_CHECKS: Final[dict[str, tuple[Callable[[], bool | str], str, str]]] = {
    "no_https": (
        _is_http_beyond_this_machine,
        "The pages are served under a name of a network without HTTPS: everybody on the way can read personal links and passwords.",
        "Put a proxy with HTTPS in front and set DJANGO_HTTPS=1.",
    ),
    "any_host": (
        _is_any_host_served,
        "DJANGO_ALLOWED_HOSTS serves every host name: a stranger can have links to set a password mailed with a name of his own in them.",
        "Write the names of the site into DJANGO_ALLOWED_HOSTS.",
    ),
    "no_host": (
        _has_no_name,
        "DJANGO_HTTPS=1, but DJANGO_ALLOWED_HOSTS holds names of this machine only: nobody can open a page through the proxy.",
        "Write the name of the site into DJANGO_ALLOWED_HOSTS.",
    ),
    "debug": (
        _is_debugging,
        "DJANGO_DEBUG=1 shows settings and source code to whoever makes a page fail.",
        "Remove DJANGO_DEBUG.",
    ),
    "short_token": (
        _is_token_short,
        f"METRICS_TOKEN has fewer than {MIN_TOKEN_LENGTH} characters and can be guessed.",
        'Make one with `python3 -c "import secrets; print(secrets.token_urlsafe(32))"`.',
    ),
    "no_second_factor": (
        _is_password_enough,
        "A password alone opens the desk.",
        "Set REQUIRE_MFA=1, so that every account sets up a second factor.",
    ),
    "no_proxy": (
        _is_proxy_unknown,
        "TRUSTED_PROXIES is 0, so that behind the proxy all visitors share one computer's limit of failed sign-ins.",
        "Set TRUSTED_PROXIES to the number of proxies in front, each of which hands on X-Forwarded-For.",
    ),
    "printed_mail": (
        _is_mail_printed,
        "Without EMAIL_HOST invitations and links to set a password are printed into the log, where they work for whoever reads it.",
        "Set EMAIL_HOST; where links are handed out in person only, write SILENCED_CHECKS=readerstudy.printed_mail.",
    ),
    "open_mail": (
        _is_mail_in_the_clear,
        "EMAIL_HOST is another machine and is spoken to without TLS: personal links cross the network in the clear.",
        "Set EMAIL_PORT=587, or EMAIL_USE_TLS=1.",
    ),
    "sqlite_for_several": (
        _is_sqlite_for_several,
        "CELERY_BROKER_URL names another machine while the database is a SQLite file, which workers elsewhere cannot share safely.",
        "Set DATABASE_URL to a PostgreSQL database.",
    ),
    "any_folder": (
        _is_any_folder_imported,
        "IMPORT_ROOTS is empty: a study admin may name any folder that this program can read as one to import from.",
        "Write the folders of incoming patches into IMPORT_ROOTS.",
    ),
    "open_data": (
        _is_data_open,
        "Every account of this machine can look into READERSTUDY_DATA, which holds names of readers and the key of their links.",
        "chmod 750 the folder.",
    ),
    "open_env_file": (
        _is_env_file_open,
        "Every account of this machine can read the file of settings, which holds passwords.",
        "chmod 640 the file.",
    ),
    "unread_setting": (
        _unread,
        "The file of settings names {}, which nothing reads.",
        "Correct the name; README.md, Settings, lists them all.",
    ),
}
