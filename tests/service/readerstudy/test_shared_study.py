"""A study frozen by one machine, read on another and analysed by a third; operation of what they share."""

import json
import os
from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluation.jobs import analysing
from evaluation.services import study_analyses
from generation import storage
from generation.models import PatchSet
from readerstudy import health, shared_storage
from readerstudy.selectors import pixels, pools
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_pool, make_study

pytestmark = pytest.mark.django_db


def other_process() -> None:
    """Every machine has processes of its own, which have opened nothing yet."""
    pools._opened.cache_clear()
    pixels.of_frozen.cache_clear()


@pytest.fixture
def frozen(machine):
    """A study that machine one froze, whose pools were published."""
    machine("one")
    offered = [make_pool(source) for source in ("real", "dcgan", "wgan")]
    for pool in offered:
        storage.publish(pool.patch_set.folder)
    return make_study("open", offered=offered)


class TestStudy:
    def test_its_pixels_are_in_the_bucket_before_it_is_frozen(self, machine, bucket, monkeypatch):
        machine("one")
        draft = make_study("draft", offered=[make_pool(source) for source in ("real", "dcgan", "wgan")])

        def refuse(*args, **options):
            raise storage.StorageAwayError("The storage does not answer.")

        monkeypatch.setattr(studies.storage, "publish", refuse)
        with pytest.raises(storage.StorageAwayError):
            studies.freeze(study=draft, by=ADMIN, now=NOW)
        draft.refresh_from_db()
        assert draft.status == "draft"

    def test_is_drawn_on_a_machine_that_has_none_of_its_patches(self, machine, bucket):
        machine("one")
        offered = [make_pool(source) for source in ("real", "dcgan", "wgan")]
        for pool in offered:
            storage.publish(pool.patch_set.folder)
        machine("two")
        other_process()
        study = make_study("frozen", offered=offered)
        assert f"studies/{study.slug}/cases.npy/.shared.json" in bucket.stored()

    def test_is_read_elsewhere_with_the_same_pixels(self, frozen, machine):
        here = np.array(pixels.of_study(frozen))
        there = machine("web")
        other_process()
        reader = ReadingBrowser(make_invitation(frozen, "Rosa Radiologist")).begin().see_warm_up()
        reader.press("fake")
        assert not (there / "studies" / frozen.slug).exists()
        assert np.array_equal(pixels.of_study(frozen), here)

    def test_the_whole_file_is_here_before_the_first_panel(self, frozen, machine, monkeypatch):
        """Nothing is fetched for a single panel, so no time of waiting can follow its source."""
        machine("web")
        other_process()
        reader = ReadingBrowser(make_invitation(frozen, "Rosa Radiologist")).begin()
        fetched = []
        download = storage.fetching.bucket.download
        monkeypatch.setattr(
            storage.fetching.bucket,
            "download",
            lambda files, **kw: (fetched.extend(files), download(files, **kw)),
        )
        other_process()
        reader.see_warm_up()
        reader.press("real")
        whole = storage.piece(frozen.pixels_path)
        assert whole.stat().st_size == pixels.of_study(frozen).nbytes + 128
        assert len(fetched) <= 1

    def test_remains_of_a_freezing_that_failed_elsewhere_are_not_shown(self, frozen, machine):
        there = machine("web") / "studies" / frozen.slug
        there.mkdir(parents=True)
        np.save(there / "cases.npy", np.zeros((19, 7, 64, 64), dtype=np.int16))
        other_process()
        assert pixels.of_study(frozen).any()

    def test_is_read_on_while_the_bucket_is_away(self, frozen, machine, bucket, settings):
        machine("web")
        other_process()
        before = np.array(pixels.of_study(frozen))
        settings.STORAGES = bucket.storages(endpoint_url="http://127.0.0.1:9", max_attempts=1)
        other_process()
        assert np.array_equal(pixels.of_study(frozen), before)

    def test_a_machine_that_never_had_it_says_to_try_again(self, frozen, machine, bucket, settings):
        machine("web")
        other_process()
        settings.STORAGES = bucket.storages(endpoint_url="http://127.0.0.1:9", max_attempts=1)
        client = Client()  # whose middleware is that of an instance with a bucket
        client.force_login(User.objects.create_superuser("Eve"))
        answer = client.get(reverse("readerstudy:pool", args=[frozen.pools.first().slug]))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")

    def test_a_discarded_draft_leaves_nothing_in_the_bucket(
        self, machine, bucket, django_capture_on_commit_callbacks
    ):
        folder = machine("one")
        draft = make_study("draft", offered=[make_pool(source) for source in ("real", "dcgan", "wgan")])
        left = folder / "studies" / draft.slug / "cases.npy"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"of a freezing that came to nothing")
        storage.publish(left)
        with django_capture_on_commit_callbacks(execute=True):
            studies.discard(study=draft, by=ADMIN, now=NOW)
        assert bucket.stored() == []
        assert not left.exists()

    def test_its_analysis_is_seen_and_downloaded_elsewhere(self, frozen, machine, study_admin, bucket):
        machine("one")
        reader = ReadingBrowser(make_invitation(frozen, "Rosa Radiologist")).begin().see_warm_up()
        reader.press("fake")
        studies.close(study=frozen, by=ADMIN, now=timezone.now())
        frozen.refresh_from_db()
        analysis = study_analyses.start(study=frozen, now=timezone.now())
        machine("worker")
        analysing.run(analysis.pk)
        analysis.refresh_from_db()
        assert (analysis.status, analysis.error) == ("finished", "")
        machine("web")
        other_process()
        answer = study_admin.get(reverse("evaluation:analysis_file", args=[frozen.slug, "statistics.json"]))
        content = answer.content if not answer.streaming else b"".join(answer.streaming_content)
        assert json.loads(content)
        archive = study_admin.get(reverse("evaluation:everything_zip", args=[frozen.slug]))
        assert b"statistics.json" in b"".join(archive.streaming_content)


