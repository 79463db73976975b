"""Signing in and one's own account: limits, sessions, forgotten passwords, second factors."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, resolve, reverse
from django.urls.exceptions import Resolver404
from django.utils import timezone

from readerstudy.models import AuditEvent
from readerstudy.services import accounts, tokens
from tests.factories import NOW

pytestmark = pytest.mark.django_db

PASSWORD = "a password of the tests"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def no_attempts_before():
    cache.clear()


@pytest.fixture
def ada(db) -> User:
    user = accounts.create(user_name="ada", kind="study admin", email="ada@example.org", by="a test", now=NOW)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, login: str = "ada", password: str = PASSWORD, **more: str):
    return client.post(reverse("login"), {"login": login, "password": password, **more})


def prove(client: Client) -> None:
    """Give the password once more, as is asked for before something that matters is changed."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def code_now(secret: str = SECRET) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


class TestSignIn:
    @pytest.mark.parametrize("login", ["ada", "ada@example.org", "ADA@example.org"])
    def test_by_user_name_or_address(self, client, ada, login):
        assert sign_in(client, login)["Location"] == reverse("desk")
        assert is_signed_in(client)

    def test_leads_to_the_page_that_was_asked_for_and_to_no_other_host(self, client, ada):
        assert sign_in(client, next="/desk/power/")["Location"] == "/desk/power/"
        assert sign_in(Client(), next="https://example.org/")["Location"] == reverse("desk")

    def test_a_wrong_password_and_an_unknown_name_are_told_alike(self, client, ada):
        told = [sign_in(client, login, "wrong").content.decode() for login in ("ada", "nobody")]
        assert all("The user name or the password is wrong." in text for text in told)
        assert not is_signed_in(client)

    def test_the_session_gets_a_new_key_and_ends_with_the_browser(self, client, ada):
        session = client.session
        session["before"] = 1
        session.save()
        client.cookies["sessionid"] = session.session_key
        sign_in(client)
        assert client.session.session_key != session.session_key
        assert not Client(cookies={"sessionid": session.session_key}).session.get("_auth_user_id")
        assert client.session.get_expire_at_browser_close()

    def test_staying_signed_in_is_for_14_days(self, client, ada):
        sign_in(client, remember="on")
        assert client.session.get_expiry_age() == 14 * 24 * 60 * 60

    def test_signing_out_ends_the_session_and_needs_a_post(self, client, ada):
        sign_in(client)
        assert client.get(reverse("logout")).status_code == 405
        client.post(reverse("logout"))
        assert not is_signed_in(client)

    def test_a_deactivated_account_is_shut_out_at_once(self, client, ada):
        sign_in(client)
        accounts.deactivate(user=ada, by="a test", now=NOW)
        assert not is_signed_in(client)
        sign_in(client)
        assert not is_signed_in(client)

    @pytest.mark.parametrize("name", ["account_signup", "socialaccount_login"])
    def test_nobody_signs_up(self, name):
        with pytest.raises(NoReverseMatch):
            reverse(name)
        with pytest.raises(Resolver404):
            resolve("/account/signup/")


class TestLimits:
    def test_six_wrong_passwords_make_the_right_one_wait(self, client, ada):
        for _ in range(5):
            sign_in(client, password="wrong")
        assert "Too many failed attempts" in sign_in(client).content.decode()
        assert not is_signed_in(client)

    def test_they_are_counted_in_the_database_for_every_process(self, client, ada):
        sign_in(client, password="wrong")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM readerstudy_cache WHERE cache_key LIKE %s", ["%login_failed%"]
            )
            assert cursor.fetchone()[0] == 2  # for the address of the computer, and for the name

    def test_other_names_are_not_held_up(self, client, ada):
        for _ in range(6):
            sign_in(client, "bob", "wrong")
        sign_in(client)
        assert is_signed_in(client)

    def test_many_attempts_from_one_computer_get_a_page_that_says_so(self, client, ada):
        found = [sign_in(client, f"name{i}", "wrong") for i in range(31)]
        assert found[-1].status_code == 429
        assert "Too many attempts" in found[-1].content.decode()


