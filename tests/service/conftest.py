"""The cast: two readers of an open study, its study admin, and a stranger who reads another study."""

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client

from readerstudy.models import Study
from tests import made_once
from tests.factories import ReadingBrowser, make_invitation, make_study


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, only what opens the database in this process: the rest chooses its database itself, or none."""
    if django_settings.TEST_DATABASE == "sqlite":
        return
    left_out = [item for item in items if not uses_database(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if uses_database(item)]


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & {"db", "transactional_db"})


@pytest.fixture(autouse=True)
def data_folder(tmp_path, settings):
    """Files of each test lie in a folder of its own."""
    settings.READERSTUDY_DATA = tmp_path / "data"
    return settings.READERSTUDY_DATA


@pytest.fixture
def once(db, data_folder, tmp_path_factory):
    """Make what is costly for the first test, and put it back for the others."""
    return lambda make: made_once.once(make, tmp_path_factory)


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
    client.force_login(User.objects.create_superuser("Ada Admin"))
    return client


@pytest.fixture(scope="session")
def s3_server():
    from tests.s3_server import running_server  # an import of a second, for the tests that need it

    with running_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_server, data_folder, settings):
    """This instance shares its files through a bucket of its own."""
    from tests.s3_server import new_bucket

    made = new_bucket(s3_server)
    settings.STORAGES = made.storages()
    return made


@pytest.fixture
def machine(bucket, tmp_path, settings):
    """Go on as another machine: the same database and bucket, a data folder of its own."""

    def go_to(name: str):
        settings.READERSTUDY_DATA = tmp_path / f"machine-{name}"
        settings.READERSTUDY_DATA.mkdir(exist_ok=True)
        return settings.READERSTUDY_DATA

    return go_to
