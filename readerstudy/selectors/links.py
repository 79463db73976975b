"""Personal links: signed, so that an id seen elsewhere opens nothing."""

from django.core import signing

from readerstudy.models import Invitation

_SIGNER = signing.Signer(sep=".", salt="readerstudy.invitation")


def link_token(invitation: Invitation) -> str:
    """The part of a personal link that names the invitation."""
    return _SIGNER.sign(f"{invitation.public_id}-{invitation.version}")


def invitation_behind(token: str) -> Invitation | None:
    """The invitation that a link names; None if it is forged, replaced by a newer one, or unknown."""
    try:
        public_id, _, version = _SIGNER.unsign(token).partition("-")
    except signing.BadSignature:
        return None
    rows = Invitation.objects.select_related("reader__study", "session")
    return rows.filter(public_id=public_id, version=int(version)).first()
