"""A real worker is killed with SIGKILL in the middle of an extraction; others go on with what is missing."""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from generation.core.patch_set import sha256_of_file
from tests.instances import Instance, make_instance
from tests.queues import BROKERS, Workers, new_queue
from tests.scans import make_patient_folder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # on a machine with other work
    pytest.mark.enable_socket,
]

SECONDS = 180

PREPARE = """
import sys
import django; django.setup()
from pathlib import Path
from django.core.management import call_command
from django.utils import timezone
from generation.core.extraction_options import ExtractionOptions
from generation.jobs import extracting, importing
from generation.models import Cohort
from generation.services import cohorts, patch_sets, regions
call_command("migrate", verbosity=0)
row = cohorts.request_import(folder=Path(sys.argv[1]), name="Tiny", now=timezone.now())
importing.run(row.pk)
row.refresh_from_db()
regions.approve_waiting(cohort=row, by="Ada Admin", now=timezone.now())
for name in ("alone", "queued"):
    made = patch_sets.request_extraction(
        cohort=row, options=ExtractionOptions(seed=5, healthy_per_breast_slice=1), name=name, now=timezone.now()
    )
    if name == "alone":
        extracting.run(made.pk)
"""

ENQUEUE = """
import django; django.setup()
from generation import tasks
from generation.models import PatchSet
tasks.extract.delay(PatchSet.objects.get(slug="queued").pk)
"""

TAKE_UP = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from generation.models import PatchSet
from generation.services import recovery
later = timezone.now() + timedelta(minutes=2)
print([row.slug for row in recovery.release_silent(started_at=later, now=later)])
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of an instance with two extractions of the same patients: one is done, one waits."""
    folder = tmp_path_factory.mktemp("prepared")
    for number in (1, 2, 3):
        make_patient_folder(folder / "scans" / f"P0{number}", seed=number)
    instance = make_instance(folder / "data")
    instance.python("-c", PREPARE, str(folder / "scans"))
    return instance.data


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def instance(broker: str, prepared: Path, tmp_path: Path) -> Iterator[Instance]:
    with new_queue(broker) as variables:
        shutil.copytree(prepared, tmp_path / "data")
        yield make_instance(tmp_path / "data", **variables)


@pytest.fixture
def workers(instance: Instance, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(instance, tmp_path)
    yield workers
    workers.kill()


def row_of(instance: Instance) -> tuple[str, int, str]:
    with closing(sqlite3.connect(instance.data / "db.sqlite3", timeout=20)) as database:
        query = "SELECT status, n_done, error FROM generation_patchset WHERE slug = 'queued'"
        return database.execute(query).fetchone()


def wait_until(
    instance: Instance, workers: Workers, is_there: Callable[[tuple[str, int, str]], bool]
) -> None:
    until = time.monotonic() + SECONDS
    while not is_there(row := row_of(instance)):
        assert time.monotonic() < until, (row, workers.log()[-3000:])
        time.sleep(0.02)


def test_killed_in_the_middle_and_taken_up_by_two_others(broker, instance, workers):
    patch_sets = instance.data / "patch_sets"
    instance.python("-c", ENQUEUE)
    workers.start("first")
    wait_until(instance, workers, lambda row: row[1] >= 1)
    workers.kill()
    status, n_done, _ = row_of(instance)
    assert (status, 0 < n_done < 3) == ("running", True)
    assert not (patch_sets / "queued").exists()
    finished = sorted(path.name for path in (patch_sets / ".queued.parts").glob("P0?"))
    shutil.rmtree(instance.data / "cohorts" / "tiny" / finished[0])  # whoever extracts it again will fail

    assert instance.python("-c", TAKE_UP) == "['queued']"
    workers.start("second")
    workers.start("third")
    wait_until(instance, workers, lambda row: row[0] not in {"queued", "running"})
    assert row_of(instance) == ("finished", 3, "")
    for name in ("patches.npy", "index.csv", "manifest.json"):
        assert sha256_of_file(patch_sets / "queued" / name) == sha256_of_file(patch_sets / "alone" / name)
    wait_until(instance, workers, lambda row: not (patch_sets / ".queued.parts").exists())
    assert sorted(path.name for path in patch_sets.iterdir()) == ["alone", "queued"]
    if broker != "filesystem":  # what the first worker had in hand came again, by the broker itself
        in_hand = workers.in_hand("first")
        wait_until(instance, workers, lambda row: in_hand <= set(workers.received("second", "third")))
