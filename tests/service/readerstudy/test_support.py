"""Django's admin: for support staff, who look at rows without learning who reads or what is true."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import reverse

from readerstudy.models import ApiToken, AuditEvent, Case, Invitation, Reader, ReadingSession, Response, Trial
from readerstudy.selectors.links import link_token
from tests.factories import ReadingBrowser, make_invitation, make_study

pytestmark = pytest.mark.django_db
# What holds the truth, an answer, a secret or an account's own affairs is not looked at here.
NOT_SHOWN = {"ApiToken", "Case", "Response", "WithdrawnResponse", "Trial", "User", "Session", "Authenticator"}


@pytest.fixture
def study():
    study = make_study("open")
    reader = ReadingBrowser(make_invitation(study, "Rosa Radiologist")).begin().see_warm_up()
    reader.press("real")
    Reader.objects.update(email="rosa@example.org")
    ReadingSession.objects.update(expertise={"Your role": "Radiographer in Bonn"}, seat="a" * 32)
    ApiToken.objects.create(
        user=User.objects.create_user("owner"),
        name="a script",
        start="rst_abcde",
        sha256="f" * 64,
        created_at=study.created_at,
        expires_at=study.created_at,
    )
    return study


@pytest.fixture
def support() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("Sue Support"))
    return client


def rows() -> list[models.Model]:
    return [row for model in admin.site._registry for row in model._default_manager.all()]


def shown(client: Client, row: models.Model) -> str:
    name = f"{row._meta.app_label}_{row._meta.model_name}"
    pages = (reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_change", args=[row.pk]))
    return "".join(client.get(page, follow=True).content.decode() for page in pages)


class TestWho:
    @pytest.mark.parametrize("fields", [{}, {"is_staff": True}])
    def test_nobody_else(self, fields, study):
        client = Client()
        client.force_login(User.objects.create_user("nobody", **fields))
        assert client.get(reverse("admin:index")).status_code == 403
        assert client.get(reverse("admin:readerstudy_reader_changelist")).status_code == 403


class TestWhat:
    def test_no_truth_no_answer_no_secret_has_a_page(self):
        assert not NOT_SHOWN & {model.__name__ for model in admin.site._registry}

    def test_nothing_tells_who_reads_or_what_is_true(self, study, support):
        kinds = {type(row) for row in rows()}
        assert {Reader, Invitation, ReadingSession, AuditEvent} <= kinds
        text = "\n".join(shown(support, row) for row in rows())
        assert "R01" in text
        invitation = Invitation.objects.get()
        session = ReadingSession.objects.get()
        hidden = {
            "Rosa",
            "rosa@example.org",
            "Radiographer in Bonn",
            link_token(invitation),
            invitation.public_id,
            session.public_id,
            session.seat,
            "rst_abcde",
            "f" * 64,
            *(case.public_id for case in Case.objects.all()),
            *(trial.token for trial in Trial.objects.all()),
        }
        assert {one for one in hidden if one in text} == set()
        assert Response.objects.count() == 1

    def test_nothing_can_be_changed(self, study, support):
        for row in rows():
            name = f"{row._meta.app_label}_{row._meta.model_name}"
            assert support.get(reverse(f"admin:{name}_add")).status_code == 403
            for action in ("change", "delete"):
                answer = support.post(reverse(f"admin:{name}_{action}", args=[row.pk]), {"post": "yes"})
                assert answer.status_code == 403
