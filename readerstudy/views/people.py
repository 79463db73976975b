"""The people of a study: who holds which role, and giving and taking them."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from generation.core.errors import InputError
from generation.core.storable import is_storable
from readerstudy import access_table
from readerstudy.models import Study
from readerstudy.selectors import access
from readerstudy.selectors.access import Role
from readerstudy.services import roles as services


@require_GET
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """List who holds which role in a study."""
    return _shown(request, get_object_or_404(Study, slug=slug))


@require_POST
def grant(request: HttpRequest, slug: str) -> HttpResponse:
    """Give an account a role, by its user name or e-mail."""
    study = get_object_or_404(Study, slug=slug)
    named = request.POST.get("account", "").strip()
    user = _found(Q(username=named) | Q(email__iexact=named), named, is_active=True)
    if user is None:
        sentence = f'There is no active account with the user name or e-mail "{named}"; ask an administrator to make one.'
        return _shown(
            request,
            study,
            named=named,
            complaint=str(InputError(sentence)) if named else "Say whom: a user name or an e-mail.",
        )
    try:
        services.grant(
            study=study,
            user=user,
            role=request.POST.get("role", ""),
            by=request.user.get_username(),
            now=timezone.now(),
        )
    except InputError as error:
        return _shown(request, study, named=named, complaint=str(error))
    messages.success(request, f"{user.username} is {request.POST['role']} of this study.")
    return redirect("readerstudy:study_people", slug)


@require_POST
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a role away."""
    study = get_object_or_404(Study, slug=slug)
    named, role = request.POST.get("account", ""), request.POST.get("role", "")
    user = _found(Q(username=named), named)
    if user is None:
        sentence = f'There is no account with the user name "{named}"; choose one from the list.'
        return _shown(request, study, complaint=str(InputError(sentence)))
    try:
        services.withdraw(
            study=study, user=user, role=role, by=request.user.get_username(), now=timezone.now()
        )
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{user.username} is no longer {role} of this study.")
    if user.pk == request.user.pk and not access.roles_in(study, user):
        return redirect("readerstudy:studies")
    return redirect("readerstudy:study_people", slug)


def _found(where: Q, named: str, **more: bool) -> User | None:
    """The account that a form names; a name that no database takes is nobody's."""
    return User.objects.filter(where, **more).first() if named and is_storable(named) else None


def _shown(request: HttpRequest, study: Study, *, named: str = "", complaint: str = "") -> HttpResponse:
    context = {
        "study": study,
        "rows": study.roles.select_related("user").order_by("user__username", "role"),
        "roles": [(role.value, access.ROLE_WORDS[role]) for role in Role],
        "named": named,
        "complaint": complaint,
        "can_change": access_table.can_open(request, "readerstudy:study_people_grant", study.slug),
    }
    return render(request, "readerstudy/study_people.html", context, status=422 if complaint else 200)
