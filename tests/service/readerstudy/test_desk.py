"""What a study admin does at the desk, and that nobody else gets in."""

import re

import pytest
from django.urls import reverse

from generation.models import PatchSet
from readerstudy.models import AuditEvent, Pool, Reader, Study
from readerstudy.selectors.links import link_token
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, make_invitation, make_patch_set, make_pool, make_study
from tests.service.readerstudy import designer

pytestmark = pytest.mark.django_db

CONFIRMED = {"confirmed": "yes"}


@pytest.fixture
def offered(db) -> list[Pool]:
    return [make_pool(source) for source in ("real", "dcgan", "wgan")]


class TestPermission:
    def test_the_front_door_leads_a_visitor_to_the_sign_in_and_an_admin_to_the_desk(
        self, client, study_admin
    ):
        assert client.get("/")["Location"] == reverse("login")
        assert study_admin.get("/")["Location"] == reverse("desk")


class TestPools:
    def test_a_finished_patch_set_becomes_a_pool(self, study_admin):
        patch_set = make_patch_set("dcgan", 3)
        address = reverse("readerstudy:pools")
        response = study_admin.post(
            address, {"name": "DCGAN, epoch 40", "patch_set": patch_set.pk}, follow=True
        )
        text = response.content.decode()
        assert "9 dcgan patches" in text
        assert text.count("panel-sheet") == 9
        assert AuditEvent.objects.get().verb == "pool.created"

    def test_an_unfinished_patch_set_is_not_offered(self, study_admin):
        PatchSet.objects.create(
            name="Running", slug="running", source="real", status="running", created_at=NOW
        )
        assert (
            "There is no finished patch set yet"
            in study_admin.get(reverse("readerstudy:pools")).content.decode()
        )

    def test_a_name_is_taken_once(self, study_admin):
        pool = make_pool()
        response = study_admin.post(
            reverse("readerstudy:pools"), {"name": pool.name.upper(), "patch_set": pool.patch_set.pk}
        )
        assert f"There is already a pool named &quot;{pool.name.upper()}&quot;" in response.content.decode()

    def test_the_gallery_filters_by_class_and_pages(self, study_admin):
        pool = make_pool("real", 20)
        address = reverse("readerstudy:pool", args=[pool.slug])
        text = study_admin.get(address, {"class": "malignant", "page": "2"}).content.decode()
        assert "Page 2 of 2" in text
        assert re.findall(r"(\d+)\.png", text) == [str(i) for i in range(32, 40)]

    def test_a_patch_is_a_png_and_one_past_the_end_is_not_there(self, study_admin):
        pool = make_pool("real", 2)
        response = study_admin.get(reverse("readerstudy:pool_patch", args=[pool.slug, 5]))
        assert response.content.startswith(b"\x89PNG")
        assert study_admin.get(reverse("readerstudy:pool_patch", args=[pool.slug, 6])).status_code == 404


class TestDesign:
    def test_the_form_comes_filled_in_as_the_paper_did(self, study_admin, offered):
        form = study_admin.get(reverse("readerstudy:study_new")).context["form"]
        initial = {name: form[name].value() for name in form.fields}
        assert [initial[f"n_{source}_benign"] for source in ("real", "dcgan", "wgan")] == [80, 40, 40]
        assert (initial["warm_up_real"], initial["warm_up_synthetic"]) == (24, 24)

    def test_a_design_becomes_a_draft_and_can_be_revised(self, study_admin, offered):
        designer.post(study_admin)
        study = Study.objects.get()
        assert study.status == "draft"
        assert study.rules.test["real"]["benign"] == 4
        designer.post(study_admin, reverse("readerstudy:study_revise", args=[study.slug]), n_real_benign="3")
        study.refresh_from_db()
        assert study.rules.test["real"]["benign"] == 3
        assert [event.verb for event in study.audit_events.order_by("pk")] == [
            "study.created",
            "study.revised",
        ]

    def test_a_quota_larger_than_its_pool_is_refused_with_both_numbers(self, study_admin, offered):
        response = designer.post(study_admin, n_dcgan_malignant="9")
        said = response.context["form"]["n_dcgan_malignant"].errors
        name = next(pool.name for pool in offered if pool.source == "dcgan")
        assert said == [
            f'The study needs 10 malignant patches of dcgan (9 test + 1 warm-up) but the pool "{name}" holds 8; '
            "lower the quota or choose a larger pool."
        ]
        assert not Study.objects.exists()

    def test_a_key_that_viewers_use_is_refused(self, study_admin, offered):
        response = designer.post(study_admin, real_key="r")
        assert "The key &quot;r&quot; cannot be an answer" in response.content.decode()

    def test_without_pools_the_page_says_what_to_do_first(self, study_admin):
        assert (
            "make a pool of each first" in study_admin.get(reverse("readerstudy:study_new")).content.decode()
        )


