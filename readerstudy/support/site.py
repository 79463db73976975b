"""The site of the support staff. It has no sign-in of its own, which would know neither limits nor second factors."""

from collections.abc import Iterable
from typing import Any

from allauth.account import views as account
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

_OURS = {"generation", "readerstudy", "evaluation"}


class SupportSite(admin.AdminSite):
    """Accounts, second factors and sessions of the desk are not shown: their rows hold secrets."""

    site_header = site_title = "Reader Study, support"
    site_url = "/desk/"

    def register(
        self,
        model_or_iterable: "type[Model] | Iterable[type[Model]]",
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Take models of this project only."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        super().register([one for one in models if one._meta.app_label in _OURS], admin_class, **options)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Sign out as at the desk."""
        return account.logout(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead to the desk's page."""
        return redirect("account_change_password")

    @login_not_required
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the sign-in of the desk."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied("This page is for the support staff of this instance.")
        return redirect_to_login(request.GET.get("next") or self.site_url)
