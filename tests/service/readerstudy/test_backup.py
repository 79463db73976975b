"""A backup holds the whole instance, and a restore brings all of it back or changes nothing."""

import io
import json
import sqlite3
import stat
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from django.db import connection, connections

from readerstudy.models import ReadingSession, Response
from readerstudy.safekeeping import archive
from readerstudy.safekeeping.archive import FOLDERS
from readerstudy.services import responses, sessions
from tests.factories import NOW, make_invitation, make_study, small_protocol
from tests.instances import Instance, make_instance, new_postgresql_database

MAKE = """
import json
import django; django.setup()
from django.utils import timezone
from readerstudy.selectors.links import link_token
from readerstudy.services import responses, sessions
from tests import factories
study = factories.make_study("open", protocol=factories.small_protocol(warm_up={}))
invitation = factories.make_invitation(study, "Rosa Radiologist")
session = sessions.start(invitation=invitation, seed=1, now=timezone.now())
sessions.begin(session=session, now=timezone.now())
trials = session.trials.select_related("case").order_by("position")
for trial, answer in zip(trials, ("fake", "real")):
    sessions.serve(trial=trial, now=timezone.now())
    responses.record(trial=trial, answer=answer, key=trial.token, rt_ms=1500, now=timezone.now())
print(json.dumps({"slug": study.slug, "link": link_token(invitation), "fingerprint": study.fingerprint}))
"""
LOOK = """
import json, sys
import django; django.setup()
from readerstudy.models import Response, Study
from readerstudy.selectors.links import invitation_behind
study = Study.objects.get()
answers = list(Response.objects.order_by("pk").values_list("answer", flat=True))
print(json.dumps([study.fingerprint, answers, invitation_behind(sys.argv[1]).reader.name]))
"""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.service])])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def new_instance(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Instance]]:
    """Makes empty instances, each with a database of its own."""
    opened = []

    def make() -> Instance:
        database = new_postgresql_database() if kind == "postgresql" else nullcontext("")
        url = database.__enter__()
        opened.append(database)
        variables = {"DATABASE_URL": url} if url else {}
        return make_instance(tmp_path_factory.mktemp("instance") / "data", **variables)

    yield make
    for database in opened:
        database.__exit__(None, None, None)


@pytest.fixture(scope="module")
def made(new_instance, tmp_path_factory) -> tuple[dict[str, str], Path]:
    """A study in the middle of its reading, and a backup of it."""
    instance = new_instance()
    instance.python("manage.py", "migrate", "--verbosity", "0")
    facts = json.loads(instance.python("-c", MAKE).splitlines()[-1])
    file = tmp_path_factory.mktemp("backup") / "instance.tar"
    instance.python("manage.py", "backup", str(file))
    return facts, file


pytestmark = [pytest.mark.enable_socket]


class TestRestore:
    def test_everything_is_back_and_the_links_still_open(self, made, new_instance):
        facts, file = made
        restored = new_instance()
        said = restored.python("manage.py", "restore", str(file))
        assert "Restored into" in said
        found = json.loads(restored.python("-c", LOOK, facts["link"]))
        assert found == [facts["fingerprint"], ["fake", "real"], "Rosa Radiologist"]
        assert "nothing differs" in restored.python("manage.py", "verify_study", facts["slug"]).lower()

    def test_an_instance_with_something_in_it_is_left_alone(self, made, new_instance):
        _, file = made
        other = new_instance()
        other.python("manage.py", "migrate", "--verbosity", "0")
        assert "The database is not empty; restore into a new instance" in other.refusal("restore", str(file))

    def test_a_damaged_file_is_named_and_nothing_changes(self, made, new_instance, tmp_path):
        _, file = made
        damaged = tmp_path / "damaged.tar"
        content = bytearray(file.read_bytes())
        with tarfile.open(file) as tar:
            pixels = next(entry for entry in tar if entry.name.endswith("cases.npy"))
        content[pixels.offset_data + 5000] ^= 1
        damaged.write_bytes(content)
        other = new_instance()
        assert f"{pixels.name} in {damaged} is damaged or missing" in other.refusal("restore", str(damaged))
        assert not [name for name in FOLDERS if (other.data / name).exists()]

    def test_a_cut_file_is_refused(self, made, new_instance, tmp_path):
        _, file = made
        cut = tmp_path / "cut.tar"
        cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        assert "no complete backup" in new_instance().refusal("restore", str(cut))


