"""Two machines with data folders of their own share the database and a bucket, and work as one."""

import shutil

import pytest
from django.urls import reverse

from generation import storage
from generation.core.patch_set import open_patch_set, sha256_of_file
from generation.jobs import extracting, importing, sampling, training
from generation.models import Cohort, PatchSet
from generation.services import cohorts, extractions, generators, jobs, patch_sets, regions, training_runs
from tests.service.generation.conftest import FEW, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """Messages for parts as they would go to the broker."""
    messages: list[int] = []
    monkeypatch.setattr(extracting, "_send", lambda parts: messages.extend(part.pk for part in parts))
    return messages


@pytest.fixture
def imported(machine, scans) -> Cohort:
    """A cohort that machine one imported."""
    machine("one")
    row = cohorts.request_import(folder=scans, name="Tiny scans", now=NOW)
    importing.run(row.pk)
    row.refresh_from_db()
    assert row.status == "finished", row.error
    regions.approve_waiting(cohort=row, by="Ada Admin", now=NOW)
    return row


@pytest.fixture
def extracted(imported, machine) -> PatchSet:
    """Its patches, made by machine two."""
    machine("two")
    row = patch_sets.request_extraction(cohort=imported, options=FEW, now=NOW)
    extracting.run(row.pk)
    row.refresh_from_db()
    assert row.status == "finished", row.error
    return row


def units(bucket) -> list[str]:
    return [key.removesuffix("/.shared.json") for key in bucket.stored() if key.endswith("/.shared.json")]


class TestCohort:
    def test_every_patient_is_published_and_its_picture_seen_elsewhere(self, imported, bucket, machine, desk):
        assert units(bucket) == ["cohorts/tiny-scans/P01", "cohorts/tiny-scans/P02"]
        machine("web")
        page = desk.get(reverse("generation:cohort_regions", args=[imported.slug]))
        address = reverse("generation:cohort_region_sheet", args=[imported.slug, "P01"])
        assert address in page.content.decode()
        assert desk.get(address).content[:2] == b"\xff\xd8"
        assert not imported.folder.exists()  # the scans stay where they are needed

    def test_an_import_that_fails_leaves_nothing(self, bucket, machine, scans, monkeypatch):
        machine("one")
        (scans / "P02" / "T1_pre.nii.gz").write_bytes(b"no picture")
        row = cohorts.request_import(folder=scans, name="Half", now=NOW)
        importing.run(row.pk)
        row.refresh_from_db()
        assert row.status == "failed"
        assert bucket.stored() == []


class TestExtraction:
    def test_parts_of_two_machines_are_joined_by_a_third(self, imported, sent, machine, bucket):
        whole = patch_sets.request_extraction(cohort=imported, options=FEW, name="Alone", now=NOW)
        machine("one")
        extracting.run(whole.pk)
        row = patch_sets.request_extraction(cohort=imported, options=FEW, name="By three", now=NOW)
        machine("three")
        extracting.begin(row.pk)
        for name, part in zip(("one", "two"), sent, strict=True):
            machine(name)
            extracting.run_part(part)
        row.refresh_from_db()
        assert (row.status, row.error) == ("finished", "")
        machine("four")
        folders = [storage.fetch(one.folder) for one in (whole, row)]
        sums = [
            [sha256_of_file(folder / name) for name in ("patches.npy", "index.csv")] for folder in folders
        ]
        assert sums[0] == sums[1]
        assert not [key for key in bucket.stored() if ".parts/" in key]

    def test_what_a_lost_machine_made_is_not_made_again(self, imported, sent, machine, monkeypatch):
        row = patch_sets.request_extraction(cohort=imported, options=FEW, name="Lost", now=NOW)
        lost = machine("one")
        extracting.begin(row.pk)
        extracting.run_part(sent[0])
        shutil.rmtree(lost)
        PatchSet.objects.filter(pk=row.pk).update(status="queued")
        machine("two")
        made = []
        make = extracting.cohort_extraction.make_part
        monkeypatch.setattr(
            extracting.cohort_extraction, "make_part", lambda *args: (made.append(args), make(*args))[1]
        )
        sent.clear()
        extracting.begin(row.pk)
        for part in sent:
            extracting.run_part(part)
        row.refresh_from_db()
        assert (row.status, len(made)) == ("finished", 1)

    def test_sheets_and_split_are_seen_elsewhere(self, extracted, machine, desk):
        machine("web")
        page = desk.get(reverse("generation:cohort_qc", args=[extracted.cohort.slug, extracted.slug]))
        address = reverse("generation:cohort_qc_sheet", args=[extracted.cohort.slug, extracted.slug, "P01"])
        assert address in page.content.decode()
        assert desk.get(address).content[:2] == b"\xff\xd8"
        assert not extracted.folder.exists()

    def test_discarded_is_gone_from_the_bucket(self, imported, sent, machine, bucket):
        row = patch_sets.request_extraction(cohort=imported, options=FEW, name="Discarded", now=NOW)
        machine("one")
        extracting.begin(row.pk)
        extracting.run_part(sent[0])
        assert [key for key in bucket.stored() if "discarded" in key]
        row.refresh_from_db()
        jobs.fail(row, error="for a test", now=NOW)
        machine("web")
        extractions.discard(patch_set=row)
        assert not [key for key in bucket.stored() if "discarded" in key]


