"""`verify_study` computes a frozen study again; whatever was changed behind the software's back is named."""

import json
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from readerstudy.core.conduct import Conduct
from readerstudy.models import ReadingSession, Study, Trial
from readerstudy.selectors.verification import verification
from readerstudy.services import refreshers, sessions
from tests.factories import NOW, make_invitation, make_study, small_protocol

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """An open study with repeats and attention checks, and two sessions."""
    conduct = Conduct(n_repeats=2, repeat_distance=5, n_checks=1)
    study = make_study(protocol=small_protocol(conduct=conduct))
    for seed, name in ((11, "Rosa"), (12, "Leo")):
        sessions.start(invitation=make_invitation(study, name), seed=seed, now=NOW)
    return study


def sentences(study: Study) -> list[str]:
    study.refresh_from_db()
    return [difference.sentence for difference in verification(study).differences]


def change_pixels(study: Study, index: int) -> None:
    pixels = np.load(study.pixels_path)
    pixels[index, 2, 31, 31] ^= 1
    np.save(study.pixels_path, pixels)


def swap(one: Trial, other: Trial) -> None:
    Trial.objects.filter(pk=one.pk).update(position=9999)
    Trial.objects.filter(pk=other.pk).update(position=one.position)
    Trial.objects.filter(pk=one.pk).update(position=other.position)


class TestSelector:
    def test_an_untouched_study_is_the_same(self, study):
        found = verification(study)
        # 12 test + 6 warm-up cases and 1 check; per session 6 + 12 + 2 repeats + 1 check.
        assert (found.differences, found.n_cases, found.n_sessions, found.n_trials) == ((), 19, 2, 42)
        assert found.fingerprint == study.fingerprint

    def test_one_changed_pixel(self, study):
        case = study.cases.order_by("public_id")[4]
        change_pixels(study, case.pixel_index)
        fingerprint, pixels = sentences(study)
        assert fingerprint.startswith("Protocol and cases give the fingerprint ")
        assert (
            pixels
            == f"The pixels of case {case.public_id} are not those that were frozen (patch 5 of the file)."
        )

    def test_one_changed_quota(self, study):
        study.protocol["test"]["dcgan"]["benign"] = 2
        study.save()
        found = sentences(study)
        assert "The protocol has 2 at test.dcgan.benign; the audit log recorded 1." in found
        assert "The test has 1 benign cases of DCGAN, but the protocol asks for 2." in found

    def test_one_removed_case(self, study):
        case = study.cases.filter(phase="test", source="wgan", lesion_class="malignant").get()
        Trial.objects.filter(case=case).delete()
        case.delete()
        found = sentences(study)
        assert "The test has 0 malignant cases of WGAN, but the protocol asks for 1." in found

    def test_one_reordered_trial(self, study):
        one, other = (
            ReadingSession.objects.first()
            .trials.filter(phase="test", position__in=(3, 7))
            .order_by("position")
        )
        swap(one, other)
        found = sentences(study)
        assert len(found) == 2
        assert found[0].startswith(f"Position 3 of the test of R01 holds case {other.case.public_id}")
        assert found[1].startswith(f"Position 7 of the test of R01 holds case {one.case.public_id}")

    def test_a_changed_role(self, study):
        repeat = Trial.objects.filter(role="repeat", session__invitation__reader__pseudonym="R02").first()
        Trial.objects.filter(pk=repeat.pk).update(role="check")
        assert sentences(study) == [
            f"Position {repeat.position} of the test of R02 holds case {repeat.case.public_id} (check); "
            f"the seed gives case {repeat.case.public_id} (repeat) there."
        ]

    def test_a_changed_seed_changes_the_whole_order(self, study):
        ReadingSession.objects.filter(seed=11).update(seed=13)
        found = sentences(study)
        assert found
        assert all(" of R01 holds case " in sentence for sentence in found)

    def test_a_changed_truth_is_named_and_not_told(self, study):
        case = study.cases.filter(source="real", phase="test").first()
        study.cases.filter(pk=case.pk).update(source="dcgan")
        assert (
            f"The source stored with case {case.public_id} is not that of the patch it was drawn from."
            in sentences(study)
        )

    def test_refreshers_are_computed_again_too(self):
        conduct = Conduct(refresher_after_days=3, n_refresher=2)
        study = make_study(protocol=small_protocol(conduct=conduct))
        session = sessions.start(invitation=make_invitation(study), seed=11, now=NOW)
        for days in (4, 9):
            ReadingSession.objects.filter(pk=session.pk).update(state="test")
            refreshers.resume(public_id=session.public_id, now=NOW + timedelta(days=days))
        found = verification(study)
        # 6 warm-up and 12 test trials, then 2 refreshers of 2 panels each.
        assert (found.differences, found.n_trials) == ((), 22)
        last = session.trials.filter(role="refresher").order_by("position").last()
        other = study.cases.filter(phase="warm_up").exclude(pk=last.case.pk).first()
        Trial.objects.filter(pk=last.pk).update(case=other)
        assert sentences(study) == [
            f"Position 10 of the warm-up of R01 holds case {other.public_id} (refresher); "
            f"the seed gives case {last.case.public_id} (refresher) there."
        ]

    def test_a_missing_file(self, study):
        study.pixels_path.unlink()
        assert sentences(study) == ["The file with the pixels of the cases is missing or damaged."]

    def test_an_unknown_algorithm(self, study):
        ReadingSession.objects.filter(seed=12).update(algorithm="coin")
        assert sentences(study)[0].startswith(
            'The order of R02 cannot be computed: The order algorithm "coin" is unknown'
        )

    def test_a_protocol_that_is_none(self, study):
        Study.objects.filter(pk=study.pk).update(protocol={"test": 1})
        assert "The stored protocol cannot be read any more." in sentences(study)


