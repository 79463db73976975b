"""Invitations through a real mail server: how they arrive, and what becomes of them when it refuses, waits, vanishes or asks for more."""

import email
import email.policy
import gc
import ssl
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from readerstudy.jobs import sending
from readerstudy.models import InvitationMail, Study
from readerstudy.services import invitations, letters
from tests.factories import ADMIN, NOW, make_study, small_protocol
from tests.instances import free_port

pytestmark = [pytest.mark.enable_socket, pytest.mark.django_db]
MAILER, PASSWORD = "mailer", "a password of the mail server"


class Mailbox:
    """Takes what it is given, unless `answers` says otherwise: address -> replies, the last of which stays."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, EmailMessage]] = []
        self.answers: dict[str, list[str]] = {}
        self.hangs_up_after_data = False

    def answer_to(self, address: str) -> str:
        replies = self.answers.get(address, ["250 taken"])
        return replies.pop(0) if len(replies) > 1 else replies[0]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if (answer := self.answer_to(address)).startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.messages.append((envelope.rcpt_tos[0], parsed))
        if self.hangs_up_after_data:
            server.transport.abort()
        return "250 taken"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def serve(mailbox: Mailbox, settings: Any) -> Iterator[Callable[..., None]]:
    """Starts the mail server, and tells the settings where it is."""
    started: list[Controller] = []

    def start(**options: Any) -> None:
        port = free_port()
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
        controller.start()
        started.append(controller)
        settings.EMAIL_PORT = port

    settings.EMAIL_BACKEND = "readerstudy.mail.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "127.0.0.1", False, False
    settings.DEFAULT_FROM_EMAIL = "Lesestudie Köln <studie@hospital.example>"
    yield start
    with warnings.catch_warnings():
        # A handshake that failed leaves a socket to the collector of the server's loop.
        warnings.simplefilter("ignore", ResourceWarning)
        while started:
            started.pop().stop()
        if settings.EMAIL_USE_TLS:
            gc.collect()


@pytest.fixture
def study() -> Study:
    made = make_study("open", protocol=small_protocol(language="de"))
    return letters.change_words(
        study=made, subject="Prüfung für Ärzte", note="Schöne Grüße aus Köln.", by=ADMIN, now=NOW
    )


def queue(study: Study, *names: str) -> list[InvitationMail]:
    rows = [
        invitations.invite(
            study=study,
            name=name,
            group="radiologist",
            by=ADMIN,
            now=NOW,
            email=f"{name.lower()}@example.org",
        )
        for name in names
    ]
    return letters.queue(
        wanted=rows, site="https://study.example", by=ADMIN, now=NOW, reply_to="ada@hospital.example"
    )


def told(row: InvitationMail) -> tuple[str, str]:
    row.refresh_from_db()
    return row.status, row.error


class TestArrival:
    def test_both_parts_headers_and_umlauts(self, serve, mailbox, study):
        serve()
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) is None
        assert told(row) == ("finished", "")
        [(address, message)] = mailbox.messages
        assert address == message["To"] == "rosa@example.org"
        assert message["Subject"] == "Prüfung für Ärzte"
        assert message["From"].addresses[0].display_name == "Lesestudie Köln"
        assert message["Reply-To"] == "ada@hospital.example"
        assert (message["Content-Language"], message["Auto-Submitted"]) == ("de", "auto-generated")
        assert message["Message-ID"]
        assert message["Date"]
        assert message.get_content_type() == "multipart/alternative"
        parts = {part.get_content_type(): part.get_content() for part in message.iter_parts()}
        assert parts.keys() == {"text/plain", "text/html"}
        for text in parts.values():
            assert "Schöne Grüße aus Köln." in text
            assert "https://study.example/read/i/" in text
            assert "Guten Tag Rosa" in text

    def test_each_reader_gets_the_own_one(self, serve, mailbox, study):
        serve()
        for row in queue(study, "Rosa", "Leo"):
            sending.run(row.pk)
        assert [address for address, _ in mailbox.messages] == ["rosa@example.org", "leo@example.org"]
        texts = [str(message) for _, message in mailbox.messages]
        assert "leo" not in texts[0].lower()
        assert "rosa" not in texts[1].lower()

    def test_a_message_that_comes_twice_is_sent_once(self, serve, mailbox, study):
        serve()
        (row,) = queue(study, "Rosa")
        for _ in range(3):
            sending.run(row.pk)
        assert len(mailbox.messages) == 1


class TestRefusal:
    def test_one_address_is_refused_and_the_others_get_theirs(self, serve, mailbox, study):
        serve()
        mailbox.answers["rosa@example.org"] = ["550 5.1.1 rosa@example.org is not known here"]
        refused, taken = queue(study, "Rosa", "Leo")
        assert [sending.run(row.pk) for row in (refused, taken)] == [None, None]
        assert told(refused) == (
            "failed",
            "The mail server refused the address (5.1.1 the address is not known here); correct it by inviting the reader anew.",
        )
        assert told(taken)[0] == "finished"
        assert [address for address, _ in mailbox.messages] == ["leo@example.org"]

    def test_a_server_that_greylists_is_asked_again_and_takes_it_once(self, serve, mailbox, study):
        serve()
        mailbox.answers["rosa@example.org"] = ["450 4.2.0 greylisted", "451 4.7.1 greylisted", "250 taken"]
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) == timedelta(seconds=30)
        status, why = told(row)
        assert status == "queued"
        assert "refused the e-mail (4.2.0 greylisted)" in why
        assert sending.run(row.pk) == timedelta(minutes=5)
        assert sending.run(row.pk) is None
        assert told(row)[0] == "finished"
        assert len(mailbox.messages) == 1

    def test_a_server_that_hangs_up_over_the_content_is_not_given_it_again(self, serve, mailbox, study):
        """It may have taken the message: nobody is mailed twice because of that."""
        serve()
        mailbox.hangs_up_after_data = True
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) is None
        assert told(row) == ("failed", letters.IN_DOUBT)
        mailbox.hangs_up_after_data = False
        assert sending.run(row.pk) is None
        assert len(mailbox.messages) == 1

    def test_a_server_that_hangs_up_before_is_asked_again(self, serve, mailbox, study):
        serve()
        mailbox.answers["rosa@example.org"] = ["421 4.3.2 closing", "250 taken"]
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) == timedelta(seconds=30)
        assert sending.run(row.pk) is None
        assert told(row)[0] == "finished"
        assert len(mailbox.messages) == 1

    def test_no_server_at_all_is_told_with_its_address(self, settings, serve, study):
        serve()
        settings.EMAIL_PORT = 1
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) == timedelta(seconds=30)
        assert "The mail server 127.0.0.1:1 could not be reached (" in told(row)[1]
        assert told(row)[1].endswith("; check EMAIL_HOST and EMAIL_PORT.")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("certificate"))


class TestSecured:
    @pytest.fixture
    def secured(self, serve, certificate, settings, mailbox):
        """A server that takes nothing before STARTTLS and a sign-in."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        serve(
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=lambda *given: AuthResult(
                success=(given[-1].login, given[-1].password) == (MAILER.encode(), PASSWORD.encode()),
                handled=False,
            ),
        )
        settings.EMAIL_USE_TLS = True
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = MAILER, PASSWORD

    @pytest.fixture
    def trusted(self, certificate, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def test_it_signs_in_and_sends(self, secured, trusted, mailbox, study):
        (row,) = queue(study, "Rosa")
        sending.run(row.pk)
        assert told(row) == ("finished", "")
        assert len(mailbox.messages) == 1

    def test_a_wrong_password_is_told_without_it(self, secured, trusted, settings, mailbox, study):
        settings.EMAIL_HOST_PASSWORD = "wrong"
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) is None
        where = f"127.0.0.1:{settings.EMAIL_PORT}"
        assert told(row) == (
            "failed",
            f"The mail server {where} did not accept EMAIL_HOST_USER and EMAIL_HOST_PASSWORD; correct them.",
        )

    def test_a_certificate_that_nobody_vouches_for_is_not_believed(self, secured, mailbox, study):
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) is None
        status, why = told(row)
        assert status == "failed"
        assert "is not trusted here (self-signed certificate)" in why
        assert mailbox.messages == []

    def test_settings_without_starttls_are_told_what_to_set(self, secured, settings, mailbox, study):
        settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) is None
        status, why = told(row)
        assert status == "failed"
        assert "asks for more first (Must issue a STARTTLS command first); set EMAIL_USE_TLS=1" in why

    def test_a_server_without_starttls_gets_nothing_in_the_clear(self, serve, settings, mailbox, study):
        serve()
        settings.EMAIL_USE_TLS = True
        (row,) = queue(study, "Rosa")
        assert sending.run(row.pk) is None
        status, why = told(row)
        assert status == "failed"
        assert "cannot do what the settings ask for (STARTTLS extension not supported by server.)" in why
        assert mailbox.messages == []


def write_certificate(folder: Path) -> Path:
    """Key and certificate of 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = folder / "both.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    return file
