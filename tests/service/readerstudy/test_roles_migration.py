"""An instance from before there were roles keeps what its accounts could do."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

from readerstudy.models import AuditEvent, StudyRole
from readerstudy.selectors import access
from tests.factories import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def migrate():
    """Run the step of the migration on rows as they are."""
    step = import_module("readerstudy.migrations.0004_desk").keep_what_accounts_could_do

    class Editor:
        def __init__(self) -> None:
            self.connection = connection

        def execute(self, statement: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(statement)

    return lambda: step(apps, Editor())


def test_whoever_made_a_study_owns_it_and_every_account_is_a_study_admin(migrate):
    ada, gone = User.objects.create_user("ada"), User.objects.create_user("gone", is_active=False)
    chief = User.objects.create_superuser("chief")
    study, of_nobody = make_study("draft"), make_study("draft")
    AuditEvent.objects.filter(study=study, verb="study.created").update(actor="ada")
    migrate()
    migrate()  # a second time changes nothing
    assert [(row.user, row.role, row.study) for row in StudyRole.objects.all()] == [(ada, "owner", study)]
    assert access.is_study_admin(User.objects.get(pk=ada.pk))
    assert not User.objects.get(pk=gone.pk).user_permissions.exists()
    assert not User.objects.get(pk=chief.pk).user_permissions.exists()
    assert list(access.studies_of(chief).order_by("pk")) == [study, of_nobody]