class TestTraining:
    @pytest.fixture
    def started(self, extracted):
        changes = {"n_steps": 6, "checkpoint_every": 2, "width": 8, "batch_size": 4}
        return training_runs.create(
            patch_set=extracted, preset="dcgan", seed=1, name="Shared run", changes=changes, now=NOW
        )

    def test_goes_on_on_another_machine_to_the_same_weights(
        self, started, extracted, machine, monkeypatch, desk
    ):
        """The first machine is gone after step 4: bucket and database are all that the second one has."""
        config = {
            name: started.config[name] for name in ("n_steps", "checkpoint_every", "width", "batch_size")
        }
        alone = training_runs.create(
            patch_set=extracted, preset="dcgan", seed=1, name="Alone", changes=config, now=NOW
        )
        machine("alone")
        training.run(alone.pk)
        lost = machine("one")
        monkeypatch.setattr(training.training_files, "HISTORY_SECONDS", 0.0)
        share = training.training_files.share_checkpoint

        def die_after_four(row, step, **options):
            done = share(row, step, **options)
            if step == 6:
                raise SystemExit("the machine is switched off")
            return done

        monkeypatch.setattr(training.training_files, "share_checkpoint", die_after_four)
        with pytest.raises(SystemExit):
            training.run(started.pk)
        monkeypatch.setattr(training.training_files, "share_checkpoint", share)
        shutil.rmtree(lost)
        type(started).objects.filter(pk=started.pk).update(status="queued")
        machine("two")
        training.run(started.pk)
        started.refresh_from_db()
        alone.refresh_from_db()
        assert (started.status, started.error, started.n_done) == ("finished", "", 6)
        steps = [line.split(",")[0] for line in started.history_path.read_text().splitlines()]
        assert steps == ["step", "1", "2", "3", "4", "5", "6"]
        final = [run.checkpoints.get(step=6).generator_sha256 for run in (started, alone)]
        assert final[0] == final[1]
        machine("web")
        page = desk.get(reverse("generation:training_run", args=[started.slug])).content.decode()
        assert "polyline" in page
        for name in ("real", "6"):
            answer = desk.get(reverse("generation:training_grid", args=[started.slug, name]))
            assert answer.content[:4] == b"\x89PNG"

    def test_a_checkpoint_that_the_bucket_refuses_is_no_row(self, started, machine, monkeypatch, caplog):
        machine("one")
        publish = training.training_files.sharing.publish

        def refuse_step_four(place, row, **options):
            if place == started.checkpoint_folder(4):
                raise storage.StorageAwayError("The storage does not answer.")
            publish(place, row, **options)

        monkeypatch.setattr(training.training_files.sharing, "publish", refuse_step_four)
        training.run(started.pk)
        started.refresh_from_db()
        assert started.status == "finished"
        assert list(started.checkpoints.order_by("step").values_list("step", flat=True)) == [2, 6]
        assert "the checkpoint of step 4 of training run shared-run is not kept" in caplog.text

    def test_a_bucket_that_is_away_does_not_begin_a_training_anew(self, started, machine, bucket, settings):
        machine("one")
        training.run(started.pk)
        type(started).objects.filter(pk=started.pk).update(status="queued")
        machine("two")
        storage.fetch(started.patch_set.folder)
        settings.STORAGES = bucket.storages(endpoint_url="http://127.0.0.1:9", max_attempts=1)
        training.run(started.pk)
        started.refresh_from_db()
        assert started.status == "failed"
        assert "does not answer" in started.error

    def test_sampled_elsewhere_and_deleted_everywhere(self, started, machine, bucket):
        machine("one")
        training.run(started.pk)
        checkpoint = started.checkpoints.get(step=6)
        machine("two")
        drawn = generators.queue_sampling(checkpoint=checkpoint, n_per_class={"benign": 3}, seed=1, now=NOW)
        sampling.run(drawn.pk)
        drawn.refresh_from_db()
        assert (drawn.status, drawn.error) == ("finished", "")
        machine("three")
        assert len(open_patch_set(storage.fetch(drawn.folder))) == 3
        PatchSet.objects.filter(pk=drawn.pk).delete()
        started.refresh_from_db()
        training_runs.delete(run=started)
        assert not [key for key in bucket.stored() if key.startswith("training_runs/")]

    def test_a_run_of_the_same_name_meets_nothing_of_the_earlier_one(self, started, extracted, machine):
        """Machine one keeps files of a run that another machine deleted."""
        machine("one")
        training.run(started.pk)
        assert started.history_path.exists()
        machine("two")
        started.refresh_from_db()
        training_runs.delete(run=started)
        again = training_runs.create(
            patch_set=extracted, preset="dcgan", seed=2, name="Shared run", now=NOW,
            changes={"n_steps": 2, "checkpoint_every": 2, "width": 8, "batch_size": 4},
        )  # fmt: skip
        assert again.slug == started.slug
        machine("one")
        training.run(again.pk)
        assert len(again.history_path.read_text().splitlines()) == 3


class TestExternalGenerator:
    def test_is_sampled_on_a_machine_that_never_saw_its_folder(self, bucket, machine, settings):
        from django.conf import settings as project

        machine("one")
        folder = next((project.BASE_DIR / "generation" / "demo_generators").glob("*/state.json")).parent
        checkpoint = generators.register(folder=folder, name="Elsewhere", now=NOW)
        assert units(bucket) == ["checkpoints/elsewhere"]
        machine("two")
        drawn = generators.queue_sampling(checkpoint=checkpoint, n_per_class={"benign": 2}, seed=1, now=NOW)
        sampling.run(drawn.pk)
        drawn.refresh_from_db()
        assert (drawn.status, drawn.error) == ("finished", "")
