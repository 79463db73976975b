"""What every route keeps to: a token in each form, headers that no page goes without, no way to another host."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse

from readerstudy.models import Study
from readerstudy.selectors.links import link_token
from readerstudy.services import accounts, invitations
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study
from tests.service.readerstudy.permission_expectations import EXAMPLES
from tests.service.readerstudy.test_permissions import ROUTES, Route

pytestmark = pytest.mark.django_db
PASSWORD = "a password of the tests"
NO_TOKEN = 418
PROBES = ("health_live", "health_ready")  # plain text, answered before everything else, and only to GET
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    " https://evil.example",
    "https://testserver@evil.example/",
]


def no_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    """In the place of the page of a form without its token, so that it can be told from every other answer."""
    return HttpResponse(status=NO_TOKEN)


def arguments(route: Route, study: Study | None = None) -> dict[str, Any]:
    """Something that the address takes; what it names need not exist."""
    known = {"public_id": "0" * 32, "token": "0" * 32, "slug": study.slug if study else "x"}
    found: dict[str, Any] = {}
    for name in route.arguments:
        converter = type(getattr(route.pattern.pattern, "converters", {}).get(name)).__name__
        given = EXAMPLES.get((route.name, name), known.get(name))
        found[name] = given if given is not None else 1 if converter == "IntConverter" else "x"
    return found


def address_of(route: Route, study: Study | None = None) -> str:
    if route.name == "admin:":
        return "/support/anything"  # the pattern at the end of Django's own
    if route.name == "admin:app_list":
        return reverse(route.name, args=["readerstudy"])
    return reverse(route.name, kwargs=arguments(route, study))


class TestForms:
    def test_no_route_takes_a_form_without_its_token(self, settings):
        """Whoever is signed in: another site could have sent it. The JSON interface takes no cookie instead."""
        settings.CSRF_FAILURE_VIEW = f"{__name__}.no_token"
        client = Client(enforce_csrf_checks=True)
        client.force_login(User.objects.create_superuser("Ada"))
        met = {route.name: client.post(address_of(route)).status_code for route in ROUTES}
        open_ones = {name: status for name, status in met.items() if status != NO_TOKEN}
        assert {name for name in open_ones if not name.startswith("api:")} == set(PROBES)
        assert set(open_ones.values()) <= {401, 404, 405}

    def test_a_token_of_another_browser_is_none(self, settings):
        settings.CSRF_FAILURE_VIEW = f"{__name__}.no_token"
        token = Client().get(reverse("login")).context["csrf_token"]
        response = Client(enforce_csrf_checks=True).post(
            reverse("login"), {"csrfmiddlewaretoken": str(token)}
        )
        assert response.status_code == NO_TOKEN

    @pytest.mark.parametrize("header", [{"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_ORIGIN": "null"}])
    def test_a_form_sent_from_another_site_is_none(self, settings, header):
        settings.CSRF_FAILURE_VIEW = f"{__name__}.no_token"
        client = Client(enforce_csrf_checks=True)
        token = str(client.get(reverse("login")).context["csrf_token"])
        response = client.post(reverse("login"), {"csrfmiddlewaretoken": token}, **header)
        assert response.status_code == NO_TOKEN


class TestHeaders:
    def test_every_route_forbids_frames_sniffing_referrers_and_caches(self, open_study, radiologist):
        radiologist.begin().see_warm_up()
        client = radiologist.client
        client.force_login(User.objects.create_superuser("Ada"))
        wrong = []
        for route in ROUTES:
            if (
                route.name.startswith("admin:")
                and "_" in route.name
                and "readerstudy_reader_" not in route.name
            ):
                continue  # the pages of one model stand for those of all
            response = client.get(address_of(route, open_study))
            found = response.headers
            frames = "DENY" if route.name not in PROBES else None
            if (
                found.get("X-Frame-Options") != frames
                or "default-src 'none'" not in found["Content-Security-Policy"]
            ):
                wrong.append(f"{route.name}: frames or policy")
            if (
                found.get("X-Content-Type-Options") != "nosniff"
                or found.get("Referrer-Policy") != "same-origin"
            ):
                wrong.append(f"{route.name}: sniffing or referrer")
            if found.get("Cross-Origin-Opener-Policy") != "same-origin":
                wrong.append(f"{route.name}: opener")
            if not is_private(found["Cache-Control"], route):
                wrong.append(f"{route.name}: Cache-Control {found['Cache-Control']}")
        assert wrong == []

    @pytest.mark.parametrize(
        "name", ["desk", "readerstudy:studies", "tokens", "account", "login", "evaluation:power"]
    )
    def test_no_page_of_the_desk_is_kept(self, study_admin, name):
        assert "no-store" in study_admin.get(reverse(name))["Cache-Control"]

    def test_no_page_of_a_reader_is_kept(self, radiologist):
        radiologist.open()
        assert "no-store" in radiologist.page["Cache-Control"]
        radiologist.begin()
        assert "no-store" in radiologist.page["Cache-Control"]
        panel = radiologist.client.get(f"{radiologist.address}panel.png")
        assert (panel.status_code, panel["Cache-Control"]) == (200, "no-store")


def is_private(said: str, route: Route) -> bool:
    """Not kept at all, or by the person's own browser only; the description of the interface is for everybody."""
    return (
        "no-store" in said
        or said.startswith("private")
        or (route.name == "api:openapi" and said == "no-cache")
    )


