"""A frozen study changes only as its next version."""

import contextlib
import inspect
import json
from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import get_resolver, reverse

from generation.core.errors import InputError
from readerstudy.core.errors import Refused
from readerstudy.models import Reader, Study
from readerstudy.selectors import study_files, unblinding, versions
from readerstudy.selectors.verification import verification
from readerstudy.services import amendments, pools, roles, studies
from readerstudy.services import unblinding as unblindings
from readerstudy.views import amendments as decisions
from tests.factories import ADMIN, NOW, administrator, make_invitation, make_study, small_protocol

pytestmark = pytest.mark.django_db
REASON = "Readers found the time limit too short in the pilot."
LATER = NOW + timedelta(days=1)


def amended(study: Study, now=LATER) -> Study:
    return amendments.amend(study=study, reason=REASON, by=administrator(), now=now)


def url(name: str, study: Study) -> str:
    return reverse(f"readerstudy:{name}", args=[study.slug])


class TestAmend:
    def test_the_next_version_begins_like_the_one_before(self):
        study = make_study("open")
        owner = User.objects.create(username="Olga Owner")
        roles.grant(study=study, user=owner, role="owner", by=ADMIN, now=NOW)
        make_invitation(study)
        draft = amended(study)
        assert (draft.status, draft.version, draft.amends, draft.name) == ("draft", 2, study, study.name)
        assert draft.slug == f"{study.slug}-version-2"
        assert draft.protocol == study.protocol
        assert set(draft.pools.all()) == set(study.pools.all())
        assert [row.user for row in draft.roles.all()] == [owner]
        assert not Reader.objects.filter(study=draft).exists()

    def test_the_old_version_stays_as_it_is_and_is_superseded_once_the_new_one_is_frozen(self):
        study = make_study("open")
        before = (study.fingerprint, list(study.cases.values_list("public_id", flat=True)))
        draft = amended(study)
        assert versions.of_study(study).status == "open"
        studies.revise(
            study=draft,
            protocol=small_protocol(question="Scan or not?"),
            pools=list(draft.pools.all()),
            by=ADMIN,
            now=LATER,
        )
        frozen = studies.freeze(study=draft, by=ADMIN, now=LATER)
        study.refresh_from_db()
        assert (study.fingerprint, list(study.cases.values_list("public_id", flat=True))) == before
        assert versions.of_study(study).status == "superseded by version 2, open"
        assert frozen.fingerprint != study.fingerprint
        assert verification(study).is_same
        assert verification(frozen).is_same

    def test_both_audit_logs_tell_what_changed_and_why(self):
        study = make_study("frozen")
        draft = amended(study)
        protocol = small_protocol(question="Scan or not?")
        studies.revise(study=draft, protocol=protocol, pools=list(draft.pools.all()), by=ADMIN, now=LATER)
        studies.freeze(study=draft, by=ADMIN, now=LATER)
        change = "Question: Is this panel real or synthetic? → Scan or not?"
        assert draft.audit_events.get(verb="study.frozen").data["changes"] == [change]
        assert study.audit_events.get(verb="study.superseded").data["changes"] == [change]
        assert (
            study.audit_events.get(verb="study.amended").sentence
            == f"began version 2 as an amendment: {REASON}"
        )
        chain = study_files.facts(study)["versions"]
        assert [one["status"] for one in chain] == ["superseded by version 2, frozen", "frozen"]
        assert chain[1]["reason"] == REASON
        assert chain[1]["changes"] == [
            {"part": "Question", "old": "Is this panel real or synthetic?", "new": "Scan or not?"}
        ]
        assert json.dumps(chain)

    def test_another_pool_is_a_change(self):
        study = make_study("frozen")
        draft = amended(study)
        old = study.pools.get(patch_set__source="wgan")
        new = pools.create(name="Other WGAN", patch_set=old.patch_set, by=ADMIN, now=NOW)
        chosen = [pool for pool in study.pools.all() if pool != old]
        studies.revise(study=draft, protocol=draft.rules, pools=[*chosen, new], by=ADMIN, now=LATER)
        assert [one.sentence for one in versions.changes(draft)] == [f"Pool of WGAN: {old.name} → Other WGAN"]

    def test_a_third_version(self):
        study = make_study("frozen")
        second = studies.freeze(study=amended(study), by=ADMIN, now=LATER)
        third = amended(second)
        assert third.slug == f"{study.slug}-version-3"
        assert [one.study.version for one in versions.chain(second)] == [1, 2, 3]

    @pytest.mark.parametrize("role", ["coordinator", "analyst", None])
    def test_nobody_but_an_owner_amends_whatever_asks_the_service(self, role):
        study = make_study("frozen")
        user = User.objects.create(username="Cora")
        if role:
            roles.grant(study=study, user=user, role=role, by=ADMIN, now=NOW)
        for by in ("Cora", "a script", ""):
            with pytest.raises(PermissionDenied, match=f'Amending is for an owner of "{study.name}"; '):
                amendments.amend(study=study, reason=REASON, by=by, now=NOW)
        assert Study.objects.count() == 1
        roles.grant(study=study, user=user, role="owner", by=ADMIN, now=NOW)
        assert amendments.amend(study=study, reason=REASON, by="Cora", now=NOW).version == 2

    def test_a_version_has_one_next_one(self):
        study = make_study("frozen")
        amended(study)
        with pytest.raises(Refused, match="already has an amendment; go on with version 2"):
            amended(study)

    def test_a_draft_is_revised_instead(self):
        with pytest.raises(Refused, match="is a draft; revise its protocol instead of amending it"):
            amended(make_study("draft"))

    def test_a_reason_is_needed_and_nothing_is_left_without(self):
        study = make_study("frozen")
        with pytest.raises(
            InputError, match="The reason for the amendment has 7 characters; write 20 to 1000"
        ):
            amendments.amend(study=study, reason="because", by=administrator(), now=NOW)
        assert Study.objects.count() == 1

    @pytest.mark.parametrize("status", ["open", "closed"])
    def test_an_amendment_made_knowing_results_says_so(self, status):
        study = make_study(status)
        if status == "open":
            study = unblindings.unblind(study=study, reason=REASON, by=administrator(), now=NOW)
        how = "closed" if status == "closed" else "unblinded early"
        assert unblinding.notices(amended(study)) == (
            "This version was made on 2026-03-03 09:00 UTC, after version 1 had been "
            f"{how} on 2026-03-02 09:00 UTC and its results could be seen.",
        )

    def test_one_made_before_that_has_nothing_to_say(self):
        study = make_study("open")
        draft = amended(study)
        studies.close(study=study, by=ADMIN, now=LATER + timedelta(days=1))
        draft.refresh_from_db()
        assert unblinding.notices(draft) == ()


