"""What no view could answer: the machine's faults are told from the program's."""

import errno
import sqlite3

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.template import TemplateSyntaxError

from readerstudy.views.unavailable import AWAY, FULL, Trouble, trouble_of


def of_sqlite(code: int) -> OperationalError:
    cause = sqlite3.OperationalError("words that differ between versions")
    cause.sqlite_errorcode = code
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


def of_postgresql(cause: Exception, kind: type[Exception] = OperationalError) -> Exception:
    error = kind(*cause.args)
    error.__cause__ = cause
    return error


def led_to(error: Exception, later: Exception) -> Exception:
    later.__context__ = error
    return later


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (None, None),
        (KeyError("key"), None),
        (of_sqlite(sqlite3.SQLITE_ERROR), None),  # no such table: a fault of ours
        (of_sqlite(sqlite3.SQLITE_BUSY), AWAY),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), AWAY),  # an extended code
        (of_sqlite(sqlite3.SQLITE_IOERR), AWAY),
        (of_sqlite(sqlite3.SQLITE_FULL), FULL),
        (of_postgresql(psycopg.OperationalError("connection refused")), AWAY),
        (of_postgresql(psycopg.errors.AdminShutdown("terminating connection")), AWAY),
        (of_postgresql(psycopg.InterfaceError("closed"), InterfaceError), AWAY),
        (of_postgresql(psycopg.errors.DiskFull("could not extend file")), FULL),
        (of_postgresql(psycopg.errors.UndefinedTable("no such table"), ProgrammingError), None),
        (OSError(errno.ENOSPC, "No space left on device"), FULL),
        (FileNotFoundError(errno.ENOENT, "No such file"), None),
        (led_to(of_sqlite(sqlite3.SQLITE_BUSY), TemplateSyntaxError("while rendering")), AWAY),
    ],
    ids=repr,
)
def test_trouble_of(error: BaseException | None, trouble: Trouble | None) -> None:
    assert trouble_of(error) == trouble


@pytest.mark.parametrize("trouble", [AWAY, FULL])
def test_no_sentence_tells_of_a_truth(trouble: Trouble) -> None:
    for sentence in (trouble.to_reader, trouble.to_desk):
        assert sentence.endswith(".")
        assert sentence.count(". ") == 0
        assert not {"real", "synthetic", "dcgan", "wgan"} & set(sentence.lower().split())
