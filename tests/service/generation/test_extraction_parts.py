"""An extraction made of one part per patient: by messages in any order, twice, stopped, resumed, damaged."""

import pytest
from django.urls import reverse

from generation.core.errors import InputError
from generation.core.patch_set import sha256_of_file
from generation.jobs import extracting
from generation.models import PatchSet, PatchSetPart
from generation.services import extractions, jobs, patch_sets
from tests.service.generation.conftest import FEW, NOW

pytestmark = pytest.mark.django_db

FILES = ("patches.npy", "index.csv", "manifest.json")


@pytest.fixture
def sent(monkeypatch):
    """Messages for parts as they would go to the broker; nothing is done by itself."""
    messages: list[int] = []
    monkeypatch.setattr(extracting, "_send", lambda parts: messages.extend(part.pk for part in parts))
    return messages


@pytest.fixture
def queued(cohort):
    return patch_sets.request_extraction(cohort=cohort, options=FEW, name="By messages", now=NOW)


def state_of(row):
    row.refresh_from_db()
    return row.status, row.n_done, row.n_total


def sums(row):
    return [sha256_of_file(row.folder / name) for name in FILES]


class TestMessages:
    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_any_order_gives_the_bytes_of_one_process(self, patch_set, queued, sent, order):
        extracting.begin(queued.pk)
        assert len(sent) == 2
        assert state_of(queued) == ("running", 0, 2)
        extracting.run_part(sent[order[0]])
        assert state_of(queued) == ("running", 1, 2)
        assert not queued.folder.exists()
        extracting.run_part(sent[order[1]])
        assert state_of(queued) == ("finished", 2, 2)
        assert sums(queued) == sums(patch_set)
        assert not queued.parts_folder.exists()

    def test_a_message_that_comes_twice_does_nothing(self, queued, sent, monkeypatch):
        extracting.begin(queued.pk)
        extracting.run_part(sent[0])
        monkeypatch.setattr(
            extracting.cohort_extraction, "make_part", lambda *args: pytest.fail("made twice")
        )
        extracting.run_part(sent[0])
        assert state_of(queued) == ("running", 1, 2)

    def test_a_message_after_the_end_does_nothing(self, queued, sent):
        extracting.begin(queued.pk)
        for message in [*sent, *sent]:
            extracting.run_part(message)
        assert state_of(queued) == ("finished", 2, 2)
        extracting.run_part(10**9)

    def test_the_last_step_is_claimed_by_one_alone(self, queued, sent):
        extracting.begin(queued.pk)
        for part in queued.parts.all():
            assert extractions.claim_part(part, now=NOW)
            extractions.finish_part(part, sha256="x", now=NOW)
        assert [extractions.claim_assembly(queued, now=NOW) for _ in range(3)] == [True, False, False]

    def test_no_part_is_made_while_another_worker_sorts_them(self, queued, sent, monkeypatch):
        early = queued.parts.first().pk
        real = extractions.begin

        def begin(row, **arguments):
            extracting.run_part(early)  # of a message sent before the extraction was taken up again
            assert set(queued.parts.values_list("status", flat=True)) == {"waiting"}
            return real(row, **arguments)

        monkeypatch.setattr(extractions, "begin", begin)
        extracting.begin(queued.pk)
        assert len(sent) == 2

    def test_taken_up_again_while_a_message_is_read(self, queued, sent, monkeypatch):
        """The part belongs to the claim that holds when it is taken, not to the one that was there before."""
        extracting.begin(queued.pk)
        extracting.run_part(sent[0])
        PatchSet.objects.filter(pk=queued.pk).update(status="queued")
        real = extractions.claim_part

        def claim_part(part, **arguments):
            monkeypatch.setattr(extractions, "claim_part", real)
            extracting.begin(queued.pk)
            return real(part, **arguments)

        monkeypatch.setattr(extractions, "claim_part", claim_part)
        extracting.run_part(sent[1])
        assert state_of(queued) == ("finished", 2, 2)

    def test_the_task_of_the_queue_does_all_of_it(self, cohort, desk, django_capture_on_commit_callbacks):
        form = {"seed": 5, "healthy_per_breast_slice": 1, "intensity_range": "min-max"}
        with django_capture_on_commit_callbacks(execute=True):
            desk.post(reverse("generation:cohort_extract", args=[cohort.slug]), form)
        assert PatchSet.objects.get().status == "finished"