class TestLife:
    def test_a_study_goes_from_draft_to_closed_by_confirmed_buttons(self, study_admin, offered):
        designer.post(study_admin)
        study = Study.objects.get()
        for step, status in (("freeze", "frozen"), ("open", "open"), ("close", "closed")):
            study_admin.post(reverse(f"readerstudy:study_{step}", args=[study.slug]), CONFIRMED)
            study.refresh_from_db()
            assert study.status == status
            assert study_admin.get(reverse("readerstudy:study", args=[study.slug])).status_code == 200
        assert len(study.fingerprint) == 64
        log = study_admin.get(reverse("readerstudy:study_audit", args=[study.slug])).content.decode()
        for sentence in (
            "made the study as a draft",
            "froze the study",
            "opened the study to readers",
            "closed the study",
        ):
            assert sentence in log

    def test_an_unticked_box_changes_nothing(self, study_admin):
        study = make_study("draft")
        response = study_admin.post(reverse("readerstudy:study_freeze", args=[study.slug]), follow=True)
        assert "Nothing was changed" in response.content.decode()
        study.refresh_from_db()
        assert study.status == "draft"

    def test_steps_out_of_turn_are_refused_in_words(self, study_admin):
        study = make_study("draft")
        response = study_admin.post(
            reverse("readerstudy:study_close", args=[study.slug]), CONFIRMED, follow=True
        )
        assert "is draft; only an open study can be closed" in response.content.decode()

    def test_a_frozen_protocol_cannot_be_revised(self, study_admin):
        study = make_study("frozen")
        before = study.protocol
        response = study_admin.post(reverse("readerstudy:study_revise", args=[study.slug]), follow=True)
        assert "is frozen and cannot change" in response.content.decode()
        study.refresh_from_db()
        assert study.protocol == before


class TestReaders:
    def test_an_invited_reader_gets_a_pseudonym_and_a_link(self, study_admin, open_study):
        address = reverse("readerstudy:study_readers", args=[open_study.slug])
        response = study_admin.post(address, {"name": "Rosa", "group": "Radiologist"}, follow=True)
        reader = Reader.objects.get()
        assert (reader.pseudonym, reader.group) == ("R01", "radiologist")
        assert f"http://testserver/read/i/{link_token(reader.invitation)}/" in response.content.decode()

    def test_a_name_like_a_formula_is_refused(self, study_admin, open_study):
        address = reverse("readerstudy:study_readers", args=[open_study.slug])
        response = study_admin.post(address, {"name": "=HYPERLINK(1)", "group": "radiologist"})
        assert "begin with a letter or a digit" in response.content.decode()
        assert not Reader.objects.exists()

    def test_progress_shows_how_far_but_never_how_well(self, study_admin, radiologist, open_study):
        radiologist.begin().see_warm_up()
        for _ in range(3):
            radiologist.press("real")
        for name in ("study", "study_readers"):
            text = study_admin.get(reverse(f"readerstudy:{name}", args=[open_study.slug])).content.decode()
            assert "3 / 12" in text
            assert "correct" not in text.replace("whether answers are right", "")

    def test_revoke_and_new_link(self, study_admin, open_study):
        invitation = make_invitation(open_study)
        study_admin.post(reverse("readerstudy:invitation_revoke", args=[open_study.slug, "R01"]))
        invitation.refresh_from_db()
        assert invitation.revoked_at is not None
        study_admin.post(reverse("readerstudy:invitation_new_link", args=[open_study.slug, "R01"]))
        invitation.refresh_from_db()
        assert (invitation.revoked_at, invitation.version) == (None, 2)


class TestTrialCsv:
    def test_it_is_refused_before_closing(self, study_admin, radiologist, open_study):
        radiologist.begin()
        response = study_admin.get(reverse("readerstudy:trial_csv", args=[open_study.slug]), follow=True)
        assert "results and trials can be seen once it is closed" in response.content.decode()

    def test_it_holds_every_trial_under_pseudonyms(self, study_admin, radiologist, open_study):
        radiologist.begin().see_warm_up()
        radiologist.press("real", rt_ms="800")
        studies.close(study=open_study, by=ADMIN, now=NOW)
        response = study_admin.get(reverse("readerstudy:trial_csv", args=[open_study.slug]))
        lines = b"".join(response.streaming_content).decode().splitlines()
        assert lines[0].startswith("reader,group,case,origin,tissue,phase,order,answer,confidence,rt_ms,")
        assert len(lines) == 1 + 6 + 12
        assert [line.split(",")[5:7] for line in lines[1:8]] == [["warmup", str(i)] for i in range(1, 7)] + [
            ["test", "1"]
        ]
        assert ",test,1,real,,800," in lines[7]
        assert "Rosa" not in "".join(lines)


def test_the_desk_shows_what_comes_next(study_admin, open_study):
    text = study_admin.get(reverse("desk")).content.decode()
    assert open_study.name in text
