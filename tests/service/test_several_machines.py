"""Machines with nothing in common but PostgreSQL, Redis and a bucket; one is cut off in the middle of a training."""

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.instances import Instance, make_instance, new_postgresql_database
from tests.nursery import Process
from tests.queues import Workers, new_queue
from tests.scans import make_patient_folder
from tests.service.faults.forks import wait_until

pytestmark = [
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.timeout(1200),  # on a machine with other work
    pytest.mark.enable_socket,
]

N_PATIENTS = 4
COMMON = {
    "DJANGO_SECRET_KEY": "the same on every machine",
    "DJANGO_ALLOWED_HOSTS": "testserver",
    "TORCH_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}

# Notes which machine changed the status of what.
TELL = """
CREATE TABLE told (
  id serial, machine text DEFAULT current_setting('application_name'), kind text, pk bigint, status text
);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status <> OLD.status THEN
    INSERT INTO told (kind, pk, status) VALUES (TG_TABLE_NAME, NEW.id, NEW.status);
  END IF;
  RETURN NEW;
END $$;
"""
TABLES = {
    "import": "generation_cohort",
    "patch set": "generation_patchset",
    "part": "generation_patchsetpart",
    "training": "generation_trainingrun",
    "score": "evaluation_metricrun",
}

# The watch of an instance, which need not wait for two minutes to find the first training that is lost.
WATCH = """
import django; django.setup()
from datetime import timedelta
from django.core.management import call_command
from generation.services import recovery
from readerstudy.serving import job_watch
release, usual = recovery.release_silent, recovery.TRAINING_SILENT
def release_early(**wish):
    released = release(**wish)
    if released:
        recovery.TRAINING_SILENT = usual
    return released
recovery.release_silent, recovery.TRAINING_SILENT = release_early, timedelta(seconds=1)
job_watch.RECOVER_EVERY_SECONDS = 0.2
call_command("watch_jobs")
"""

Change = tuple[str, str]  # machine, status


@contextmanager
def program(instance: Instance, *argv: str, log: Path) -> Iterator[Process]:
    """A process of a machine, to talk with; killed at the end."""
    with (
        log.open("w") as errors,
        Process(
            argv, env=instance.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def line_of(process: Process, log: Path) -> str:
    """The next line that a program writes."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, log.read_text()[-5000:]
    return line


def say(process: Process) -> None:
    """Have a program go on."""
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def changes(database: psycopg.Connection[Any], what: str) -> list[list[Change]]:
    """Every change of the jobs, or parts, of one kind, in the order in which they came; one list for each."""
    query = "SELECT pk, machine, status FROM told WHERE kind = %s ORDER BY id"
    found: dict[int, list[Change]] = defaultdict(list)
    for pk, machine, status in database.execute(query, [TABLES[what]]):
        found[pk].append((machine, status))
    return [found[pk] for pk in sorted(found)]


def statuses(database: psycopg.Connection[Any], what: str) -> list[list[str]]:
    return [[status for _, status in one] for one in changes(database, what)]


def checkpoints(database: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return database.execute("SELECT step, created_at FROM generation_checkpoint ORDER BY step").fetchall()


def test_two_of_three_come_to_what_one_alone_comes_to(s3_server: str, tmp_path: Path) -> None:
    from tests.s3_server import new_bucket  # an import of a second

    for number in range(N_PATIENTS):
        make_patient_folder(tmp_path / "scans" / f"P0{number}", seed=number)
    bucket = new_bucket(s3_server)
    work = ["-m", "tests.service.desk_work", str(tmp_path / "scans")]
    logs = {name: tmp_path / f"{name}.log" for name in ("alone", "desk", "watch")}
    with ExitStack() as stack:
        url = stack.enter_context(new_postgresql_database())
        queue = stack.enter_context(new_queue("redis"))
        shared = {**COMMON, **queue, **bucket.environment, "DATABASE_URL": url}
        machines = {
            name: make_instance(tmp_path / name, **shared, PGAPPNAME=name)  # how the database knows it
            for name in ("desk", "one", "two")
        }
        alone = make_instance(tmp_path / "alone", **COMMON)
        undisturbed = stack.enter_context(program(alone, *work, "alone", log=logs["alone"]))
        say(undisturbed)
        desk = stack.enter_context(program(machines["desk"], *work, "queue", log=logs["desk"]))
        workers = {name: Workers(machines[name], tmp_path) for name in ("one", "two")}
        for name, worker in workers.items():
            worker.start(name)
            stack.callback(worker.kill)

        def said() -> str:
            return "\n".join(log.read_text()[-3000:] for log in tmp_path.glob("*.log"))

        assert line_of(desk, logs["desk"]) == "migrated\n"
        database = stack.enter_context(psycopg.connect(url, autocommit=True))
        triggers = (
            f"CREATE TRIGGER tell AFTER UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION tell();"
            for table in TABLES.values()
        )
        database.execute(TELL + "".join(triggers))
        wait_until(lambda: all("ready." in workers[name].log(name) for name in workers), why=said)
        say(desk)

        wait_until(lambda: checkpoints(database) or desk.poll() is not None, why=said)
        assert desk.poll() is None, said()
        [[(lost, _)]] = changes(database, "training")  # one of them holds it, and nothing else happened to it
        workers[lost].kill()
        shutil.rmtree(machines[lost].data)
        before = checkpoints(database)
        [left] = set(workers) - {lost}
        watch = stack.enter_context(program(machines["desk"], "-c", WATCH, log=logs["watch"]))
        found = json.loads(line_of(desk, logs["desk"]))
        assert line_of(undisturbed, logs["alone"]) == "migrated\n"
        expected = json.loads(line_of(undisturbed, logs["alone"]))
        watch.terminate()
        assert watch.wait(timeout=60) == 0
        assert watch.stdout
        noticed = watch.stdout.read()

        once = ["running", "finished"]
        assert statuses(database, "import") == [once]
        assert statuses(database, "patch set") == [once] * 2
        assert statuses(database, "part") == [once] * N_PATIENTS
        assert {machine for part in changes(database, "part") for machine, _ in part} == {"one", "two"}
        assert changes(database, "training") == [
            [(lost, "running"), ("desk", "queued"), (left, "running"), (left, "finished")]
        ]
        assert statuses(database, "score") == [once]
        assert noticed.count("is gone; it is queued again") == 1
        after = checkpoints(database)

    assert 1 <= len(before) < len(after)
    assert after[: len(before)] == before  # not made a second time
    assert found == expected
    assert found["pixels here"] == found["sha256"][1]
    assert found["score"]["classes"]["benign"]
    assert not machines[lost].data.exists()
    stored = [key.removesuffix("/.shared.json") for key in bucket.stored() if key.endswith("/.shared.json")]
    assert [key.rpartition("-")[2] for key in stored if "/checkpoints/step-" in key] == [
        f"{step:07}" for step, _ in after
    ]
    assert not [key for key in stored if ".parts" in key]
