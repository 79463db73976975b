"""What both databases are told, so that an answer that was said to be stored is stored."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from readerstudy import database

FULL = 2  # of PRAGMA synchronous: the log is on the disk before a commit returns


def test_sqlite_waits_for_the_disk_at_every_commit(tmp_path: Path) -> None:
    told = database.from_url("", data=tmp_path)
    with closing(sqlite3.connect(told["NAME"])) as file:
        file.executescript(told["OPTIONS"]["init_command"])
        assert file.execute("PRAGMA synchronous").fetchone() == (FULL,)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(("given", "seconds"), [(None, 20), ("3", 3)])
def test_how_long_a_request_waits_can_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, seconds: int
) -> None:
    monkeypatch.delenv("SQLITE_WAIT_SECONDS", raising=False)
    if given:
        monkeypatch.setenv("SQLITE_WAIT_SECONDS", given)
    assert database.from_url("", data=tmp_path)["OPTIONS"]["timeout"] == seconds


def test_a_wait_that_is_none_is_refused_whatever_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLITE_WAIT_SECONDS", "0")
    for url in ("", "postgresql://localhost/study"):
        with pytest.raises(ImproperlyConfigured, match="smallest allowed value is 1"):
            database.from_url(url, data=tmp_path)


def test_postgresql_that_is_gone_is_noticed_in_seconds(tmp_path: Path) -> None:
    told = database.from_url("postgresql://reader@db.example/study", data=tmp_path)
    assert told["CONN_HEALTH_CHECKS"] is True
    options = told["OPTIONS"]
    assert options["connect_timeout"] <= 10
    silence = options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"]
    assert silence <= 60
    assert options["tcp_user_timeout"] <= 30_000
