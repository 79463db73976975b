"""What administrators do with accounts, and the audit log of the instance."""

import re
import threading

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from generation.core.errors import InputError
from readerstudy.models import AuditEvent
from readerstudy.selectors import access
from readerstudy.services import accounts, roles
from tests.factories import NOW, make_study

pytestmark = pytest.mark.django_db


def make(client: Client, user_name: str = "rosa", **values: str):
    data = {"user_name": user_name, "name": "", "email": "", "kind": "plain account", **values}
    return client.post(reverse("readerstudy:account_new"), data)


def page_of(user: User, name: str = "account_of") -> str:
    return reverse(f"readerstudy:{name}", args=[user.pk])


class TestNew:
    def test_the_link_is_sent_shown_once_and_sets_the_password(self, study_admin):
        text = make(study_admin, email="rosa@example.org", name="Rosa").content.decode()
        [message] = mail.outbox
        link = re.search(r'value="http://testserver(/password/[^"]+)"', text)[1]
        assert message.to == ["rosa@example.org"]
        assert link in message.body
        user = User.objects.get(username="rosa")
        assert not user.has_usable_password()
        assert link not in study_admin.get(page_of(user)).content.decode()
        visitor = Client()
        form = visitor.get(link, follow=True)
        visitor.post(
            form.request["PATH_INFO"], {"password1": "a long password 77", "password2": "a long password 77"}
        )
        user.refresh_from_db()
        assert user.check_password("a long password 77")
        assert [event.sentence for event in AuditEvent.objects.filter(study=None).order_by("pk")] == [
            "made the account rosa (plain account)",
            "made a link to set a password for rosa",
            "set a new password for the own account",
        ]

    def test_without_an_address_the_link_is_only_shown(self, study_admin):
        text = make(study_admin).content.decode()
        assert "Give rosa this link; the account has no e-mail address." in text
        assert mail.outbox == []

    def test_without_a_mail_server_the_page_says_so(self, study_admin, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        text = make(study_admin, email="rosa@example.org").content.decode()
        assert "No mail could be sent to rosa@example.org; give rosa this link yourself." in text

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"user_name": "Rosa Muster"}, "write letters, digits and @ . + - _ only"),
            ({"user_name": "ADA"}, "There is already an account with the user name &quot;ADA&quot;"),
            ({"email": "ada@example.org"}, "Another account has the address ada@example.org"),
        ],
    )
    def test_what_cannot_be_used_is_refused_with_one_sentence(self, study_admin, values, sentence):
        accounts.create(user_name="ada", email="Ada@example.org", kind="plain account", by="a test", now=NOW)
        n_before = User.objects.count()
        response = make(study_admin, **values)
        assert response.status_code == 422
        assert sentence in response.content.decode()
        assert User.objects.count() == n_before

    @pytest.mark.parametrize(
        ("kind", "is_administrator", "is_study_admin"),
        [("administrator", True, True), ("study admin", False, True), ("plain account", False, False)],
    )
    def test_the_kind_decides_what_an_account_may_do(
        self, study_admin, kind, is_administrator, is_study_admin
    ):
        make(study_admin, kind=kind)
        user = User.objects.get(username="rosa")
        assert access.is_administrator(user) is is_administrator
        assert access.is_study_admin(user) is is_study_admin


