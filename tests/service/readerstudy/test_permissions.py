"""Every route x every role x every object owner: what is met is what permission_expectations.py says.

The gate is asked with real requests; a view that it lets an account into is not run, so the walk is quick. Views that
open without an account (the reading room, the sign-in) are run, because they ask themselves.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core import serializers
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from evaluation.views.api import documents, interface
from readerstudy import access_table
from readerstudy.models import Study
from readerstudy.selectors.access import Role
from readerstudy.services import roles, tokens
from readerstudy.views.api import door
from tests.conftest import PROJECT
from tests.factories import NOW, ReadingBrowser, make_invitation, make_study
from tests.service.readerstudy.permission_expectations import (
    EXAMPLES,
    EXPECTED,
    OF_STUDY,
    READER,
    ROLES,
    STRANGERS,
)

MATRIX: Final = PROJECT / "docs" / "permissions.md"
REACHED: Final = "X-Reached"
REFUSALS: Final = {401: "401", 403: "403", 404: "404"}


@dataclass(frozen=True)
class Route:
    """One pattern of the resolver: its name, its address as it is written, the names of its arguments."""

    name: str
    address: str
    arguments: tuple[str, ...]
    pattern: URLPattern

    @property
    def expected(self) -> str | None:
        """Its line, by its name or by its namespace."""
        line = EXPECTED.get(self.name) or EXPECTED.get(self.name.rpartition(":")[0] + ":")
        return line.replace("sign-in", "401") if line and self.is_api else line

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")

    @property
    def is_of_study(self) -> bool:
        return EXPECTED.get(self.name) in OF_STUDY

    @property
    def methods(self) -> tuple[str, ...]:
        """Those that the walk uses."""
        if method := API_METHODS.get(self.name):
            return (method,)
        # Views that open without an account answer for themselves; posting to them is tested where they are.
        asks_the_gate = getattr(self.pattern.callback, "login_required", True)
        return ("GET", "POST") if asks_the_gate else ("GET",)


def _routes(patterns: list[Any], namespace: str = "", before: str = "/") -> Iterator[Route]:
    for one in patterns:
        address = before + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from _routes(one.url_patterns, inner, address)
        else:
            converters = tuple(one.pattern.converters) or tuple(one.pattern.regex.groupindex)
            yield Route(namespace + (one.name or ""), address, converters, one)


API_METHODS: Final = {
    f"api:{name}": method for (_, method), name in interface._rule_names().items()
}  # several operations share an address
ROUTES: Final = list(_routes(get_resolver().url_patterns))
NAMED: Final = [route for route in ROUTES if route.expected and not route.name.endswith(":")]


OF_READERS: Final = [route for route in NAMED if EXPECTED.get(route.name) == READER]
OF_STUDIES: Final = [route for route in NAMED if route.is_of_study]


class StopAtTheView:
    """Stands behind the gate: whoever comes as far as this may open the page, which is not drawn."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        asks_for_account = getattr(view, "login_required", True)
        return HttpResponse(headers={REACHED: "yes"}) if asks_for_account else None


@dataclass
class Cast:
    """Browsers and API tokens of each role, the studies they meet, and what a reader holds."""

    clients: dict[str, Client]
    tokens: dict[str, str]
    own: dict[str, Study]
    other: Study
    link: str
    session: str
    trial: str

    def arguments(self, route: Route, slug: str) -> dict[str, Any]:
        """Something for every argument of an address; what it names need not exist behind the gate."""
        known = {"slug": slug, "link": self.link, "public_id": self.session, "token": self.trial, "name": "x"}
        found: dict[str, Any] = {}
        for name in route.arguments:
            if (example := EXAMPLES.get((route.name, name))) is not None:
                found[name] = example
            elif name in known:
                found[name] = known[name]
            else:
                converter = type(route.pattern.pattern.converters.get(name)).__name__
                found[name] = 1 if converter == "IntConverter" else "R01"
        return found


@pytest.fixture(autouse=True)
def data_folder() -> None:
    """Files lie where the cast below put them, for all tests of this module."""


