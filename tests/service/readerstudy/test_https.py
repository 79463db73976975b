"""With DJANGO_HTTPS=1, in a process of its own: every cookie is Secure, every answer carries HSTS, and probes get through without."""

import json
import os

import pytest

from tests import nursery

HOST = "study.hospital.example"
LOOK = """
import json
import django; django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from tests.factories import ReadingBrowser, make_invitation, make_study, small_protocol
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
through_proxy = {"HTTP_HOST": "study.hospital.example", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}
User.objects.create_superuser("ada", password="a password of the tests")
desk = Client(**through_proxy)
signed_in = desk.post(reverse("login"), {"login": "ada", "password": "a password of the tests"})
desk.get(reverse("login"))
room = ReadingBrowser(make_invitation(make_study("open", protocol=small_protocol(warm_up={}))))
room.client = Client(enforce_csrf_checks=True, **through_proxy)
room._follow = lambda response, address: setattr(room, "page", response) or setattr(room, "address", address) or response
room.open()
token = room.form().fields
start = room.client.post(room.link, token, HTTP_REFERER="https://study.hospital.example/")
room.client.post(reverse("reading:language"), {**token, "language": "de", "next": room.link}, HTTP_REFERER="https://study.hospital.example/")
plain = Client(HTTP_HOST="study.hospital.example").get("/desk/")
inside = Client(HTTP_HOST="127.0.0.1:8000")
print(json.dumps({
    "signed_in": signed_in.status_code,
    "started": start.status_code,
    "cookies": {name: [bool(one["secure"]), bool(one["httponly"]), one["samesite"]] for client in (desk, room.client) for name, one in client.cookies.items()},
    "hsts": desk.get("/desk/").headers.get("Strict-Transport-Security"),
    "plain": [plain.status_code, plain.headers.get("Location")],
    "probes": {path: inside.get(path).status_code for path in ("/health/live", "/health/ready", "/desk/")},
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    others = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    told = {
        "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
        "READERSTUDY_DATA": str(tmp_path_factory.mktemp("https")),
        "DJANGO_HTTPS": "1",
        "DJANGO_ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXIES": "1",
    }
    done = nursery.run(["-c", LOOK], env={**others, **told})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_cookie_is_secure_and_no_script_reads_it(found):
    assert (found["signed_in"], found["started"]) == (302, 302)
    assert found["cookies"].keys() >= {"sessionid", "csrftoken", "reading", "reading_language"}
    for name, attributes in found["cookies"].items():
        if name != "messages":  # emptied again
            assert attributes == [True, True, "Lax"], name


def test_a_browser_that_came_once_comes_by_https_only(found):
    assert found["hsts"] == "max-age=31536000"
    assert found["plain"] == [301, f"https://{HOST}/desk/"]


def test_probes_from_inside_need_neither_the_name_nor_https(found):
    """As the health check of a container asks, and `serve` while it waits for its web server."""
    assert found["probes"] == {"/health/live": 200, "/health/ready": 200, "/desk/": 400}
