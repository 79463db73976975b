"""Secrets of second factors lie sealed in the database, and open with the instance's own key only."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from readerstudy import sealing
from readerstudy.services import second_factors

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SEED = "5eed" * 20

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def stored() -> str:
    """Every byte of the table, as whoever steals the database reads it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        return str(cursor.fetchall())


def test_neither_the_secret_nor_the_codes_can_be_read_from_the_database(ada):
    TOTP.activate(ada, SECRET)
    codes = RecoveryCodes.activate(ada)
    seed = sealing.unseal(codes.instance.data["seed"])
    assert SECRET not in stored()
    assert seed not in stored()
    assert stored().count("sealed1:") == 2


def test_the_code_of_the_app_is_still_taken(ada):
    TOTP.activate(ada, SECRET)
    row = TOTP(Authenticator.objects.get(user=ada))
    assert row.validate_code(code_of(SECRET))


def test_what_was_stored_before_is_read_and_then_sealed(ada):
    totp = Authenticator.objects.create(user=ada, type="totp", data={"secret": SECRET})
    codes = Authenticator.objects.create(user=ada, type="recovery_codes", data={"seed": SEED, "used_mask": 5})
    before = RecoveryCodes(codes).get_unused_codes()
    assert TOTP(totp).validate_code(code_of(SECRET))
    call_command("migrate", verbosity=0)
    assert SECRET not in stored()
    assert SEED not in stored()
    totp.refresh_from_db()
    codes.refresh_from_db()
    assert sealing.unseal(totp.data["secret"]) == SECRET
    assert codes.data["used_mask"] == 5
    assert RecoveryCodes(codes).get_unused_codes() == before
    assert second_factors.seal_stored() == 0  # once


def test_passkeys_hold_no_secret_and_stay_as_they_are(ada):
    row = Authenticator.objects.create(
        user=ada, type="webauthn", data={"name": "a key", "credential": {"id": "x"}}
    )
    assert second_factors.seal_stored() == 0
    row.refresh_from_db()
    assert row.data == {"name": "a key", "credential": {"id": "x"}}


def test_another_key_opens_nothing_and_says_so(ada, settings, caplog):
    totp = TOTP.activate(ada, SECRET)
    codes = RecoveryCodes.activate(ada)
    known = codes.get_unused_codes()
    settings.SECRET_KEY = "another key of fifty characters, as after a restore"
    assert not totp.validate_code(code_of(SECRET))
    assert not totp.validate_code(code_of("A" * 8))
    assert not set(known) & set(codes.get_unused_codes())
    assert "was stored with another DJANGO_SECRET_KEY" in caplog.text


def test_an_old_key_that_is_kept_beside_the_new_one_still_opens(settings):
    sealed = sealing.seal(SECRET)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the new key"
    assert sealing.unseal(sealed) == SECRET


def test_what_was_changed_is_refused():
    sealed = sealing.seal(SECRET)
    with pytest.raises(sealing.WrongKey):
        sealing.unseal(sealed[:-6] + "AAAAA=")


def test_two_seals_of_one_secret_differ():
    assert sealing.seal(SECRET) != sealing.seal(SECRET)