class TestOne:
    @pytest.fixture
    def rosa(self, db) -> User:
        return accounts.create(user_name="rosa", kind="study admin", by="a test", now=NOW)

    def test_a_lost_telephone(self, study_admin, rosa):
        TOTP.activate(rosa, "JBSWY3DPEHPK3PXP")
        study_admin.post(page_of(rosa, "account_reset_mfa"))
        assert not access.has_second_factor(rosa)
        assert AuditEvent.objects.latest("pk").sentence == "removed the second factors of rosa"

    def test_deactivated_and_activated_again(self, study_admin, rosa):
        study_admin.post(page_of(rosa, "account_deactivate"))
        rosa.refresh_from_db()
        assert not rosa.is_active
        assert (
            "activate the account first"
            in study_admin.post(page_of(rosa, "account_link"), follow=True).content.decode()
        )
        study_admin.post(page_of(rosa, "account_activate"))
        rosa.refresh_from_db()
        assert rosa.is_active

    def test_a_kind_is_changed_and_takes_rights_away(self, study_admin, rosa):
        study_admin.post(page_of(rosa, "account_kind"), {"kind": "plain account"})
        assert not access.is_study_admin(User.objects.get(pk=rosa.pk))
        assert AuditEvent.objects.latest("pk").sentence == "changed the account rosa to: plain account"

    @pytest.mark.parametrize("name", ["account_deactivate", "account_kind"])
    def test_nobody_shuts_themselves_out(self, study_admin, name):
        me = User.objects.get(username="Ada Admin")
        response = study_admin.post(page_of(me, name), {"kind": "plain account"}, follow=True)
        assert "ask another administrator" in response.content.decode()
        me.refresh_from_db()
        assert me.is_active
        assert me.is_superuser

    def test_an_unknown_kind_is_refused(self, rosa):
        with pytest.raises(InputError, match='The kind "king" is unknown'):
            accounts.change_kind(user=rosa, kind="king", by="a test", now=NOW)


class TestLastAdministrator:
    @pytest.fixture
    def ada(self, db) -> User:
        return User.objects.create_superuser("ada")

    @pytest.mark.parametrize(
        ("service", "values"), [(accounts.deactivate, {}), (accounts.change_kind, {"kind": "study admin"})]
    )
    def test_one_stays(self, ada, service, values):
        User.objects.create_superuser("bob", is_active=False)
        with pytest.raises(
            InputError, match=r"^ada is the only active administrator of this instance; make some"
        ):
            service(user=ada, **values, by="bob", now=NOW)
        ada.refresh_from_db()
        assert access.is_administrator(ada)
        assert not AuditEvent.objects.exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("service", "values"), [(accounts.deactivate, {}), (accounts.change_kind, {"kind": "plain account"})]
    )
    def test_two_who_shut_each_other_out_at_one_moment(self, ada, service, values):
        """The later one begins before the earlier one is stored, and has to wait for it."""
        bob, outcomes = User.objects.create_superuser("bob"), []

        def later() -> None:
            try:
                service(user=ada, **values, by="bob", now=NOW)
            except InputError as refusal:
                outcomes.append(str(refusal))
            else:
                outcomes.append("done")
            connections.close_all()

        thread = threading.Thread(target=later)
        with transaction.atomic():
            accounts.deactivate(user=bob, by="ada", now=NOW)
            thread.start()
            thread.join(0.5)
            assert not outcomes
        thread.join(30)
        assert outcomes == [
            "ada is the only active administrator of this instance; make somebody else one first."
        ]
        assert [user.username for user in User.objects.filter(is_superuser=True, is_active=True)] == ["ada"]


class TestList:
    def test_it_searches_and_sorts(self, study_admin):
        for name in ("zoe", "bob", "bea"):
            accounts.create(user_name=name, kind="plain account", by="a test", now=NOW)
        address = reverse("readerstudy:accounts")
        names = re.findall(
            r'accounts/\d+/">([^<]+)<', study_admin.get(address, {"words": "b"}).content.decode()
        )
        assert names == ["bea", "bob"]
        names = re.findall(
            r'accounts/\d+/">([^<]+)<',
            study_admin.get(address, {"sort": "user", "order": "desc"}).content.decode(),
        )
        assert names[0] == "zoe"

    def test_the_audit_log_of_the_instance_leaves_out_studies(self, study_admin):
        accounts.create(user_name="zoe", kind="plain account", by="a test", now=NOW)
        make_study("draft")
        text = study_admin.get(reverse("readerstudy:instance_audit")).content.decode()
        assert "made the account zoe (plain account)" in text
        assert "made the study as a draft" not in text


