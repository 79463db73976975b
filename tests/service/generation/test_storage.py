"""Files published to a bucket and fetched from it: whole, checked, or not at all."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from generation import storage
from generation.storage import bucket as requests
from generation.storage import fetching, listing
from tests.conftest import PROJECT

LARGE = 20_000_000  # bytes; sent in parts


@pytest.fixture
def folder(bucket, machine) -> Path:
    """A folder of this machine that is finished and not published."""
    place = machine("one") / "patch_sets" / "set"
    (place / "qc").mkdir(parents=True)
    (place / "patches.npy").write_bytes(bytes(range(256)) * 300)
    (place / "qc" / "P01.jpg").write_bytes(b"picture")
    (place / ".hidden").write_bytes(b"draft")
    return place


@pytest.fixture
def elsewhere(folder, machine):
    """The same folder as another machine names it, after it was published."""
    storage.publish(folder)
    return machine("two") / "patch_sets" / "set"


def content_of(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def object_of(bucket, name: str) -> str:
    (key,) = [key for key in bucket.stored() if key.endswith(name)]
    return key


class TestPublish:
    def test_the_list_names_every_file_with_size_and_hash(self, folder, bucket):
        storage.publish(folder)
        listed = json.loads(bucket.read("patch_sets/set/.shared.json"))
        assert {name: one["bytes"] for name, one in listed["files"].items()} == {
            "patches.npy": 76_800,
            "qc/P01.jpg": 7,
        }
        base = f"patch_sets/set/{listed['version']}"
        assert sorted(bucket.stored()) == sorted(
            ["patch_sets/set/.shared.json", f"{base}/patches.npy", f"{base}/qc/P01.jpg"]
        )
        assert bucket.read(f"{base}/patches.npy") == (folder / "patches.npy").read_bytes()

    def test_the_list_is_written_last(self, folder, monkeypatch):
        order = []
        upload, write = requests.upload, requests.write
        monkeypatch.setattr(
            requests, "upload", lambda *args, **kw: (order.append("files"), upload(*args, **kw))
        )
        monkeypatch.setattr(requests, "write", lambda *args: (order.append("list"), write(*args))[1])
        storage.publish(folder)
        assert order == ["files", "list"]

    def test_again_sends_nothing(self, folder, monkeypatch):
        storage.publish(folder)
        sent = []
        monkeypatch.setattr(requests, "upload", lambda files, **kw: sent.extend(files))
        monkeypatch.setattr(requests, "write", lambda *args: pytest.fail("written again"))
        storage.publish(folder)
        assert sent == []

    def test_anew_replaces_what_was_there(self, folder, bucket, elsewhere, machine):
        assert storage.fetch(elsewhere)
        (folder / "patches.npy").write_bytes(b"others")
        machine("one")
        storage.publish(folder)
        assert len(bucket.stored()) == 3  # the earlier files are gone
        machine("two")
        assert content_of(storage.fetch(elsewhere))["patches.npy"] == b"others"

    def test_an_upload_that_is_killed_leaves_nothing_that_is_trusted(self, bucket, folder):
        (folder / "patches.npy").write_bytes(os.urandom(LARGE))
        killed = """
