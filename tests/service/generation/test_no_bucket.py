"""Without a bucket nothing is published, fetched or imported."""

import os
import subprocess
import sys

from generation import storage
from tests.conftest import PROJECT


class TestWithoutABucket:
    def test_everything_stays_as_it_is(self, settings, tmp_path):
        settings.READERSTUDY_DATA = tmp_path
        (tmp_path / "set").mkdir()
        (tmp_path / "set" / "a.txt").write_text("a")
        storage.publish(tmp_path / "set")
        assert storage.fetch(tmp_path / "nowhere") == tmp_path / "nowhere"
        assert storage.piece(tmp_path / "set", "a.txt") == tmp_path / "set" / "a.txt"
        assert storage.piece(tmp_path / "set", "b.txt") is None
        assert storage.names(tmp_path / "set") == ["a.txt"]
        assert [path.name for path in tmp_path.rglob("*")] == ["set", "a.txt"]

    def test_no_client_is_imported(self):
        """A web process starts as fast, and is as small, as before."""
        look = (
            "import sys, django; django.setup()\n"
            "import readerstudy.urls, generation.storage\n"
            "print([name for name in ('boto3', 'botocore', 'storages') if name in sys.modules])"
        )
        environment = {**os.environ, "STORAGE_URL": "", "DJANGO_SETTINGS_MODULE": "tests.settings"}
        done = subprocess.run(
            [sys.executable, "-c", look],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == "[]"