class TestStopAndResume:
    def test_stop_between_two_parts(self, queued, sent):
        extracting.begin(queued.pk)
        extracting.run_part(sent[0])
        jobs.request_stop(queued, now=NOW)
        extracting.run_part(sent[1])
        assert state_of(queued) == ("stopped", 1, 2)
        assert not queued.folder.exists()

    def test_resume_makes_only_what_is_missing(self, patch_set, queued, sent, monkeypatch):
        self.test_stop_between_two_parts(queued, sent)
        made = []
        real = extracting.cohort_extraction.make_part
        monkeypatch.setattr(
            extracting.cohort_extraction,
            "make_part",
            lambda wish, *args: made.append(wish.folder.name) or real(wish, *args),
        )
        extractions.resume(patch_set=queued, now=NOW)
        extracting.run(queued.pk)
        assert made == ["P02"]
        assert state_of(queued) == ("finished", 2, 2)
        assert sums(queued) == sums(patch_set)

    @pytest.mark.parametrize("damage", ["changed", "removed", "hash lost"])
    def test_a_part_is_trusted_by_its_hash_alone(self, patch_set, queued, sent, damage):
        self.test_stop_between_two_parts(queued, sent)
        file = queued.parts_folder / "P01" / "patches.npy"
        if damage == "changed":
            content = bytearray(file.read_bytes())
            content[-1] ^= 1
            file.write_bytes(content)
        elif damage == "removed":
            file.unlink()
        else:
            PatchSetPart.objects.filter(pseudonym="P01").update(sha256="")
        extractions.resume(patch_set=queued, now=NOW)
        extracting.run(queued.pk)
        assert state_of(queued) == ("finished", 2, 2)
        assert sums(queued) == sums(patch_set)

    def test_a_part_changed_before_the_last_step_is_noticed(self, queued, sent):
        extracting.begin(queued.pk)
        extracting.run_part(sent[0])
        (queued.parts_folder / "P01" / "index.csv").write_text("lesion_class\n")
        extracting.run_part(sent[1])
        assert state_of(queued)[0] == "failed"
        assert "was changed after it was made; resume the extraction" in queued.error
        assert not queued.folder.exists()

    def test_only_an_extraction_that_has_ended_is_resumed(self, queued):
        with pytest.raises(
            InputError, match="is queued; only one that was stopped, failed or has been silent"
        ):
            extractions.resume(patch_set=queued, now=NOW)

    def test_discard_removes_row_and_parts(self, queued, sent, desk, cohort):
        with pytest.raises(InputError, match="only one that was stopped or failed can be discarded"):
            extractions.discard(patch_set=queued)
        self.test_stop_between_two_parts(queued, sent)
        assert queued.parts_folder.exists()
        desk.post(reverse("generation:extraction_discard", args=[cohort.slug, queued.slug]))
        assert not PatchSet.objects.exists()
        assert not queued.parts_folder.exists()

    def test_resume_by_button(
        self, queued, sent, desk, cohort, monkeypatch, django_capture_on_commit_callbacks
    ):
        self.test_stop_between_two_parts(queued, sent)
        page = desk.get(reverse("generation:cohort", args=[cohort.slug])).content.decode()
        assert "1 of 2 patients" in page
        with django_capture_on_commit_callbacks(execute=True):
            desk.post(reverse("generation:extraction_resume", args=[cohort.slug, queued.slug]))
        assert state_of(queued) == ("running", 1, 2)
        assert len(sent) == 3  # the last message is for the missing part

    def test_parts_that_nobody_needs_are_removed_by_the_next_extraction(self, queued, data_folder):
        forgotten = data_folder / "patch_sets" / ".gone.parts"
        forgotten.mkdir(parents=True)
        extracting.run(queued.pk)
        assert not forgotten.exists()