class TestForgottenPassword:
    def test_a_link_by_mail_sets_a_new_one_once_and_ends_other_sessions(self, client, ada):
        other = Client()
        sign_in(other)
        client.post(reverse("account_reset_password"), {"email": "ada@example.org"})
        [message] = mail.outbox
        assert message.subject == "Reader Study: Set a new password"
        link = re.search(r"http://testserver(/password/\S+)", message.body)[1]
        form = client.get(link, follow=True)
        new = {"password1": "another long password 9", "password2": "another long password 9"}
        done = client.post(form.request["PATH_INFO"], new)
        assert done["Location"] == reverse("account_reset_password_from_key_done")
        assert not is_signed_in(other)
        sign_in(client, password="another long password 9")
        assert is_signed_in(client)
        assert "This link does not work" in Client().get(link, follow=True).content.decode()
        assert AuditEvent.objects.latest("pk").sentence == "set a new password for the own account"

    def test_an_unknown_address_gets_no_mail_and_the_page_says_the_same(self, client, ada):
        pages = [
            client.post(reverse("account_reset_password"), {"email": address}, follow=True).content
            for address in ("ada@example.org", "nobody@example.org")
        ]
        assert pages[0] == pages[1]
        assert [message.to for message in mail.outbox] == [["ada@example.org"]]


class TestSecondFactor:
    @pytest.fixture
    def protected(self, ada) -> User:
        TOTP.activate(ada, SECRET)
        return ada

    @pytest.mark.django_db(transaction=True)  # mail and audit log are written once it is safe
    def test_setting_up_an_app_asks_for_the_password_again_and_gives_recovery_codes(self, client, ada):
        client.force_login(ada)  # a session that has not proved anything lately
        address = reverse("mfa_activate_totp")
        again = client.get(address)["Location"]
        assert again.startswith(reverse("account_reauthenticate"))
        assert client.post(again, {"password": PASSWORD})["Location"] == address
        secret = client.get(address).context["form"].secret
        done = client.post(address, {"code": code_now(secret)})
        assert done["Location"] == reverse("mfa_view_recovery_codes")
        types = Authenticator.objects.filter(user=ada).values_list("type", flat=True)
        assert set(types) == {"totp", "recovery_codes"}
        assert mail.outbox[-1].to == ["ada@example.org"]  # told, in case it was somebody else
        sentences = [event.sentence for event in AuditEvent.objects.filter(actor="ada")]
        assert "added a second factor to the own account: authenticator app" in sentences

    def test_the_password_alone_no_longer_opens_the_account(self, client, protected):
        assert sign_in(client)["Location"].startswith(reverse("mfa_authenticate"))
        assert not is_signed_in(client)
        assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
        assert not is_signed_in(client)
        client.post(reverse("mfa_authenticate"), {"code": code_now()})
        assert is_signed_in(client)

    def test_a_code_opens_it_once(self, client, protected):
        code = code_now()
        for browser in (client, other := Client()):
            sign_in(browser)
            browser.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(client)
        assert not is_signed_in(other)

    def test_wrong_codes_are_limited(self, client, protected):
        sign_in(client)
        for _ in range(10):
            client.post(reverse("mfa_authenticate"), {"code": "000000"})
        client.post(reverse("mfa_authenticate"), {"code": code_now()})
        assert not is_signed_in(client)

    def test_passkeys_are_asked_for_with_a_fresh_challenge(self, client, ada):
        asked = [
            client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
            for _ in range(2)
        ]
        challenges = {one["request_options"]["publicKey"]["challenge"] for one in asked}
        assert len(challenges) == 2