class TestCommand:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("verify_study", *arguments, stdout=out)
        return out.getvalue()

    def test_it_says_that_nothing_differs(self, study):
        assert self.run(study.slug) == (
            f"Nothing differs: 19 cases, 2 sessions, 42 trials compared. Fingerprint {study.fingerprint}.\n"
        )

    def test_a_difference_is_named_and_makes_the_exit_code_1(self, study):
        change_pixels(study, 0)
        out = StringIO()
        with pytest.raises(CommandError, match=r"2 differences; 19 cases") as refused:
            call_command("verify_study", study.slug, stdout=out)
        assert refused.value.returncode == 1
        assert f"pixels: The pixels of case {study.cases.first().public_id} are not those" in out.getvalue()

    def test_json_for_machines(self, study):
        facts = json.loads(self.run(study.slug, "--json"))
        assert (facts["study"], facts["is_same"], facts["differences"]) == (study.slug, True, [])
        assert facts["fingerprint"] == facts["fingerprint_stored"] == study.fingerprint

    def test_a_draft_cannot_be_verified(self):
        with pytest.raises(CommandError, match="is a draft; freeze it first"):
            self.run(make_study("draft").slug)

    def test_an_unknown_study_is_told_with_those_there_are(self, study):
        with pytest.raises(
            CommandError, match=f'There is no study "other"; the studies here are: {study.slug}'
        ):
            self.run("other")


class TestPage:
    def test_it_shows_the_verdict(self, study_admin, study):
        address = reverse("readerstudy:study_verify", args=[study.slug])
        assert "Nothing differs." in study_admin.get(address).content.decode()
        change_pixels(study, 0)
        text = study_admin.get(address).content.decode()
        assert "2 differences." in text
        assert f"The pixels of case {study.cases.first().public_id} are not those that were frozen" in text

    def test_it_names_a_quota_and_a_reordered_trial(self, study_admin, study):
        study.protocol["test"]["dcgan"]["benign"] = 2
        study.save()
        session = ReadingSession.objects.first()
        one, other = session.trials.filter(phase="test", position__in=(3, 7)).order_by("position")
        swap(one, other)
        text = study_admin.get(reverse("readerstudy:study_verify", args=[study.slug])).content.decode()
        assert "The test has 1 benign cases of DCGAN, but the protocol asks for 2." in text
        assert f"Position 3 of the test of R01 holds case {other.case.public_id}" in text
        assert f"Position 7 of the test of R01 holds case {one.case.public_id}" in text

    def test_the_study_page_leads_there_once_frozen(self, study_admin, study):
        link = reverse("readerstudy:study_verify", args=[study.slug])
        assert link in study_admin.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
        draft = make_study("draft")
        text = study_admin.get(
            reverse("readerstudy:study_verify", args=[draft.slug]), follow=True
        ).content.decode()
        assert "is a draft; freeze it first, then it can be verified." in text.replace("&quot;", '"')
