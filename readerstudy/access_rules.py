"""The rules that a row of readerstudy/access_table.py can name: who may open a route."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import PermissionDenied

from readerstudy.selectors import access
from readerstudy.selectors.access import Account, Role

Check = Callable[[Account], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may open a route.

    Attributes
    ----------
    who : in words
    check : raises PermissionDenied with one sentence; None asks nobody, the view asks for a link or token of its own
    roles : any one of these is needed in the study that the address names by `slug`; empty where no study is named
    is_own_account : pages where an account sets up what it still lacks, open before it has a second factor
    """

    who: str
    check: Check | None = None
    roles: frozenset[str] = frozenset()
    is_own_account: bool = False

    @property
    def asks_nobody(self) -> bool:
        return self.check is None and not self.roles


def _check_signed_in(user: Account) -> None:
    if not user.is_authenticated or not user.is_active:
        raise PermissionDenied("Sign in first.")


def _check_study_admin(user: Account) -> None:
    if not access.is_study_admin(user):
        raise PermissionDenied("This page is for study admins; an administrator can make your account one.")


def _check_administrator(user: Account) -> None:
    if not access.is_administrator(user):
        raise PermissionDenied("This page is for the administrators of this instance.")


def _in_study(*roles: Role) -> Rule:
    return Rule(" or ".join(roles), roles=frozenset(roles))


EVERYBODY: Final = Rule("everybody")
READER: Final = Rule("reader with a link")  # the reading room asks for its own signed links and cookie
SIGNED_IN: Final = Rule("any account", _check_signed_in)
OWN_ACCOUNT: Final = Rule("any account, for itself", _check_signed_in, is_own_account=True)
STUDY_ADMIN: Final = Rule("study admin", _check_study_admin)
ADMINISTRATOR: Final = Rule("administrator", _check_administrator)
MEMBER: Final = _in_study(Role.OWNER, Role.COORDINATOR, Role.ANALYST)
OWNER: Final = _in_study(Role.OWNER)
INVITER: Final = _in_study(Role.OWNER, Role.COORDINATOR)
ANALYST: Final = _in_study(Role.OWNER, Role.ANALYST)
