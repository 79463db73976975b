"""A draft that nobody needs goes; its audit log stays, and so does everything that is frozen."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from readerstudy.core.errors import Refused
from readerstudy.models import AuditEvent, Invitation, Pool, Reader, Study, StudyRole
from readerstudy.selectors import accounts
from readerstudy.services import amendments, roles, studies
from tests.factories import ADMIN, NOW, administrator, make_invitation, make_study, small_protocol
from tests.tokens import Script

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
CONFIRMED = {"confirmed": "yes"}


def discarded(study: Study) -> Study | None:
    return studies.discard(study=study, by=ADMIN, now=LATER)


def amended(study: Study) -> Study:
    return amendments.amend(
        study=study, reason="The time limit was too short.", by=administrator(), now=LATER
    )


def address(study: Study) -> str:
    return reverse("readerstudy:study_discard", args=[study.slug])


class TestDiscard:
    def test_the_draft_goes_with_its_roles_and_invitations_and_leaves_its_pools(self):
        study = make_study("draft")
        make_invitation(study)
        user = User.objects.create(username="Olga Owner")
        roles.grant(study=study, user=user, role="owner", by=ADMIN, now=NOW)
        n_pools = Pool.objects.count()
        assert discarded(study) is None
        for model in (Study, StudyRole, Reader, Invitation):
            assert not model.objects.exists(), model
        assert Pool.objects.count() == n_pools
        assert User.objects.filter(pk=user.pk).exists()

    def test_the_log_is_kept_and_says_which_draft_it_was_of(self):
        study = make_study("draft")
        make_invitation(study)
        name, before = study.name, dict(study.audit_events.values_list("pk", "data"))
        discarded(study)
        kept = AuditEvent.objects.filter(pk__in=before)
        assert {row.pk: {**row.data, "of_discarded": None} for row in kept} == {
            pk: {**data, "of_discarded": None} for pk, data in before.items()
        }
        assert {row.data["of_discarded"]["name"] for row in kept} == {name}
        sentences = [row.sentence for row in accounts.instance_events().order_by("at", "pk")]
        assert f'made the study as a draft (the draft "{name}", discarded since)' in sentences
        assert f'invited R01 (radiologist) (the draft "{name}", discarded since)' in sentences
        last = AuditEvent.objects.get(verb="study.discarded")
        assert last.sentence == f"discarded the draft {name}, version 1"
        assert (last.actor, last.data["n_events"], last.data["n_readers"]) == (ADMIN, 2, 1)

    @pytest.mark.parametrize("status", ["frozen", "open", "closed"])
    def test_only_a_draft(self, status):
        study = make_study(status)
        n_events = study.audit_events.count()
        with pytest.raises(Refused, match=f"is {status} and stays for good; only a draft can be discarded"):
            discarded(study)
        assert Study.objects.get() == study
        assert study.audit_events.count() == n_events

    def test_a_draft_that_somebody_froze_meanwhile_stays(self):
        study = make_study("draft")
        studies.freeze(study=Study.objects.get(), by=ADMIN, now=NOW)
        with pytest.raises(Refused, match="is frozen"):
            discarded(study)

    def test_an_amendment_that_is_discarded_lets_the_version_before_be_amended_again(self):
        study = make_study("frozen")
        draft = amended(study)
        assert discarded(draft) == study
        assert study.audit_events.first().sentence == "discarded the draft of version 2"
        assert study.audit_events.filter(verb="study.amended").exists()
        second = amended(study)
        assert (second.version, second.amends) == (2, study)
        studies.freeze(study=second, by=ADMIN, now=LATER)

    def test_its_name_can_be_used_again(self):
        study = make_study("draft")
        offered, name, slug = list(study.pools.all()), study.name, study.slug
        discarded(study)
        again = studies.create(name=name, protocol=small_protocol(), pools=offered, by=ADMIN, now=LATER)
        assert again.slug == slug
        assert [event.verb for event in again.audit_events.all()] == ["study.created"]


class TestPage:
    def test_button_of_a_draft_asks_and_discards(self, study_admin):
        study = make_study("draft")
        page = study_admin.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
        assert address(study) in page
        assert "Nothing was changed" in study_admin.post(address(study), follow=True).content.decode()
        assert Study.objects.exists()
        response = study_admin.post(address(study), CONFIRMED, follow=True)
        assert response.redirect_chain[-1][0] == reverse("readerstudy:studies")
        assert "The draft is discarded" in response.content.decode()
        assert not Study.objects.exists()
        log = study_admin.get(reverse("readerstudy:instance_audit")).content.decode()
        assert f"discarded the draft {study.name}" in log

    def test_discarding_an_amendment_leads_to_the_version_before(self, study_admin):
        study = make_study("frozen")
        response = study_admin.post(address(amended(study)), CONFIRMED)
        assert response["Location"] == reverse("readerstudy:study", args=[study.slug])

    def test_a_frozen_study_has_no_button_and_refuses(self, study_admin):
        study = make_study("frozen")
        page = study_admin.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
        assert address(study) not in page
        text = study_admin.post(address(study), CONFIRMED, follow=True).content.decode()
        assert "only a draft can be discarded" in text
        assert Study.objects.exists()


def test_by_the_json_interface():
    script = Script(User.objects.create_superuser("Ada Admin"))
    study = make_study("draft")
    frozen = make_study("frozen")
    assert script.delete(f"/studies/{study.slug}").status_code == 204
    assert script.delete(f"/studies/{study.slug}").status_code == 404
    refused = script.delete(f"/studies/{frozen.slug}")
    assert (refused.status_code, "only a draft" in refused.json()["error"]) == (409, True)
    assert list(Study.objects.all()) == [frozen]
