"""Tokens of the JSON interface: made once, kept as a hash, over in time."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.core.errors import Refused
from readerstudy.models import ApiToken, AuditEvent
from readerstudy.selectors import tokens as selectors
from readerstudy.services import tokens
from tests.factories import NOW
from tests.tokens import Script

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("Otto Owner")


def made(user, **changes):
    values = {"name": "a script", "can_write": False, "n_days": 30, "now": NOW}
    return tokens.make(user=user, **{**values, **changes})


class TestMake:
    def test_only_the_hash_is_kept(self, user):
        new = made(user)
        row = ApiToken.objects.values().get()
        assert new.secret.startswith("rst_")
        assert len(new.secret) > 40
        assert new.secret not in str(row)
        assert row["sha256"] == selectors.sha256_of(new.secret)
        assert row["start"] == new.secret[:9]

    def test_the_secret_is_in_no_log(self, user):
        new = made(user)
        assert new.secret not in repr(new)
        event = AuditEvent.objects.get()
        assert new.secret not in str(event.data)
        assert event.sentence == f"made the token a script ({new.row.start}…) for the JSON interface"

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"name": "  "}, "The name has 0 characters; write 1 to 100."),
            ({"n_days": 0}, "0 days is outside 1 to 366; give a number in that range."),
            ({"n_days": 400}, "400 days is outside 1 to 366; give a number in that range."),
        ],
    )
    def test_refuses(self, user, changes, sentence):
        with pytest.raises(Refused) as refused:
            made(user, **changes)
        assert str(refused.value) == sentence
        assert not ApiToken.objects.exists()

    def test_an_account_has_so_many_at_most(self, user, monkeypatch):
        monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
        first, _ = made(user), made(user)
        with pytest.raises(Refused, match="the most there can be"):
            made(user)
        tokens.revoke(token=first.row, by=user.username, now=NOW)
        made(user)


class TestBehind:
    def test_finds_its_account(self, user):
        new = made(user)
        assert selectors.behind(new.secret, now=NOW) == new.row

    @pytest.mark.parametrize("secret", ["", "rst_", "rst_wrong", "\udcff", "é"])
    def test_nothing_behind_others(self, user, secret):
        made(user)
        assert selectors.behind(secret, now=NOW) is None

    def test_over_after_its_days(self, user):
        new = made(user)
        assert selectors.behind(new.secret, now=NOW + timedelta(days=29))
        assert selectors.behind(new.secret, now=NOW + timedelta(days=30)) is None

    def test_revoked(self, user):
        new = made(user)
        tokens.revoke(token=new.row, by=user.username, now=NOW)
        tokens.revoke(token=new.row, by=user.username, now=NOW)
        assert selectors.behind(new.secret, now=NOW) is None
        assert AuditEvent.objects.filter(verb="token.revoked").count() == 1

    def test_account_is_deactivated(self, user):
        new = made(user)
        User.objects.update(is_active=False)
        assert selectors.behind(new.secret, now=NOW) is None


class TestNoteUse:
    def test_at_most_once_a_minute(self, user, django_assert_num_queries):
        row = made(user).row
        tokens.note_use(token=row, now=NOW)
        row.refresh_from_db()
        assert row.used_at == NOW
        with django_assert_num_queries(0):
            tokens.note_use(token=row, now=NOW + timedelta(seconds=59))
        tokens.note_use(token=row, now=NOW + timedelta(seconds=60))
        row.refresh_from_db()
        assert row.used_at == NOW + timedelta(seconds=60)


class TestPage:
    @pytest.fixture
    def client(self, user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_shows_the_secret_once(self, client, user):
        answer = client.post(reverse("tokens"), {"name": "pipeline", "days": "90", "can_write": "on"})
        row = ApiToken.objects.get()
        shown = answer.context["made"].secret
        assert shown in answer.content.decode()
        assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
        assert (row.user, row.can_write) == (user, True)
        assert row.expires_at - row.created_at == timedelta(days=90)
        again = client.get(reverse("tokens")).content.decode()
        assert shown not in again
        assert row.start in again

    def test_empty_says_what_to_do(self, client):
        assert "You have no token yet." in client.get(reverse("tokens")).content.decode()

    def test_wrong_form(self, client):
        assert client.post(reverse("tokens"), {"name": "", "days": "9999"}).status_code == 422
        assert not ApiToken.objects.exists()

    def test_revoke(self, client, user):
        row = made(user, now=timezone.now()).row
        page = client.post(reverse("token_revoke", args=[row.pk]), follow=True).content.decode()
        assert "is revoked; whatever still uses it is refused." in page
        row.refresh_from_db()
        assert row.revoked_at

    def test_tokens_of_others_are_neither_seen_nor_revoked(self, client):
        row = made(User.objects.create_user("other")).row
        assert row.start not in client.get(reverse("tokens")).content.decode()
        assert client.post(reverse("token_revoke", args=[row.pk])).status_code == 404
        row.refresh_from_db()
        assert row.revoked_at is None


class TestDoor:
    def test_token_acts_for_its_account(self, user):
        assert Script(user).get("/studies").json() == {"items": [], "n_found": 0, "page": 1, "n_pages": 1}

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer rst_wrong", "Basic YTpi", "bearer \xff"])
    def test_no_token_no_answer(self, header):
        headers = {} if header is None else {"Authorization": header}
        answer = Client().get("/api/v1/studies", headers=headers)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"].startswith("Send a token that is valid")

    def test_a_cookie_opens_nothing(self, study_admin):
        assert study_admin.get("/api/v1/studies").status_code == 401
        assert study_admin.post("/api/v1/pools", "{}", content_type="application/json").status_code == 401

    def test_reading_token_changes_nothing(self, user):
        script = Script(User.objects.create_superuser("Ada"), can_write=False)
        answer = script.post("/pools", {"name": "x", "patch_set": "y"})
        assert answer.status_code == 403
        assert answer.json() == {"error": 'The token "a script" only reads; make one that may change things.'}

    def test_so_many_a_minute(self, user, settings):
        settings.API_REQUESTS_PER_MINUTE = 3
        script, other = Script(user), Script(user)
        codes = [script.get("/studies").status_code for _ in range(5)]
        assert codes.count(200) in {3, 4, 5}  # a minute may begin in between
        refused = [script.get("/studies") for _ in range(4)][-1]
        assert refused.status_code == 429
        assert 1 <= int(refused["Retry-After"]) <= 60
        assert refused.json()["error"].startswith("The token may send 3 requests a minute; wait ")
        assert other.get("/studies").status_code == 200

    def test_unknown_address_and_method(self, user):
        script = Script(user)
        assert script.get("/nothing/here").json() == {
            "error": "There is nothing at this address for this account."
        }
        answer = script.delete("/studies")
        assert answer.status_code == 405
        assert answer["Allow"] == "GET, POST"
        assert answer.json() == {"error": "This address does not know DELETE; it takes GET, POST."}