import os, sys, django; django.setup()
from pathlib import Path
from django.conf import settings
from generation import storage
from generation.storage import bucket
write = bucket.write
bucket.write = lambda *args: os.kill(os.getpid(), 9)  # every file is sent, the list is not
storage.publish(settings.READERSTUDY_DATA / "patch_sets" / "set")
"""
        environment = {
            **os.environ,
            **bucket.environment,
            "READERSTUDY_DATA": str(folder.parent.parent),
            "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
        }
        done = subprocess.run([sys.executable, "-c", killed], cwd=PROJECT, env=environment, check=False)
        assert done.returncode == -9
        assert [key for key in bucket.stored() if key.endswith("patches.npy")]
        assert not storage.is_published(folder)
        storage.publish(folder)
        assert storage.is_published(folder)

    def test_large_files_travel_in_parts_while_the_job_is_told_alive(
        self, folder, elsewhere, machine, monkeypatch
    ):
        (folder / "patches.npy").write_bytes(os.urandom(LARGE))
        monkeypatch.setattr(requests, "TELL_SECONDS", 0.0)
        told = []
        machine("one")
        storage.publish(folder, tell=lambda: told.append("up"))
        machine("two")
        storage.fetch(elsewhere, tell=lambda: told.append("down"))
        assert set(told) == {"up", "down"}
        assert content_of(elsewhere) == content_of(folder)

    def test_a_job_that_lost_its_claim_stops_sending(self, folder, monkeypatch):
        (folder / "patches.npy").write_bytes(os.urandom(LARGE))
        monkeypatch.setattr(requests, "TELL_SECONDS", 0.0)

        def lose() -> None:
            raise InterruptedError("another worker has it")

        with pytest.raises(InterruptedError, match="another worker has it"):
            storage.publish(folder, tell=lose)
        assert not storage.is_published(folder)


class TestFetch:
    def test_brings_every_file_under_its_name(self, folder, elsewhere):
        assert storage.fetch(elsewhere) == elsewhere
        assert content_of(elsewhere) == content_of(folder)
        assert [path.name for path in elsewhere.parent.iterdir()] == ["set"]

    def test_again_downloads_nothing(self, elsewhere, monkeypatch):
        storage.fetch(elsewhere)
        monkeypatch.setattr(requests, "download", lambda *args, **kw: pytest.fail("downloaded again"))
        storage.fetch(elsewhere)

    @pytest.mark.parametrize("damage", [b"", b"x" * 76_800], ids=["cut", "changed"])
    def test_a_damaged_local_copy_is_fetched_again(self, folder, elsewhere, damage):
        storage.fetch(elsewhere)
        (elsewhere / "patches.npy").write_bytes(damage)
        assert content_of(storage.fetch(elsewhere)) == content_of(folder)

    def test_a_change_that_keeps_size_and_time_is_found_by_reading(self, folder, elsewhere):
        storage.fetch(elsewhere)
        path = elsewhere / "patches.npy"
        before = path.stat()
        path.write_bytes(b"x" * before.st_size)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert content_of(storage.fetch(elsewhere, verify=True)) == content_of(folder)

    def test_what_lies_here_and_is_not_published_is_used(self, folder):
        assert storage.fetch(folder) == folder
        assert (folder / "patches.npy").exists()

    def test_remains_of_another_machine_give_way(self, folder, elsewhere):
        elsewhere.mkdir(parents=True)
        (elsewhere / "patches.npy").write_bytes(b"of a worker that was killed")
        assert content_of(storage.fetch(elsewhere)) == content_of(folder)

    def test_what_is_nowhere_is_named(self, bucket, machine):
        place = machine("one") / "patch_sets" / "gone"
        with pytest.raises(storage.StorageError, match='"patch_sets/gone" is neither on this machine nor in'):
            storage.fetch(place)

    @pytest.mark.parametrize("damage", [b"", b"x" * 76_800], ids=["cut", "changed"])
    def test_a_damaged_object_is_named_and_nothing_takes_its_name(self, bucket, elsewhere, damage):
        key = object_of(bucket, "patches.npy")
        bucket.write(key, damage)
        with pytest.raises(storage.StorageError, match=f'"{key}" in s3://.* is damaged'):
            storage.fetch(elsewhere)
        assert list(elsewhere.parent.iterdir()) == []

    def test_a_missing_object_is_named(self, bucket, elsewhere):
        key = object_of(bucket, "P01.jpg")
        bucket.delete(key)
        with pytest.raises(storage.MissingError, match=f'"{key}" is missing in s3://'):
            storage.fetch(elsewhere)
        assert not elsewhere.exists()

    @pytest.mark.parametrize("damage", [b"{", b'{"files": {}}'])
    def test_a_damaged_list_is_named(self, bucket, elsewhere, damage):
        bucket.write("patch_sets/set/.shared.json", damage)
        with pytest.raises(
            storage.StorageError, match=r'The list of files "patch_sets/set/.shared.json" .* is damaged'
        ):
            storage.fetch(elsewhere)

    def test_a_list_that_leads_out_of_the_folder_is_refused(self, bucket, elsewhere):
        hostile = listing.Listing({"../../outside": listing.FileFacts(1, "0" * 64)})
        bucket.write("patch_sets/set/.shared.json", hostile.to_json())
        with pytest.raises(storage.StorageError, match="is damaged"):
            storage.fetch(elsewhere)

    def test_two_at_once_download_once(self, folder, elsewhere, monkeypatch):
        download, n_downloads, meet = requests.download, [], threading.Barrier(2)

        def counted(files, **options):
            n_downloads.append(1)
            time.sleep(0.2)
            download(files, **options)

        monkeypatch.setattr(requests, "download", counted)
        faults = []

        def one() -> None:
            try:
                meet.wait()
                storage.fetch(elsewhere)
                assert content_of(elsewhere) == content_of(folder)
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(n_downloads) == 1

    def test_published_anew_while_it_is_fetched_brings_the_new(self, folder, elsewhere, machine, monkeypatch):
        """The list is read, then another machine replaces everything that it names."""
        here = machine("two")
        download, interfered = fetching.bucket.download, []

        def interfere(files, **options):
            if not interfered:
                interfered.append(True)
                machine("one")
                (folder / "patches.npy").write_bytes(b"newer")
                storage.publish(folder)
                machine("two")
            download(files, **options)

        monkeypatch.setattr(requests, "download", interfere)
        assert content_of(storage.fetch(here / "patch_sets" / "set"))["patches.npy"] == b"newer"

    def test_a_bucket_that_is_away_leaves_what_is_here(self, folder, elsewhere, bucket, settings):
        storage.fetch(elsewhere)
        settings.STORAGES = bucket.storages(endpoint_url="http://127.0.0.1:9", max_attempts=1)
        assert content_of(storage.fetch(elsewhere)) == content_of(folder)
        (elsewhere / "patches.npy").write_bytes(b"damaged meanwhile")
        with pytest.raises(storage.StorageAwayError, match=r"at http://127\.0\.0\.1:9 does not answer"):
            storage.fetch(elsewhere)

    def test_a_bucket_that_is_not_there_is_named(self, elsewhere, bucket, settings):
        settings.STORAGES = bucket.storages(bucket_name="another-bucket")
        with pytest.raises(
            storage.StorageError, match="There is no bucket s3://another-bucket/instance at http"
        ):
            storage.fetch(elsewhere)


class TestPiece:
    def test_brings_one_file_and_leaves_the_rest(self, elsewhere):
        found = storage.piece(elsewhere, "qc/P01.jpg")
        assert found.read_bytes() == b"picture"
        assert not elsewhere.exists()
        assert storage.names(elsewhere) == ["patches.npy", "qc/P01.jpg"]

    def test_is_the_file_itself_where_the_folder_is_here(self, folder):
        storage.publish(folder)
        assert storage.piece(folder, "patches.npy") == folder / "patches.npy"

    def test_is_none_where_there_is_none(self, elsewhere):
        assert storage.piece(elsewhere, "nothing.txt") is None
        assert storage.piece(elsewhere.with_name("nowhere"), "patches.npy") is None

    def test_never_replaces_a_file_that_is_still_written(self, bucket, machine):
        history = machine("one") / "training_runs" / "run" / "history.csv"
        history.parent.mkdir(parents=True)
        history.write_text("1\n")
        storage.publish(history)
        history.write_text("1\n2\n")
        assert storage.piece(history).read_text() == "1\n"
        assert history.read_text() == "1\n2\n"
        storage.publish(history)
        assert storage.piece(history) == history

    def test_follows_what_is_published(self, bucket, machine):
        one = machine("one") / "history.csv"
        for text in ("1\n", "1\n2\n"):
            machine("one")
            one.write_text(text)
            storage.publish(one)
            assert storage.piece(machine("two") / "history.csv").read_text() == text


class TestRemove:
    def test_here_and_in_the_bucket(self, folder, elsewhere, bucket, machine):
        storage.fetch(elsewhere)
        storage.piece(elsewhere, "qc/P01.jpg")
        storage.remove(elsewhere)
        assert bucket.stored() == []
        assert not elsewhere.exists()

    def test_everything_below_and_nothing_beside(self, folder, bucket):
        storage.publish(folder)
        beside = folder.with_name("set-2")
        beside.mkdir()
        (beside / "patches.npy").write_bytes(b"1")
        storage.publish(beside)
        storage.remove(folder)
        assert {key.split("/")[1] for key in bucket.stored()} == {"set-2"}

    def test_a_bucket_that_is_away_keeps_nobody_from_removing(self, folder, bucket, settings, caplog):
        storage.publish(folder)
        settings.STORAGES = bucket.storages(endpoint_url="http://127.0.0.1:9", max_attempts=1)
        storage.remove(folder)
        assert not folder.exists()
        assert "may still lie in the shared storage" in caplog.text