class TestRequired:
    @pytest.fixture(autouse=True)
    def required(self, settings):
        settings.REQUIRE_MFA = True

    @pytest.mark.parametrize("name", ["desk", "readerstudy:studies", "tokens"])
    def test_an_account_without_one_is_sent_to_set_it_up(self, client, ada, name):
        sign_in(client)
        response = client.get(reverse(name), follow=True)
        assert response.request["PATH_INFO"] == reverse("account")
        assert (
            "This instance asks every account of the desk for a second factor." in response.content.decode()
        )

    def test_a_token_of_such_an_account_is_refused(self, client, ada):
        secret = tokens.make(user=ada, name="x", can_write=False, n_days=1, now=timezone.now()).secret
        response = client.get(reverse("api:studies"), headers={"authorization": f"Bearer {secret}"})
        assert response.status_code == 403
        assert "second factor" in response.content.decode()

    def test_setting_one_up_opens_the_desk(self, client, ada):
        sign_in(client)
        TOTP.activate(ada, SECRET)
        assert client.get(reverse("desk")).status_code == 200

    def test_readers_are_not_asked(self, client, settings, open_study, radiologist):
        assert radiologist.open().status_code == 200


class TestOwnAccount:
    def test_a_new_address_counts_once_it_is_confirmed(self, client, ada):
        sign_in(client)
        prove(client)
        client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})
        ada.refresh_from_db()
        assert ada.email == "ada@example.org"
        body = next(one.body for one in mail.outbox if one.to == ["new@example.org"])
        link = re.search(r"http://testserver(/e-mail/\S+)", body)[1]
        client.post(link)
        ada.refresh_from_db()
        assert ada.email == "new@example.org"

    def test_a_new_password_keeps_this_session_and_ends_the_others(self, client, ada):
        other = Client()
        sign_in(other)
        sign_in(client)
        new = {
            "oldpassword": PASSWORD,
            "password1": "another long one 99",
            "password2": "another long one 99",
        }
        client.post(reverse("account_change_password"), new)
        assert is_signed_in(client)
        assert not is_signed_in(other)

    def test_sessions_elsewhere_can_be_ended(self, client, ada):
        other = Client()
        sign_in(other)
        sign_in(client)
        client.post(reverse("usersessions_list"))
        assert is_signed_in(client)
        assert not is_signed_in(other)

    @pytest.mark.parametrize(
        "name",
        [
            "login", "account_reset_password", "account_reset_password_done", "account_inactive",
            "account_reset_password_from_key_done", "account_email_verification_sent",
        ],
    )  # fmt: skip
    def test_pages_without_an_account_are_in_our_look_and_run_no_inline_script(self, client, name):
        check_page(client.get(reverse(name)))

    @pytest.mark.parametrize(
        "name",
        [
            "account", "account_change_password", "account_email", "usersessions_list", "mfa_activate_totp",
            "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp",
        ],
    )  # fmt: skip
    def test_pages_of_the_account_are_in_our_look_and_run_no_inline_script(self, client, ada, name):
        if name != "mfa_activate_totp":
            TOTP.activate(ada, SECRET)
            RecoveryCodes.activate(ada)
        sign_in(client)
        if client.get(reverse("account")).status_code == 302:
            client.post(reverse("mfa_authenticate"), {"code": code_now()})
        prove(client)
        check_page(client.get(reverse(name)))


def check_page(response) -> None:
    """Drawn by our templates; scripts are files or data."""
    text = response.content.decode()
    assert response.status_code == 200
    assert "css/desk.css" in text
    assert 'style="' not in text
    assert re.findall(r"\son\w+=", text) == []
    scripts = re.findall(r"<script([^>]*)>", text)
    assert all("src=" in one or "application/json" in one for one in scripts), scripts


def test_the_table_of_attempts_comes_with_the_migrations():
    assert "readerstudy_cache" in connection.introspection.table_names()
    call_command("createcachetable", verbosity=0)  # making it again does no harm