class TestHosts:
    @pytest.mark.parametrize(
        "header", [{"HTTP_HOST": "evil.example"}, {"HTTP_HOST": "testserver:80@evil.example"}]
    )
    def test_a_link_to_set_a_password_never_names_a_foreign_host(self, client, header):
        accounts.create(user_name="ada", kind="study admin", email="ada@example.org", by="a test", now=NOW)
        response = client.post(reverse("account_reset_password"), {"email": "ada@example.org"}, **header)
        assert response.status_code == 400
        assert mail.outbox == []

    def test_what_a_proxy_did_not_write_is_not_believed(self, client):
        accounts.create(user_name="ada", kind="study admin", email="ada@example.org", by="a test", now=NOW)
        headers = {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PROTO": "https"}
        client.post(reverse("account_reset_password"), {"email": "ada@example.org"}, **headers)
        assert "http://testserver/password/" in mail.outbox[0].body
        assert "evil" not in mail.outbox[0].body

    def test_a_link_to_set_a_password_works_for_three_days(self, client, monkeypatch):
        user = accounts.create(
            user_name="ada", kind="study admin", email="ada@example.org", by="a test", now=NOW
        )
        token = default_token_generator.make_token(user)
        assert default_token_generator.check_token(user, token)
        later = default_token_generator._now
        seconds = 3 * 24 * 60 * 60 + 1
        monkeypatch.setattr(
            type(default_token_generator), "_now", lambda self: later() + timedelta(seconds=seconds)
        )
        assert not default_token_generator.check_token(user, token)

    @pytest.mark.parametrize("elsewhere", ELSEWHERE)
    def test_no_next_leads_to_another_host(self, elsewhere):
        cache.clear()
        user = User.objects.create_user("ada", password=PASSWORD)
        for name in ("login", "logout", "account_reauthenticate", "reading:language", "account_logout"):
            client = Client()
            if name != "login":
                client.force_login(user)
            data = {"login": "ada", "password": PASSWORD, "language": "de", "next": elsewhere}
            for response in (
                client.post(reverse(name), data),
                client.get(reverse(name), {"next": elsewhere}),
            ):
                target = response.headers.get("Location", "")
                assert target == "" or (target.startswith("/") and not target.startswith(("//", "/\\"))), (
                    name,
                    target,
                )

    @pytest.mark.parametrize("elsewhere", ELSEWHERE)
    def test_nor_does_the_sign_in_of_the_support_staff(self, elsewhere):
        cache.clear()
        User.objects.create_superuser("ada", password=PASSWORD)
        client = Client()
        form = client.get(reverse("admin:login"), {"next": elsewhere})["Location"]
        response = client.post(form, {"login": "ada", "password": PASSWORD})
        assert response.status_code == 302
        assert response["Location"].startswith("/")
        assert not response["Location"].startswith(("//", "/\\"))


class TestReadersSessions:
    def test_what_a_browser_held_before_opens_nothing_new(self):
        """Somebody who planted a cookie of his own in a reader's browser learns nothing of her session."""
        study = make_study("open")
        planted = ReadingBrowser(make_invitation(study, "Mallory")).begin()
        before = planted.client.cookies["reading"].value
        victim = ReadingBrowser(make_invitation(study, "Rosa"))
        victim.client.cookies["reading"] = before
        victim.begin()
        assert victim.client.cookies["reading"].value != before
        mallory = Client()
        mallory.cookies["reading"] = before
        assert mallory.get(victim.address).status_code == 404

    def test_a_cookie_that_was_changed_is_none(self, radiologist):
        radiologist.begin()
        value = radiologist.client.cookies["reading"].value
        radiologist.client.cookies["reading"] = ("0" if value[0] != "0" else "1") + value[1:]
        assert radiologist.client.get(radiologist.address).status_code == 404

    @pytest.mark.parametrize("change", ["version", "id", "signature"])
    def test_a_link_that_was_changed_is_none(self, open_study, change):
        invitation = make_invitation(open_study)
        named, signature = link_token(invitation).split(".")
        other = make_invitation(open_study)
        forged = {
            "version": f"{named[:-1]}2.{signature}",
            "id": f"{link_token(other).split('.')[0]}.{signature}",
            "signature": f"{named}.{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}",
        }[change]
        assert Client().get(reverse("reading:arrival", args=[forged])).status_code == 404

    def test_a_new_link_ends_every_browser_that_used_the_old_one(self, radiologist):
        radiologist.begin()
        invitation = Study.objects.get().readers.get().invitation
        invitations.replace_link(invitation=invitation, by=ADMIN, now=NOW)
        assert radiologist.client.get(radiologist.address).status_code == 404


class TestSupport:
    def test_staff_without_a_second_factor_see_nothing(self, study_admin, settings):
        settings.REQUIRE_MFA = True
        for address in ("/support/", "/support/readerstudy/reader/", "/support/login/"):
            response = study_admin.get(address)
            assert response.status_code == 302
            assert response["Location"] in {reverse("account"), reverse("admin:index")}


class TestSessionCookie:
    def test_with_a_key_that_no_database_can_hold_nobody_is_signed_in(self, client: Client) -> None:
        found = client.get("/desk/studies/", headers={"cookie": r'sessionid="abcdefg\000hijklmn"'})
        assert found.status_code == 302
        assert found.url.startswith(reverse("account_login"))  # type: ignore[attr-defined]
