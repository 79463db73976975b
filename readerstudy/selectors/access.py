"""Who an account is, and which studies it sees."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from readerstudy.models import Study, StudyRole

Role = StudyRole.Role
Account = User | AnonymousUser | AbstractBaseUser
ALL_ROLES = frozenset(Role)

# What a role may do and sees, in words, for the page that gives it.
ROLE_WORDS = {
    Role.OWNER: "Designs, freezes, opens and closes the study, gives roles, and alone may unblind early. Sees results once the study is closed.",
    Role.COORDINATOR: "Invites readers, sends links, follows their progress. Stays blinded: never sees results or which answers are right.",
    Role.ANALYST: "Sees results, statistics and exports once the study is closed or was unblinded. Does not see readers’ names or links.",
}


def is_administrator(user: Account) -> bool:
    """Makes accounts; holds the owner's rights in every study of this instance."""
    return user.is_active and bool(getattr(user, "is_superuser", False))


def is_study_admin(user: Account) -> bool:
    """Imports cohorts, trains generators, makes pools and studies."""
    return user.is_active and isinstance(user, User) and user.has_perm("readerstudy.add_study")


def has_second_factor(user: Account) -> bool:
    """An authenticator app or a passkey is set up."""
    return user.is_authenticated and is_mfa_enabled(user)


def lacks_second_factor(user: Account) -> bool:
    """The instance asks for a second factor (REQUIRE_MFA) that this account has not set up yet."""
    return settings.REQUIRE_MFA and user.is_authenticated and not has_second_factor(user)


def roles_in(study: Study, user: Account) -> frozenset[str]:
    """Roles of an account in one study; an administrator holds them all."""
    if is_administrator(user):
        return ALL_ROLES
    if not user.is_active or user.pk is None:
        return frozenset()
    return frozenset(StudyRole.objects.filter(study=study, user_id=user.pk).values_list("role", flat=True))


def check_owns(study: Study, user_name: str, *, doing: str) -> None:
    """Raise PermissionDenied unless an account is an owner of a study; asked by services whose work cannot be taken back."""
    user = User.objects.filter(username=user_name).first()
    if user is None or Role.OWNER not in roles_in(study, user):
        raise PermissionDenied(f'{doing} is for an owner of "{study.name}"; {user_name or "nobody"} is none.')


def studies_with_results_for(user: Account) -> "QuerySet[Study]":
    """Studies whose results an account may see, once they can be seen at all."""
    if is_administrator(user):
        return Study.objects.all()
    if user.pk is None or not user.is_active:
        return Study.objects.none()
    of_account = StudyRole.objects.filter(user_id=user.pk, role__in=[Role.OWNER, Role.ANALYST])
    return Study.objects.filter(pk__in=of_account.values("study"))


def studies_of(user: Account) -> "QuerySet[Study]":
    """Studies in which an account holds a role; every study for an administrator."""
    if is_administrator(user):
        return Study.objects.all()
    if user.pk is None or not user.is_active:
        return Study.objects.none()
    of_account = StudyRole.objects.filter(user_id=user.pk)
    return Study.objects.filter(pk__in=of_account.values("study"))
