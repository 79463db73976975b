"""Freezing draws, copies and fingerprints; nothing is half done."""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from generation.core.errors import InputError
from readerstudy.core.fingerprint import study_fingerprint
from readerstudy.core.trial_csv import read_rows
from readerstudy.models import Case, Study
from readerstudy.selectors import pixels, pools
from readerstudy.selectors.trials import trial_rows
from readerstudy.services import invitations, studies
from tests.factories import ADMIN, NOW, make_invitation, make_pool, make_study, small_protocol

pytestmark = pytest.mark.django_db


class TestFreeze:
    def test_draws_the_quotas(self):
        study = make_study("frozen")
        for phase, protocol in (("test", study.rules.test), ("warm_up", study.rules.warm_up)):
            for source, per_class in protocol.items():
                for lesion_class, n in per_class.items():
                    assert (
                        study.cases.filter(phase=phase, source=source, lesion_class=lesion_class).count() == n
                    )

    def test_copies_every_pixel_from_its_patch_set(self):
        study = make_study("frozen")
        for case in study.cases.select_related("patch_set"):
            patch = pools.opened(case.patch_set).patches[case.patch_index]
            assert np.array_equal(pixels.of_case(case, study), patch)

    def test_the_fingerprint_can_be_computed_again(self):
        study = make_study("frozen")
        study.refresh_from_db()
        truths = [studies.truth(case) for case in study.cases.order_by("public_id")]
        stored = np.load(study.pixels_path)
        assert study_fingerprint(study.protocol, truths, stored) == study.fingerprint

    def test_the_same_seed_draws_the_same_patches(self):
        offered = [make_pool(source) for source in ("real", "dcgan", "wgan")]
        drawn = []
        for name in ("One", "Two"):
            study = studies.create(name=name, protocol=small_protocol(), pools=offered, by=ADMIN, now=NOW)
            studies.freeze(study=study, by=ADMIN, now=NOW)
            drawn.append(set(study.cases.values_list("phase", "patch_set", "patch_index")))
        assert drawn[0] == drawn[1]

    def test_warm_up_and_test_share_no_patient(self):
        study = make_study("frozen", n_per_class=16)
        patients = {"warm_up": set(), "test": set()}
        for case in study.cases.filter(source="real").select_related("patch_set"):
            patients[case.phase].add(pools.opened(case.patch_set).rows[case.patch_index].patient)
        assert patients["warm_up"]
        assert not patients["warm_up"] & patients["test"]
        assert study.shared_patients == []

    def test_a_freeze_that_fails_leaves_a_draft_and_no_file(self, monkeypatch):
        study = make_study("draft")

        def full_disk(*args, **kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(studies, "patch_sha256", full_disk)  # between two cases
        with pytest.raises(InputError, match="make room there and freeze again"):
            studies.freeze(study=study, by=ADMIN, now=NOW)
        study.refresh_from_db()
        assert (study.status, study.fingerprint) == ("draft", "")
        assert not Case.objects.exists()
        assert list(study.folder.iterdir()) == []

    def test_two_pools_of_one_source_are_refused(self):
        offered = [make_pool(source) for source in ("real", "real", "dcgan", "wgan")]
        with pytest.raises(InputError, match="has 2 pools of real patches; choose exactly one"):
            studies.create(name="Two", protocol=small_protocol(), pools=offered, by=ADMIN, now=NOW)


class TestConstraints:
    def test_a_frozen_study_has_a_fingerprint(self):
        study = make_study("draft")
        with pytest.raises(IntegrityError), transaction.atomic():
            Study.objects.filter(pk=study.pk).update(status="frozen")

    def test_a_patch_is_one_case_at_most(self):
        case = make_study("frozen").cases.first()
        case.pk, case.public_id, case.pixel_index = None, "c" * 16, 99
        with pytest.raises(IntegrityError), transaction.atomic():
            case.save()


class TestInvitations:
    def test_pseudonyms_count_up(self, open_study):
        assert [make_invitation(open_study, name).reader.pseudonym for name in ("A", "B", "C")] == [
            "R01",
            "R02",
            "R03",
        ]

    def test_an_address_is_invited_once(self, open_study):
        invite = {"study": open_study, "name": "Rosa", "group": "radiologist", "by": ADMIN, "now": NOW}
        invitations.invite(**invite, email="rosa@example.org")
        with pytest.raises(InputError, match=r"ROSA@example\.org is already invited"):
            invitations.invite(**invite, email="ROSA@example.org")

    def test_nobody_is_invited_to_a_closed_study(self):
        with pytest.raises(InputError, match="is closed; nobody can be invited"):
            make_invitation(make_study("closed"))


class TestExport:
    def test_writes_what_the_selector_gives(self, radiologist, open_study, tmp_path):
        radiologist.begin().see_warm_up()
        radiologist.press("fake")
        study = studies.close(study=open_study, by=ADMIN, now=NOW)
        call_command("export_study", study.slug, out=tmp_path / "export")
        lines = (tmp_path / "export" / "trials.csv").read_text().splitlines()
        assert read_rows(lines) == list(trial_rows(study))
        facts = json.loads((tmp_path / "export" / "study.json").read_text())
        assert facts["fingerprint_sha256"] == study.fingerprint

    def test_is_refused_before_closing(self, open_study, tmp_path):
        with pytest.raises(CommandError, match="is open; results and trials can be seen once it is closed"):
            call_command("export_study", open_study.slug, out=tmp_path / "export")
        assert not (tmp_path / "export").exists()

    def test_names_the_studies_there_are(self, open_study, tmp_path):
        with pytest.raises(
            CommandError, match=f'There is no study "other"; the studies here are: {open_study.slug}'
        ):
            call_command("export_study", "other", out=tmp_path)


def test_the_audit_log_tells_the_whole_life_in_words(radiologist, open_study):
    radiologist.begin().see_warm_up()
    for _ in range(12):
        radiologist.press("real")
    invitation = open_study.readers.get().invitation
    invitations.replace_link(invitation=invitation, by=ADMIN, now=NOW)
    invitations.revoke(invitation=invitation, by=ADMIN, now=NOW)
    studies.close(study=open_study, by=ADMIN, now=NOW)
    events = open_study.audit_events.order_by("pk")
    assert {event.verb for event in events} == {
        "study.created",
        "study.frozen",
        "study.opened",
        "study.closed",
        "invitation.made",
        "invitation.revoked",
        "invitation.link_replaced",
        "session.started",
        "session.last_warm_up_seen",
        "session.last_test_answered",
    }
    assert "invited R01 (radiologist)" in [event.sentence for event in events]