class TestSettings:
    def test_no_url_is_no_bucket(self):
        assert shared_storage.from_url("") == {}

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("http://bucket", 'STORAGE_URL begins with "http"; write s3://bucket or s3://bucket/folder.'),
            ("s3://", 'STORAGE_URL names the bucket ""'),
            ("s3://Upper/folder", 'STORAGE_URL names the bucket "Upper"'),
            ("s3://bucket/a/../b", "whose folder cannot be used"),
        ],
    )
    def test_a_url_that_cannot_be_read_is_named(self, url, words):
        with pytest.raises(ImproperlyConfigured) as raised:
            shared_storage.from_url(url)
        assert words in str(raised.value)

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ({"S3_ACCESS_KEY_ID": "key"}, "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together"),
            ({"S3_ENDPOINT_URL": "minio:9000"}, 'S3_ENDPOINT_URL is "minio:9000", which is no address'),
        ],
    )
    def test_the_rest_is_looked_at_by_a_check(self, bucket, settings, told, words):
        settings.S3 = dict.fromkeys(settings.S3, "") | told
        (found,) = shared_storage.look()
        assert words in found.msg

    def test_sound_settings_have_nothing_to_say(self, bucket):
        assert shared_storage.look() == []

    def test_a_key_without_a_bucket_is_told(self, settings):
        settings.S3 = settings.S3 | {"S3_REGION": "eu-central-1"}
        (found,) = shared_storage.look()
        assert found.msg == "S3_REGION is set without STORAGE_URL, so files stay in the data folder."


class TestHealth:
    def test_is_well_where_the_bucket_answers(self, bucket):
        assert health.examine()["storage"].is_well

    def test_is_not_ready_where_it_does_not(self, bucket, settings):
        settings.STORAGES = bucket.storages(endpoint_url="http://127.0.0.1:9")
        findings = health.examine()
        assert findings["storage"].words == "The shared storage cannot be used; the log says why."
        assert not health.is_ready(findings)

    def test_is_not_asked_without_one(self):
        assert "storage" not in health.examine()


class TestShareFiles:
    def test_brings_an_instance_into_a_bucket(self, s3_server, settings, tmp_path):
        from tests.s3_server import new_bucket

        study = make_study("frozen", offered=[make_pool(source) for source in ("real", "dcgan", "wgan")])
        made = new_bucket(s3_server)
        settings.STORAGES = made.storages()
        call_command("share_files")
        n_things = PatchSet.objects.count() + 1
        assert len([key for key in made.stored() if key.endswith(".shared.json")]) == n_things
        settings.READERSTUDY_DATA = tmp_path / "other"
        other_process()
        assert pixels.of_study(study).any()
        call_command("share_files")

    def test_names_what_is_nowhere(self, bucket, machine):
        machine("one")
        pool = make_pool()
        machine("two")
        with pytest.raises(
            CommandError, match=f"Neither here nor in the bucket: patch_sets/{pool.patch_set.slug};"
        ):
            call_command("share_files")

    def test_needs_a_bucket(self):
        with pytest.raises(CommandError, match="There is no bucket; set STORAGE_URL"):
            call_command("share_files")


class TestTrimCache:
    def test_removes_what_was_used_longest_ago_and_can_be_fetched_again(self, frozen, machine):
        machine("one")
        old, young = [pool.patch_set for pool in frozen.pools.select_related("patch_set").order_by("pk")[:2]]
        long_ago = (timezone.now() - timedelta(days=2)).timestamp()
        os.utime(old.folder / ".shared.json", (long_ago, long_ago))
        call_command("trim_cache", max_gb=0)
        assert not old.folder.exists()
        assert young.folder.exists()  # used within the last hour
        assert storage.fetch(old.folder).exists()

    def test_keeps_what_the_bucket_does_not_hold(self, frozen, machine, bucket):
        machine("one")
        row = frozen.pools.first().patch_set
        os.utime(row.folder / ".shared.json", (0, 0))
        bucket.delete(f"patch_sets/{row.slug}/.shared.json")
        call_command("trim_cache", max_gb=0)
        assert row.folder.exists()

    def test_needs_a_bucket(self):
        with pytest.raises(
            CommandError, match="There is no bucket to fetch files from again; nothing was removed"
        ):
            call_command("trim_cache", max_gb=1)