class TestPages:
    def test_from_the_study_to_the_draft_and_back(self, study_admin):
        study = make_study("frozen")
        assert url("study_amend", study) in study_admin.get(url("study", study)).content.decode()
        page = study_admin.get(url("study_amend", study)).content.decode()
        assert "version 2 begins as a draft" in page
        response = study_admin.post(
            url("study_amend", study), {"reason": REASON, "confirmed": "on"}, follow=True
        )
        text = response.content.decode()
        assert "Version 2 is a draft now" in text
        assert REASON in text
        assert "protocol and pools unchanged so far" in text
        old = study_admin.get(url("study", study)).content.decode()
        assert "Version 2 is being drafted" in old
        studies.freeze(study=study.amended_by, by=ADMIN, now=LATER)
        assert "Superseded by" in study_admin.get(url("study", study)).content.decode()

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            ({"reason": "because", "confirmed": "on"}, "has 7 characters; write 20 to 1000"),
            ({"reason": REASON}, "tick the box that says what will happen"),
        ],
    )
    def test_without_reason_or_tick_nothing_happens(self, study_admin, data, sentence):
        study = make_study("frozen")
        response = study_admin.post(url("study_amend", study), data)
        assert response.status_code == 422
        assert sentence in response.content.decode()
        assert Study.objects.count() == 1

    @pytest.mark.parametrize(
        ("name", "service"), [("study_amend", amendments.amend), ("study_unblind", unblindings.unblind)]
    )
    def test_whoever_is_later_than_another_owner_is_told_so(self, study_admin, monkeypatch, name, service):
        study = make_study("open")
        monkeypatch.setattr(decisions, "_refused", lambda *_: None)  # asked before the other one was done
        service(study=study, reason=REASON, by=administrator(), now=LATER)
        page = study_admin.post(url(name, study), {"reason": REASON, "confirmed": "on"}, follow=True)
        assert page.redirect_chain == [(url("study", study), 302)]
        assert "already" in page.content.decode()

    def test_a_draft_cannot_be_amended(self, study_admin):
        text = study_admin.get(url("study_amend", make_study("draft")), follow=True).content.decode()
        assert "is a draft; revise its protocol instead" in text


