"""The first pages: the front door and the desk's home."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_safe

from readerstudy.selectors import desk as selectors


@login_not_required
@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """Send a study admin to the desk, and anyone else to the sign-in."""
    return redirect("desk" if request.user.is_authenticated else "login")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show what there is, what runs and what comes next."""
    return render(request, "desk/home.html", {"overview": selectors.overview(request.user)})
