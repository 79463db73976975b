"""Puts our site in the place of Django's own."""

from django.contrib.admin.apps import AdminConfig


class SupportConfig(AdminConfig):
    """Django's admin with the site below."""

    default = False
    default_site = "readerstudy.support.site.SupportSite"
