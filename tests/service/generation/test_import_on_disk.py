"""An import in a process of its own, with a database on disk: nothing of a patient is left in any byte of the data folder."""

import os
from pathlib import Path

import pytest

from tests import dicom_scans as scans
from tests import nursery

pytestmark = pytest.mark.slow

IMPORT = """
import sqlite3, sys
import django; django.setup()
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from pathlib import Path
from generation.jobs import importing
from generation.models import Cohort
from generation.services import cohorts
call_command("migrate", verbosity=0)
other = sqlite3.connect(settings.DATABASES["default"]["NAME"])  # as the web server has one: the write-ahead log is not emptied by closing the last one
other.execute("SELECT count(*) FROM generation_cohort").fetchall()
for name in ("Neutral", "Zweigelt"):
    row = cohorts.request_import(folder=Path(sys.argv[1]), name=name, now=timezone.now())
    importing.run(row.pk)
print(",".join(Cohort.objects.order_by("pk").values_list("status", flat=True)))
"""


def test_no_byte_is_left_of_the_patient(tmp_path):
    folder = scans.make_study(tmp_path / "Marienhospital" / "Zweigelt_Hildegard")
    data = tmp_path / "data"
    others = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    done = nursery.run(
        ["-c", IMPORT, str(folder)],
        env={**others, "READERSTUDY_DATA": str(data), "DJANGO_SETTINGS_MODULE": "readerstudy.settings"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "finished,failed"
    found = [
        (planted, path.name)
        for path in files_of(data)
        for planted in scans.PLANTED
        if planted.lower().encode() in path.read_bytes().lower()
    ]
    assert found == []
    assert not [planted for planted in scans.PLANTED if planted.lower() in done.stderr.lower()]


def files_of(folder: Path) -> list[Path]:
    """All files, the database and its log among them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert "db.sqlite3" in {path.name for path in files}
    return files
