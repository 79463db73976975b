"""Every route of results, asked for real while a study is a draft, frozen or open: nobody sees anything, owners included."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from readerstudy.services import roles
from tests.factories import NOW, ReadingBrowser, make_invitation, make_study
from tests.service.readerstudy.permission_expectations import ANALYST, EXPECTED

pytestmark = pytest.mark.django_db

# What holds no answer and no truth, and may be had at any time.
HARMLESS = {
    "evaluation:data_dictionary",
    "evaluation:audit_csv",
    "evaluation:reader_csv",
    "evaluation:exports",
}
NAMES = [
    name
    for name, line in EXPECTED.items()
    if line == ANALYST and not name.startswith("api:") and name not in HARMLESS
]


def test_there_are_routes_to_ask():
    assert {"readerstudy:trial_csv", "evaluation:table3_csv", "evaluation:everything_zip"} <= set(NAMES)


@pytest.mark.parametrize("status", ["draft", "frozen", "open"])
def test_results_stay_sealed_for_owner_analyst_and_administrator(status):
    study = make_study(status)
    if status == "open":
        ReadingBrowser(make_invitation(study)).begin().see_warm_up().press("real")
    for role in ("owner", "analyst", "administrator"):
        user = User.objects.create_user(f"{role}-{status}", is_superuser=role == "administrator")
        if role != "administrator":
            roles.grant(study=study, user=user, role=role, by="a test", now=NOW)
        client = Client()
        client.force_login(user)
        for name in NAMES:
            kwargs = {"slug": study.slug} | (
                {"name": "table3.csv"} if name == "evaluation:analysis_file" else {}
            )
            response = client.get(reverse(name, kwargs=kwargs))
            templates = {template.name for template in getattr(response, "templates", [])}
            is_sealed = (
                response.status_code in {302, 403, 404, 405, 409}
                or "evaluation/results_sealed.html" in templates
            )
            assert is_sealed, (role, name, response.status_code)
