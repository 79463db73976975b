"""The cast: two readers of an open study, its study admin, and a stranger who reads another study."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from readerstudy.models import Study
from tests.factories import ReadingBrowser, make_invitation, make_study


@pytest.fixture(autouse=True)
def data_folder(tmp_path, settings):
    """Files of each test lie in a folder of its own."""
    settings.READERSTUDY_DATA = tmp_path / "data"
    return settings.READERSTUDY_DATA


@pytest.fixture
def open_study(db) -> Study:
    return make_study("open")


@pytest.fixture
def radiologist(open_study) -> ReadingBrowser:
    return ReadingBrowser(make_invitation(open_study, "Rosa Radiologist", "radiologist"))


@pytest.fixture
def layperson(open_study) -> ReadingBrowser:
    return ReadingBrowser(make_invitation(open_study, "Leo Layperson", "layperson"))


@pytest.fixture
def stranger(db) -> ReadingBrowser:
    """A reader of another study, in the middle of the test."""
    return (
        ReadingBrowser(make_invitation(make_study("open"), "Sam Stranger", "layperson")).begin().see_warm_up()
    )


@pytest.fixture
def study_admin(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("Ada Admin"))
    return client