class TestPeople:
    """Roles in a study."""

    @pytest.fixture
    def study(self, db):
        return make_study("open")

    @pytest.fixture
    def owner(self, study) -> Client:
        user = User.objects.create_user("olga", email="olga@example.org")
        roles.grant(study=study, user=user, role="owner", by="a test", now=NOW)
        client = Client()
        client.force_login(user)
        return client

    def address(self, study, name: str = "study_people") -> str:
        return reverse(f"readerstudy:{name}", args=[study.slug])

    @pytest.mark.parametrize("named", ["rosa", "ROSA@example.org"])
    def test_an_owner_gives_and_takes_roles(self, owner, study, named):
        rosa = User.objects.create_user("rosa", email="rosa@example.org")
        owner.post(self.address(study, "study_people_grant"), {"account": named, "role": "analyst"})
        assert access.roles_in(study, rosa) == {"analyst"}
        owner.post(self.address(study, "study_people_withdraw"), {"account": "rosa", "role": "analyst"})
        assert access.roles_in(study, rosa) == frozenset()
        assert [event.sentence for event in study.audit_events.order_by("pk")][-2:] == [
            "made rosa analyst of the study",
            "took the role of analyst from rosa",
        ]

    def test_the_last_owner_stays(self, owner, study):
        response = owner.post(
            self.address(study, "study_people_withdraw"), {"account": "olga", "role": "owner"}, follow=True
        )
        assert "make somebody else an owner first" in response.content.decode()

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"account": "nobody", "role": "analyst"}, "There is no active account"),
            ({"account": "olga", "role": "king"}, "is unknown; choose one of owner, coordinator, analyst."),
            ({"account": "", "role": "analyst"}, "Say whom"),
            (
                {"account": "ol\x00ga", "role": "analyst"},
                "e-mail &quot;ol\\x00ga&quot;; ask an administrator",
            ),
            ({"account": "olga", "role": "ow\x00ner"}, "The role &quot;ow\\x00ner&quot; is unknown;"),
        ],
    )
    def test_what_cannot_be_given_is_refused(self, owner, study, values, sentence):
        response = owner.post(self.address(study, "study_people_grant"), values)
        assert response.status_code == 422
        assert sentence in response.content.decode()

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            (
                {"account": "nobody", "role": "owner"},
                "There is no account with the user name &quot;nobody&quot;;",
            ),
            ({"account": "ol\x00ga", "role": "owner"}, "the user name &quot;ol\\x00ga&quot;; choose one"),
            ({"account": "olga", "role": "ow\x00ner"}, "The role &quot;ow\\x00ner&quot; is unknown;"),
        ],
    )
    def test_what_cannot_be_taken_is_refused(self, owner, study, values, sentence):
        n_events = study.audit_events.count()
        response = owner.post(self.address(study, "study_people_withdraw"), values, follow=True)
        assert sentence in response.content.decode()
        assert study.audit_events.count() == n_events

    def test_accounts_are_offered_only_what_they_may_do(self, study):
        """A coordinator finds no way to results or to changing the study; an analyst none to readers."""
        texts = {}
        for role in ("coordinator", "analyst"):
            user = User.objects.create_user(role)
            roles.grant(study=study, user=user, role=role, by="a test", now=NOW)
            client = Client()
            client.force_login(user)
            texts[role] = client.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
        assert reverse("evaluation:results", args=[study.slug]) not in texts["coordinator"]
        assert self.address(study, "study_readers") in texts["coordinator"]
        assert self.address(study, "study_readers") not in texts["analyst"]
        for text in texts.values():
            assert self.address(study, "study_close") not in text
            assert reverse("generation:cohorts") not in text
            assert reverse("readerstudy:accounts") not in text

    def test_home_and_list_show_ones_own_studies_only(self, owner, study):
        other = make_study("open")
        for name in ("desk", "readerstudy:studies"):
            text = owner.get(reverse(name)).content.decode()
            assert study.name in text
            assert other.name not in text


class TestCommand:
    def test_it_makes_the_first_administrator_and_prints_the_link(self, client, capsys):
        call_command("make_account", "root", "--url", "http://testserver/")
        said = capsys.readouterr().out
        assert access.is_administrator(User.objects.get(username="root"))
        link = re.search(r"http://testserver(/password/\S+)", said)[1]
        assert client.get(link, follow=True).status_code == 200

    def test_a_name_that_is_taken_ends_with_one_sentence(self):
        call_command("make_account", "root")
        with pytest.raises(CommandError, match='There is already an account with the user name "Root"'):
            call_command("make_account", "Root")
