"""A download that breaks off never looks whole; what a full disk stops leaves no half of a file and says what to free."""

import http.client
import io
import json
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from evaluation.core import analysis as analyses
from evaluation.jobs import analysing
from evaluation.models import StudyAnalysis
from evaluation.services import study_analyses
from readerstudy.models import Study
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study, small_protocol
from tests.service.faults.make_reading import N_LARGE
from tests.service.faults.postgresql import Cluster
from tests.service.faults.small_disk import SmallDisk
from tests.service.faults.web import Web, kill

BEGINNING = 1_000_000  # bytes that are read before the fault


def download(web: Web, *, after_beginning: Callable[[], None] = lambda: None) -> tuple[bytes, bool]:
    """Everything of the closed study as a ZIP, and whether the server brought it to its end."""
    path = f"/desk/studies/{web.made['closed']}/results/everything.zip"
    with closing(http.client.HTTPConnection(web.address.host, web.address.port, timeout=60)) as connection:
        connection.request("GET", path, headers={"Cookie": f"sessionid={web.made['admin']}"})
        response = connection.getresponse()
        assert (response.status, response.getheader("Content-Length")) == (200, None)
        content = response.read(BEGINNING)
        after_beginning()
        try:
            return content + response.read(), True
        except http.client.IncompleteRead as rest:
            return content + rest.partial, False
        except ConnectionError:
            return content, False


def check_whole(web: Web) -> None:
    content, is_whole = download(web)
    assert is_whole
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.testzip() is None
        assert {one["name"] for one in json.loads(found.read("manifest.json"))["files"]} < set(
            found.namelist()
        )
        assert len(found.read("report.html")) == N_LARGE


@pytest.mark.enable_socket
class TestDownloadBrokenOff:
    def test_the_server_is_killed(self, sqlite_web: Web) -> None:
        def strike() -> None:
            kill(sqlite_web.master)
            for pid in workers:
                kill(pid)

        workers = sqlite_web.workers
        content, is_whole = download(sqlite_web, after_beginning=strike)
        assert not is_whole
        assert len(content) < N_LARGE
        assert not zipfile.is_zipfile(io.BytesIO(content))
        sqlite_web.wait()
        check_whole(sqlite_web)

    @pytest.mark.service
    def test_the_database_goes(self, postgresql_web: Web, cluster: Cluster) -> None:
        content, is_whole = download(
            postgresql_web, after_beginning=lambda: assert_some(cluster.end_connections("postgres"))
        )
        assert not is_whole
        assert len(content) > BEGINNING
        assert not zipfile.is_zipfile(io.BytesIO(content))
        check_whole(postgresql_web)


def assert_some(n: int) -> None:
    assert n > 0


@pytest.mark.django_db
class TestDiskFull:
    @pytest.fixture
    def study(self, settings, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> Study:
        """A closed study whose files lie on a small disk."""
        monkeypatch.setattr(
            analysing, "options_of", lambda row: analyses.AnalysisOptions(margin=0.1, n_replicates=100)
        )
        settings.READERSTUDY_DATA = disk.folder / "data"
        study = make_study("open", protocol=small_protocol(warm_up={}))
        reader = ReadingBrowser(make_invitation(study)).begin()
        reader.follow_link()
        while "All done" not in reader.text:
            reader.press("fake")
        return studies.close(study=study, by=ADMIN, now=NOW)

    def test_an_analysis_fails_with_what_to_free_and_can_be_begun_again(
        self, study: Study, disk: SmallDisk, study_admin: Client
    ) -> None:
        row = StudyAnalysis.objects.get(study=study)
        disk.fill(leave=60_000)
        analysing.run(row.pk)
        row.refresh_from_db()
        assert (row.status, row.files, list(row.folder.glob("*"))) == ("failed", [], [])
        assert row.error.startswith("The disk was full")
        assert row.error.endswith("make room where the data folder lies, then start it again.")
        page = study_admin.get(reverse("evaluation:results", args=[study.slug])).content.decode()
        assert "make room where the data folder lies, then start it again." in page
        disk.make_room()
        study_analyses.start(study=study, now=NOW)
        analysing.run(row.pk)
        row.refresh_from_db()
        assert (row.status, row.error) == ("finished", "")
        assert {path.name for path in row.folder.iterdir()} == set(row.files)

    def test_a_zip_needs_no_room(self, study: Study, disk: SmallDisk, study_admin: Client) -> None:
        disk.fill()
        response = study_admin.get(reverse("evaluation:everything_zip", args=[study.slug]))
        with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as found:
            assert found.testzip() is None
            assert "manifest.json" in found.namelist()

    def test_an_export_into_a_folder_leaves_nothing(self, study: Study, disk: SmallDisk) -> None:
        disk.fill(leave=10_000)
        out = disk.folder / "out"
        with pytest.raises(
            CommandError, match=r"No space left on device; make room or choose another folder\.$"
        ):
            call_command("export_study", study.slug, out=out)
        assert list(out.iterdir()) == []
        disk.make_room()
        call_command("export_study", study.slug, out=out)
        assert "manifest.json" in {path.name for path in out.iterdir()}

    @pytest.mark.skipif(
        connection.vendor != "sqlite", reason="the room it takes is measured on the file of SQLite"
    )
    @pytest.mark.django_db(transaction=True)  # a backup is no part of anybody's transaction
    @pytest.mark.parametrize("what", ["the copy of the database", "the backup itself"])
    def test_a_backup_leaves_nothing(self, settings, disk: SmallDisk, what: str) -> None:
        settings.READERSTUDY_DATA = disk.folder / "data"
        make_study("open")
        n_bytes = Path(connection.settings_dict["NAME"]).stat().st_size
        disk.fill(leave=n_bytes // 2 if what == "the copy of the database" else n_bytes + n_bytes // 2)
        before = sorted(disk.folder.iterdir())
        with pytest.raises(CommandError, match="make room or choose another place") as said:
            call_command("backup", str(disk.folder / "instance.tar"))
        assert ("copy of the database" in str(said.value)) == (what == "the copy of the database")
        assert sorted(disk.folder.iterdir()) == before
        disk.make_room()
        call_command("backup", str(disk.folder / "instance.tar"))
        assert (disk.folder / "instance.tar").stat().st_size > n_bytes
