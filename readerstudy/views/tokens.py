"""The tokens of one's own account."""

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from readerstudy.core.errors import Refused
from readerstudy.selectors import tokens as selectors
from readerstudy.services import tokens as services
from readerstudy.services.tokens import MAX_NAME_LENGTH

_DAYS = (("7", "a week"), ("30", "30 days"), ("90", "90 days"), ("365", "a year"))


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH, help_text="Where it will be used, such as “sampling script”."
    )
    days = forms.ChoiceField(label="Valid for", choices=_DAYS, initial="90")
    can_write = forms.BooleanField(
        label="May change things",
        required=False,
        help_text="Without it the token only reads.",
    )


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the account's tokens, and make one; its secret is shown once, in the answer to the form."""
    user = cast("User", request.user)
    form, made = TokenForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = services.make(
                user=user,
                name=values["name"],
                can_write=values["can_write"],
                n_days=int(values["days"]),
                now=timezone.now(),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            form = TokenForm()
    now = timezone.now()
    rows = [(row, selectors.is_valid(row, now=now)) for row in selectors.of_account(user)]
    context = {"form": form, "made": made, "rows": rows, "n_valid": sum(valid for _, valid in rows)}
    return render(request, "readerstudy/tokens.html", context, status=422 if form.errors else 200)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the account's tokens."""
    row = get_object_or_404(selectors.of_account(cast("User", request.user)), pk=pk)
    services.revoke(token=row, by=request.user.get_username(), now=timezone.now())
    messages.success(request, f'The token "{row.name}" is revoked; whatever still uses it is refused.')
    return redirect("tokens")