@pytest.fixture(scope="module")
def cast(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cast]:
    """Everything is made once, and taken back at the end."""
    changed = override_settings(
        READERSTUDY_DATA=tmp_path_factory.mktemp("permissions"),
        MIDDLEWARE=[*settings.MIDDLEWARE, "tests.service.readerstudy.test_permissions.StopAtTheView"],
    )
    refusals = logging.getLogger("django.request")  # thousands are meant to happen
    with django_db_blocker.unblock(), transaction.atomic(), changed, pytest.MonkeyPatch.context() as patched:
        patched.setattr(door.Bearer, "_check_rights", _stopping(door.Bearer._check_rights))
        patched.setattr(door, "check_rate", lambda token, now: None)
        patched.setattr(tokens, "note_use", lambda token, now: None)
        patched.setattr(documents, "document", dict)  # takes seconds to write, and is the same for everybody
        patched.setattr(refusals, "disabled", True)
        yield _made()
        transaction.set_rollback(True)


def _stopping(check: Callable[[Any, HttpRequest], None]) -> Callable[[Any, HttpRequest], None]:
    """The door of the JSON interface, behind which nobody goes: who may pass is told to wait."""

    def checked(self: Any, request: HttpRequest) -> None:
        check(self, request)
        raise door.TooMany(0, 0)

    return checked


def _made() -> Cast:
    users = {role: User.objects.create_user(role.replace(" ", "_")) for role in ROLES[2:]}
    users["administrator"].is_superuser = users["administrator"].is_staff = True
    users["administrator"].save()
    users["study admin"].user_permissions.add(Permission.objects.get(codename="add_study"))
    own = {status: make_study(status) for status in ("draft", "open", "closed")}
    for study in own.values():
        for role in Role:
            roles.grant(study=study, user=users[role], role=role, by="a test", now=NOW)
    other = make_study("open")
    roles.grant(study=other, user=User.objects.create_user("stranger"), role="owner", by="a test", now=NOW)
    invitation = make_invitation(own["open"])
    browser = ReadingBrowser(invitation).begin().see_warm_up()
    clients = {role: Client() for role in ROLES}
    clients["reader"] = browser.client
    browser.client.handler.enforce_csrf_checks = False
    for role, user in users.items():
        clients[role].force_login(user)
    session = invitation.session
    link = browser.link.rstrip("/").rpartition("/")[2]
    secrets = {
        role: tokens.make(user=user, name="walk", can_write=True, n_days=1, now=timezone.now()).secret
        for role, user in users.items()
    }
    return Cast(clients, secrets, own, other, link, session.public_id, browser.token)


def _met(client: Client, method: str, address: str, **headers: str) -> str:
    """One word for what an account meets."""
    response = client.generic(method, address, **headers)
    if REACHED in response.headers or response.status_code == 429:
        return "open"
    if response.status_code == 302 and response["Location"].startswith(reverse("login")):
        return "sign-in"
    return REFUSALS.get(response.status_code, "open")


def _walk(cast: Cast, route: Route, study: Study, method: str) -> list[str]:
    address = reverse(route.name, kwargs=cast.arguments(route, study.slug))
    if not route.is_api:
        return [_met(cast.clients[role], method, address) for role in ROLES]
    tokens = {role: {"HTTP_AUTHORIZATION": f"Bearer {secret}"} for role, secret in cast.tokens.items()}
    return [_met(cast.clients[role], method, address, **tokens.get(role, {})) for role in ROLES]


def _snapshot() -> str:
    """Every row of the three apps and of the accounts, but for what a sign-in leaves."""
    models = [
        model
        for model in apps.get_models()
        if model._meta.app_label in {"generation", "readerstudy", "evaluation", "auth", "account", "mfa"}
    ]
    return "\n".join(serializers.serialize("json", model._default_manager.order_by("pk")) for model in models)


class TestTable:
    def test_every_route_has_a_rule(self):
        """In readerstudy/access_table.py."""
        assert [
            route.name
            for route in ROUTES
            if access_table.rule_of(route.name.rpartition(":")[0], route.name) is None
        ] == []

    def test_every_route_has_an_expectation(self):
        """In permission_expectations.py, which says how to write one."""
        assert [route.name for route in ROUTES if route.expected is None] == []

    def test_no_row_is_left_of_a_route_that_is_gone(self):
        names = {route.name for route in ROUTES}
        assert set(access_table.ROUTES) - names == set()
        assert {name for name in EXPECTED if not name.endswith(":")} - names == set()

    def test_every_line_has_a_word_for_each_role(self):
        assert {len(line.split()) for line in EXPECTED.values()} == {len(ROLES)}