@pytest.mark.parametrize("name", ["../outside", "/etc/cron.d/x", "var/db.sqlite3", "studies/../../x"])
def test_nothing_lands_outside_the_folder(tmp_path, name):
    hostile = tmp_path / "hostile.tar"
    with tarfile.open(hostile, "w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
    instance = make_instance(tmp_path / "data")
    assert "which no backup has; it was not unpacked" in instance.refusal("restore", str(hostile))


class TestBackup:
    def test_only_its_owner_can_read_it(self, made):
        assert stat.S_IMODE(made[1].stat().st_mode) == 0o600

    def test_names_and_hashes_every_file(self, made):
        with tarfile.open(made[1]) as tar:
            names = set(tar.getnames())
            manifest = json.load(tar.extractfile("manifest.json"))
        assert set(manifest["files"]) | {"manifest.json"} == names
        assert "secret_key" in names
        assert not [name for name in names if name.startswith(("queue", "log", "staticfiles"))]

    def test_an_existing_file_is_not_overwritten(self, made, new_instance):
        instance = new_instance()
        assert "already exists; give another name" in instance.refusal("backup", str(made[1]))


def test_a_copy_taken_while_answers_are_written_is_whole(tmp_path):
    """The copy of SQLite's own backup API has either all of a transaction or nothing of it."""
    source = tmp_path / "db.sqlite3"
    with sqlite3.connect(source) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE pairs (a INTEGER, b INTEGER)")
    writer.executemany("INSERT INTO pairs VALUES (?, ?)", [(i, i) for i in range(50_000)])
    writer.commit()
    steps = []

    def write_meanwhile(status: int, remaining: int, total: int) -> None:
        steps.append(remaining)
        if len(steps) < 4:
            writer.execute("INSERT INTO pairs VALUES (-1, -1)")
            writer.commit()

    with sqlite3.connect(source) as reader, sqlite3.connect(tmp_path / "copy.sqlite3") as copy:
        reader.backup(copy, pages=50, progress=write_meanwhile)
        (n_odd,) = copy.execute("SELECT count(*) FROM pairs WHERE a <> b").fetchone()
        (n_all,) = copy.execute("SELECT count(*) FROM pairs").fetchone()
    assert len(steps) > 1
    assert n_odd == 0
    assert n_all >= 50_000


class TestOtherVersions:
    """A backup that this version cannot read is refused with one sentence, before anything is brought back."""

    @pytest.fixture
    def changed(self, made, tmp_path):
        def change(**facts: object) -> Path:
            file = tmp_path / "changed.tar"
            with tarfile.open(made[1]) as before, tarfile.open(file, "w") as after:
                for entry in before:
                    content = before.extractfile(entry).read()
                    if entry.name == "manifest.json":
                        content = json.dumps(json.loads(content) | facts).encode()
                        entry.size = len(content)
                    after.addfile(entry, io.BytesIO(content))
            return file

        return change

    def test_of_a_format_of_the_future(self, changed, tmp_path):
        other = make_instance(tmp_path / "other")
        said = other.refusal("restore", str(changed(format_version=9)))
        assert "has format version 9; this software reads 1." in said

    def test_of_a_newer_database(self, changed, made, tmp_path):
        with tarfile.open(made[1]) as tar:
            known = json.load(tar.extractfile("manifest.json"))["migrations"]
        assert "readerstudy.0001_initial" in known
        other = make_instance(tmp_path / "other")
        said = other.refusal("restore", str(changed(migrations=[*known, "readerstudy.9001_later"])))
        assert (
            "was made by a newer version of this software, whose database has readerstudy.9001_later; install"
            in said
        )
        assert not [name for name in FOLDERS if (other.data / name).exists()]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="looks into the copy of a SQLite database")
@pytest.mark.django_db(transaction=True)
def test_a_backup_taken_while_readers_answer_holds_whole_answers_only(tmp_path, data_folder):
    """Three readers answer until the second backup is done; each copy holds what one moment held."""
    study = make_study("open", protocol=small_protocol(warm_up={}))
    rooms = [
        sessions.begin(session=sessions.start(invitation=make_invitation(study), seed=i, now=NOW), now=NOW)
        for i in range(3)
    ]

    def read(session: ReadingSession) -> None:
        try:
            for trial in session.trials.order_by("position"):
                sessions.serve(trial=trial, now=NOW)
                responses.record(trial=trial, answer="real", key=trial.token, rt_ms=900, now=NOW)
                time.sleep(0.02)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(rooms)) as pool:
        reading = [pool.submit(read, room) for room in rooms]
        while Response.objects.count() < 4 and not any(one.done() for one in reading):
            time.sleep(0.01)
        before = Response.objects.count()
        archive.write(data_folder, tmp_path / "meanwhile.tar", with_scans=True, now=NOW)
        for one in reading:
            one.result()
    with tarfile.open(tmp_path / "meanwhile.tar") as tar:
        tar.extract("database.sqlite3", tmp_path, filter="data")
    with closing(sqlite3.connect(tmp_path / "database.sqlite3")) as copy:
        assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
        answered = copy.execute(
            "SELECT trial.session_id, trial.position FROM readerstudy_response response "
            "JOIN readerstudy_trial trial ON trial.id = response.trial_id ORDER BY 1, 2"
        ).fetchall()
    assert before <= len(answered) <= 36
    for room in rooms:
        positions = [position for session, position in answered if session == room.pk]
        assert positions == list(range(1, len(positions) + 1))  # each answer with all that came before it
