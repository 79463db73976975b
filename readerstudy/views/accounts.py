"""One's own account, the accounts of the instance, and its audit log."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.core.errors import InputError
from generation.views.listing import Column, Filter, Listing
from readerstudy.selectors import accounts as selectors
from readerstudy.selectors.accounts import KINDS, STUDY_ADMIN
from readerstudy.services import accounts as services
from readerstudy.views import lists

LISTING = Listing(
    columns=(
        Column("user", "User name", ("username",)),
        Column("name", "Name", ("first_name",)),
        Column("email", "E-mail", ("email",)),
        Column("kind", "Kind", ("kind", "username")),
        Column("studies", "Studies", ("n_studies",), is_number=True),
        Column("mfa", "Second factor", ("has_mfa", "username")),
        Column("seen", "Last sign-in", ("last_login",)),
        Column("state", "State", ("state", "username")),
    ),
    sort="user",
    filters=(
        Filter("kind", "Kind", "kind", tuple((kind, kind) for kind in KINDS)),
        Filter(
            "state",
            "State",
            "state",
            tuple((name, name) for name in ("active", "never signed in", "deactivated")),
        ),
    ),
    searched=("username", "first_name", "email"),
)
N_LINK_DAYS = settings.PASSWORD_RESET_TIMEOUT // (60 * 60 * 24)


class AccountForm(forms.Form):
    """A new account."""

    user_name = forms.CharField(
        max_length=services.MAX_USER_NAME_LENGTH,
        label="User name",
        help_text="What they sign in with: letters, digits and @ . + - _. The audit log shows it; it cannot change.",
    )
    name = forms.CharField(max_length=150, required=False, label="Name (optional)")
    email = forms.EmailField(
        required=False,
        label="E-mail (optional)",
        help_text="The link to set a password is sent there. It is also shown to you once.",
    )
    kind = forms.ChoiceField(
        choices=[(kind, kind) for kind in KINDS],
        initial=STUDY_ADMIN,
    )


@never_cache
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """One's own account: password, e-mail, second factor, sessions."""
    user = _user(request)
    context = {
        "kind": selectors.kind_of(user),
        "factors": selectors.factors_of(user),
        "is_required": settings.REQUIRE_MFA,
        "roles": user.study_roles.select_related("study").order_by("study__name", "role"),
    }
    return render(request, "account/mine.html", context)


@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """List the accounts of the instance."""
    listed = LISTING.read(request.GET, selectors.accounts())
    return render(request, "desk/accounts.html", {"list": listed})


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an account, send its link, and show the link once."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create(**form.cleaned_data, by=request.user.get_username(), now=timezone.now())
        except InputError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, f"{made.username} has an account.")
            return _with_link(request, made)
    return render(
        request,
        "desk/account_new.html",
        {"form": form, "kinds": KINDS.items()},
        status=422 if form.errors else 200,
    )


@require_GET
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one account."""
    return _shown(request, get_object_or_404(selectors.accounts(), pk=pk))


@require_POST
def kind(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an account an administrator, a study admin, or neither."""
    wanted = request.POST.get("kind", "")
    return _change(
        request, pk, services.change_kind, lambda user: f"{user.username} is now: {wanted}.", kind=wanted
    )


@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new link to set a password; links made before stop working."""
    user = get_object_or_404(User, pk=pk)
    if not user.is_active:
        messages.error(request, f"{user.username} is deactivated; activate the account first.")
        return redirect("readerstudy:account_of", pk)
    return _with_link(request, user)


@require_POST
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut an account out."""
    return _change(
        request,
        pk,
        services.deactivate,
        lambda user: f"{user.username} is shut out; sessions and API tokens stopped working.",
    )


@require_POST
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a deactivated account in again."""
    return _change(request, pk, services.activate, lambda user: f"{user.username} can sign in again.")


@require_POST
def reset_mfa(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the second factors of somebody who lost theirs."""
    return _change(
        request,
        pk,
        services.reset_mfa,
        lambda _: "The second factors are removed; the password still counts.",
    )


@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """Show what was done that belongs to no study."""
    listed = lists.AUDIT.read(request.GET, selectors.instance_events())
    return render(request, "desk/instance_audit.html", {"list": listed})


def _with_link(request: HttpRequest, user: User) -> HttpResponse:
    """The page of an account with its link, shown this once; the link is also sent."""
    address = request.build_absolute_uri(selectors.password_path(user))
    is_sent = services.send_link(
        user=user,
        link=address,
        host=request.get_host(),
        n_days=N_LINK_DAYS,
        by=request.user.get_username(),
        now=timezone.now(),
    )
    row = get_object_or_404(selectors.accounts(), pk=user.pk)
    return _shown(request, row, link=address, is_sent=is_sent, n_days=N_LINK_DAYS)


def _shown(request: HttpRequest, row: User, **more: object) -> HttpResponse:
    context = {
        "account": row,
        "factors": selectors.factors_of(row),
        "kinds": KINDS.items(),
        "roles": row.study_roles.select_related("study").order_by("study__name", "role"),
        "is_self": row.pk == request.user.pk,
        **more,
    }
    return render(request, "desk/account.html", context)


def _change(
    request: HttpRequest, pk: int, service: Callable[..., Any], done: Callable[[User], str], **values: object
) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    try:
        service(user=user, **values, by=request.user.get_username(), now=timezone.now())
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done(user))
    return redirect("readerstudy:account_of", pk)


def _user(request: HttpRequest) -> User:
    """Whose page it is; the table of routes let nobody else in."""
    return cast("User", request.user)