@pytest.mark.django_db
class TestMatrix:
    def test_every_route_and_role(self, cast):
        """In an open study of one's own, reading and changing."""
        before = _snapshot()
        wrong = [
            f"{method} {route.name}: {role} met {found}, expected {wanted}"
            for route in NAMED
            if route not in OF_READERS
            for method in route.methods
            for role, found, wanted in zip(
                ROLES, _walk(cast, route, cast.own["open"], method), route.expected.split(), strict=True
            )
            if found != wanted
        ]
        assert not wrong, "\n".join(wrong)
        assert _snapshot() == before  # nobody who was refused changed anything

    @pytest.mark.parametrize("role", [*(role for role in ROLES if role != "reader"), "reader"])
    def test_every_route_of_the_reading_room(self, cast, role):
        """Its views ask for the cookie of the reader's own browser, whoever is signed in."""
        before = _snapshot()
        for route in OF_READERS:
            address = reverse(route.name, kwargs=cast.arguments(route, cast.own["open"].slug))
            wanted = dict(zip(ROLES, route.expected.split(), strict=True))[role]
            client = cast.clients[role]
            method = "POST" if client.get(address).status_code == 405 else "GET"
            assert _met(client, method, address) == wanted, route.name
        assert role == "reader" or _snapshot() == before

    @pytest.mark.parametrize("status", ["draft", "closed"])
    def test_the_roles_of_a_study_do_not_depend_on_its_state(self, cast, status):
        for route in OF_STUDIES:
            assert _walk(cast, route, cast.own[status], route.methods[0]) == route.expected.split(), (
                route.name
            )

    def test_a_study_of_somebody_else_is_not_there(self, cast):
        before = _snapshot()
        for route in OF_STUDIES:
            expected = STRANGERS.replace("sign-in", "401") if route.is_api else STRANGERS
            for method in route.methods:
                assert _walk(cast, route, cast.other, method) == expected.split(), route.name
        assert _snapshot() == before

    def test_an_account_is_told_which_role_it_needs_and_which_it_has(self, cast):
        address = reverse("evaluation:results", args=[cast.own["closed"].slug])
        response = cast.clients["coordinator"].get(address)
        assert (
            "This page is for the owner or analyst of the study; you are its coordinator."
            in response.content.decode()
        )

    def test_a_route_without_a_row_is_closed_even_to_administrators(self, cast, monkeypatch):
        rows = {name: rule for name, rule in access_table.ROUTES.items() if name != "readerstudy:accounts"}
        monkeypatch.setattr(access_table, "ROUTES", rows)
        assert cast.clients["administrator"].get(reverse("readerstudy:accounts")).status_code == 404


class TestPrintedMatrix:
    def test_the_page_in_docs_is_current(self):
        text = printed()
        if os.environ.get("WRITE_PERMISSIONS"):
            MATRIX.write_text(text, encoding="utf-8")
        assert MATRIX.read_text(encoding="utf-8") == text, (
            "docs/permissions.md is out of date; run WRITE_PERMISSIONS=1 pytest tests/service/readerstudy/test_permissions.py"
        )


def printed() -> str:
    """Routes x roles, as the walk above proved them."""
    lines = [
        "# Permissions",
        "",
        "Every route, and what each role meets there. Written by `tests/service/readerstudy/test_permissions.py`, which",
        "asks every route with every role and fails where the answer is another, or where a route has no rule.",
        "",
        "`open`: the page is shown. `sign-in`: sent to the sign-in. `403`: told which role is needed. `404`: told that there",
        "is no such page, which is also what every account meets in a study in which it has no role (administrators have",
        "every role in every study). Coordinator, analyst and owner are accounts that are not study admins themselves; an",
        "account can be both. State is another matter: results of a study that is not closed stay sealed for everybody.",
        "",
        "| route | address | " + " | ".join(ROLES) + " |",
        "|---|---|" + "---|" * len(ROLES),
    ]
    for route in NAMED:
        if route.name.startswith("admin:"):
            continue
        assert route.expected is not None
        address = route.address.replace("|", "\\|")
        lines.append(f"| {route.name} | `{address}` | " + " | ".join(route.expected.split()) + " |")
    n_admin = sum(route.name.startswith("admin:") for route in ROUTES)
    words = " | ".join(EXPECTED["admin:"].split())
    lines.append(f"| admin: ({n_admin} routes) | `/support/…` | {words} |")
    return "\n".join(lines) + "\n"
