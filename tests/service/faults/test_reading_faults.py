"""Readers answer while a process, a database or a disk fails: each answer is stored once, and reading goes on by itself."""

import html
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import pytest

from tests.service.faults.postgresql import Cluster
from tests.service.faults.reader import Crowd, Reader, Refusal
from tests.service.faults.web import Web, is_open, is_there, kill

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow]

LOCK = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
file.execute("ROLLBACK")
"""
AWAY = "The server's database does not answer just now; wait a moment, then load this page again."
AWAY_GERMAN = "Die Datenbank des Servers antwortet gerade nicht; warten Sie einen Moment"
FULL = "The server's disk is full and nothing can be stored; tell the person who invited you, then load this page again."
AT_THE_DESK = "The database does not answer just now; wait a moment, then try again."


def crowd_of(web: Web, n: int) -> Crowd:
    """Readers in the middle of their reading."""
    crowd = Crowd([web.new_reader() for _ in range(n)], n_panels=14)
    crowd.wait_until(lambda: crowd.are_reading(2), web.said)
    return crowd


def check_each_is_stored_once(web: Web, crowd: Crowd) -> None:
    for reader in crowd.readers:
        assert len(reader.given) == crowd.n_panels
        assert web.stored(reader) == reader.given
        for refusal in reader.refusals:
            assert refusal == Refusal(
                503, "5", "application/json", json.dumps({"kind": "away", "sentence": AWAY})
            )


class TestWebServerKilled:
    def test_the_server_itself(self, web: Web) -> None:
        crowd = crowd_of(web, 3)
        master, workers = web.master, web.workers
        kill(master)
        crowd.wait_until(lambda: web.master != master, web.said)  # its supervisor has started another
        crowd.finish()
        check_each_is_stored_once(web, crowd)
        assert not any(is_there(pid) for pid in (master, *workers))

    def test_the_processes_that_answer(self, web: Web) -> None:
        crowd = crowd_of(web, 3)
        master, workers = web.master, web.workers
        with web.open_line() as line:
            for pid in workers:
                kill(pid)
            assert not is_open(line)
        crowd.wait_until(lambda: len(set(web.workers) - set(workers)) == len(workers), web.said)
        crowd.finish()
        check_each_is_stored_once(web, crowd)
        assert web.master == master

    def test_after_the_answer_was_stored_and_before_its_reply_was_heard(self, sqlite_web: Web) -> None:
        web = sqlite_web
        reader = web.new_reader().sit_down()
        body = reader.next_body()
        reader.send_and_hang_up("answers/", body)
        until = time.monotonic() + 60
        while not web.stored(reader):
            assert time.monotonic() < until
            time.sleep(0.02)
        for pid in web.workers:
            kill(pid)
        assert reader.until_answered("answers/", body)["n_done"] == 1
        assert web.stored(reader) == reader.given


@pytest.mark.service
class TestPostgresqlKilled:
    def test_reading_waits_for_it_and_goes_on_by_itself(self, postgresql_web: Web, cluster: Cluster) -> None:
        web = postgresql_web
        crowd = crowd_of(web, 3)
        before = web.master, web.workers
        cluster.kill()
        crowd.wait_until(lambda: all(reader.refusals for reader in crowd.readers), web.said)
        reader = crowd.readers[0]
        check_page(reader, f"/read/t/{reader.given[0].token}/", AWAY)
        check_page(Reader(web.address, reader.facts, "de"), f"/read/t/{reader.given[0].token}/", AWAY_GERMAN)
        self._check_desk(web)
        cluster.start()
        crowd.finish()
        check_each_is_stored_once(web, crowd)
        assert (web.master, web.workers) == before  # nobody had to start anything again
        assert reader.ask("/health/ready")[0] == 200

    def test_connections_ended_under_it(self, postgresql_web: Web, cluster: Cluster) -> None:
        crowd = crowd_of(postgresql_web, 3)
        n_ended = 0
        for _ in range(5):
            n_ended += cluster.end_connections("postgres")
        crowd.finish()
        assert n_ended > 0
        check_each_is_stored_once(postgresql_web, crowd)

    @staticmethod
    def _check_desk(web: Web) -> None:
        admin = web.admin()
        check_page(admin, "/desk/studies/", AT_THE_DESK)
        status, headers, content = admin.ask("/api/v1/studies", Authorization="Bearer rst_of_a_script")
        assert (status, headers["Retry-After"]) == (503, "5")
        assert content == b'{"error": "%s"}' % AT_THE_DESK.encode()
        assert admin.ask("/health/live")[0] == 200
        status, _, content = admin.ask("/health/ready")
        assert status == 503
        assert b"Traceback" not in content


class TestSqliteLocked:
    def test_the_answer_is_refused_and_sent_again(self, sqlite_web: Web) -> None:
        reader = sqlite_web.new_reader().sit_down()
        body = reader.next_body()
        with locked(sqlite_web):
            status, headers, content = reader.ask(f"/read/s/{reader.public_id}/answers/", body)
            assert (status, headers["Retry-After"]) == (503, "5")
            assert AWAY in content.decode()
            assert sqlite_web.stored(reader) == []
        reader.until_answered("answers/", body)
        assert sqlite_web.stored(reader) == reader.given

    def test_the_page_of_a_reader_without_script_says_so_and_the_same_form_is_stored_once(
        self, sqlite_web: Web
    ) -> None:
        reader = sqlite_web.new_reader("de").sit_down()
        body = reader.next_body()
        page = f"/read/t/{body['token']}/"
        form = urlencode({**body, "csrfmiddlewaretoken": reader.facts["csrftoken"]})
        with locked(sqlite_web):
            check_page(reader, page, AWAY_GERMAN)
            check_page(reader, page, AWAY_GERMAN, form=form)
        assert reader.ask(page, form=form)[0] == 302
        assert reader.ask(page, form=form)[0] == 302  # the browser was told to load the page again
        assert sqlite_web.stored(reader) == reader.given


class TestDiskFull:
    def test_the_answer_is_refused_says_why_and_is_sent_again(self, sqlite_web: Web) -> None:
        disk = sqlite_web.disk
        assert disk is not None
        disk.skip_if_refused()
        reader = sqlite_web.new_reader().sit_down().read(2)
        body = reader.next_body()
        forget_log(sqlite_web)  # as long as there is a log to write over, SQLite needs no room
        disk.fill()
        try:
            status, headers, content = reader.ask(f"/read/s/{reader.public_id}/answers/", body)
            assert (status, headers["Retry-After"]) == (503, "30")
            assert json.loads(content) == {"kind": "away", "sentence": FULL}
            check_page(reader, f"/read/t/{body['token']}/", FULL, wait="30")
            status, _, content = reader.ask("/health/ready")
            assert status == 503
            assert (
                "MB are free where the data folder lies; make room" in json.loads(content)["checks"]["files"]
            )
            assert sqlite_web.stored(reader) == reader.given[:2]
        finally:
            disk.make_room()
        reader.until_answered("answers/", body)
        assert sqlite_web.stored(reader.read(3)) == reader.given


def forget_log(web: Web) -> None:
    """Bring everything from SQLite's log into its database, and cut the log to nothing."""
    until = time.monotonic() + 60
    with closing(sqlite3.connect(web.instance.data / "db.sqlite3")) as file:
        while file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            assert time.monotonic() < until


def check_page(reader: Reader, path: str, sentence: str, *, form: str | None = None, wait: str = "5") -> None:
    """A page for a person, that says in one sentence what is the matter."""
    status, headers, content = reader.ask(path, form=form)
    text = html.unescape(content.decode())
    assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, wait, "no-store")
    assert sentence in text
    assert not re.search(r"Traceback|psycopg|sqlite|Error\b", text)


@contextmanager
def locked(web: Web) -> Iterator[None]:
    """Another process holds the write lock of the database for as long as it likes."""
    argv = [sys.executable, "-c", LOCK, str(web.instance.data / "db.sqlite3")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            other.communicate("\n", timeout=60)