class TestEnd:
    def test_it_moves_until_the_study_is_closed_and_is_logged(self, study_admin):
        study = make_study("open")
        study_admin.post(url("study_end", study), {"ends_at": "2126-03-31T18:00"})
        study.refresh_from_db()
        assert f"{study.ends_at:%Y-%m-%d}" == "2126-03-31"
        assert "set the end of reading to 2126-03-31" in study.audit_events.get(verb="study.end_set").sentence
        study_admin.post(url("study_end", study), {"ends_at": ""})
        study.refresh_from_db()
        assert study.ends_at is None
        with pytest.raises(Refused, match="its end cannot be moved any more"):
            studies.set_end(study=make_study("closed"), ends_at=None, by=ADMIN, now=NOW)

    def test_the_past_and_nonsense_are_refused(self, study_admin):
        study = make_study("open")
        for value, sentence in (("2020-01-01T00:00", "has passed"), ("soon", "Write the end as")):
            text = study_admin.post(url("study_end", study), {"ends_at": value}, follow=True).content.decode()
            assert sentence in text
        study.refresh_from_db()
        assert study.ends_at is None

    @pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland"])
    @pytest.mark.parametrize("year", ["0001", "9999"])
    def test_a_year_that_nobody_means_is_refused_in_every_time_zone(self, study_admin, settings, zone, year):
        settings.TIME_ZONE = zone
        reader = make_invitation(make_study("open")).reader
        day = "01-01" if year == "0001" else "12-31"
        link = reverse("readerstudy:invitation_expiry", args=[reader.study.slug, reader.pseudonym])
        for address, data in (
            (url("study_end", reader.study), {"ends_at": f"{year}-{day}T23:59"}),
            (url("study_readers", reader.study), {"name": "A", "group": "b", "until": f"{year}-{day}"}),
            (link, {"until": f"{year}-{day}"}),
        ):
            text = study_admin.post(address, data, follow=True).content.decode()
            assert f"The year is {year}; write one from 2000 to 2199." in text


def fixed(study: Study) -> tuple:
    """Everything that freezing fixed, in the database and on disk."""
    row = Study.objects.get(pk=study.pk)
    kept = (
        "name",
        "slug",
        "protocol",
        "frame_set",
        "fingerprint",
        "shared_patients",
        "frozen_at",
        "version",
        "amends_id",
    )
    cases = list(row.cases.order_by("pk").values())
    pools_of = sorted(row.pools.values_list("pk", flat=True))
    return tuple(getattr(row, name) for name in kept), cases, pools_of, np.load(row.pixels_path).tobytes()


def study_routes() -> list[str]:
    """Names of all routes below /desk/studies/SLUG/."""
    found = []
    for pattern in get_resolver().url_patterns:
        for one in getattr(pattern, "url_patterns", []):
            where = str(getattr(pattern, "pattern", "")) + str(one.pattern)
            if where.startswith("desk/studies/<slug:slug>/") and one.name:
                found.append(f"{pattern.app_name}:{one.name}")
    return found


ROUTES = study_routes()
FIELDS = {
    "name": "Other", "reason": REASON, "confirmed": "yes", "question": "Other?", "seed": "99", "n_real_benign": "1",
    "group": "layperson", "email": "x@example.org", "ends_at": "2126-01-01T00:00", "subject": "s", "note": "n",
}  # fmt: skip


class TestFrozen:
    def test_the_walk_finds_the_routes(self):
        assert {"readerstudy:study_revise", "readerstudy:study_amend", "evaluation:analyse"} <= set(ROUTES)

    @pytest.mark.parametrize("status", ["frozen", "open"])
    def test_no_route_changes_what_freezing_fixed(self, study_admin, status):
        study = make_study(status)
        invitation = make_invitation(study)
        before = fixed(study)
        for name in ROUTES:
            for kwargs in (
                {"slug": study.slug},
                {"slug": study.slug, "pseudonym": invitation.reader.pseudonym},
            ):
                try:
                    address = reverse(name, kwargs=kwargs)
                except Exception:  # noqa: S112 - the route takes something else
                    continue
                study_admin.post(address, FIELDS)
                assert fixed(study) == before, name

    def test_no_service_of_studies_changes_what_freezing_fixed(self):
        """Every public service that takes a study, called with whatever its signature asks for."""
        called = 0
        for module in (studies, amendments, unblindings, roles):
            for name, service in inspect.getmembers(module, inspect.isfunction):
                asked = inspect.signature(service).parameters
                if (
                    service.__module__ != module.__name__
                    or name.startswith("_")
                    or "now" not in asked
                    or "study" not in asked
                ):
                    continue
                study = make_study("frozen")
                before = fixed(study)
                offer = {
                    "study": study, "by": administrator(), "now": LATER, "reason": REASON, "ends_at": LATER + timedelta(days=1),
                    "protocol": small_protocol(seed=99), "pools": list(study.pools.all()), "role": "analyst",
                    "user": User.objects.get_or_create(username="u")[0],
                }  # fmt: skip
                refusals = (InputError, ValidationError, IntegrityError, TypeError)
                with contextlib.suppress(*refusals), transaction.atomic():
                    service(**{one: offer[one] for one in asked if one in offer})
                called += 1
                assert fixed(study) == before, name
        assert called >= 7


def test_only_owners_decide(db):
    study = make_study("open")
    for role in ("coordinator", "analyst"):
        user = User.objects.create(username=role)
        roles.grant(study=study, user=user, role=role, by=ADMIN, now=NOW)
        client = Client()
        client.force_login(user)
        for name in ("study_amend", "study_unblind", "study_end"):
            assert client.post(url(name, study), FIELDS).status_code == 403
        page = client.get(url("study", study)).content.decode()
        assert url("study_amend", study) not in page
        assert url("study_unblind", study) not in page
