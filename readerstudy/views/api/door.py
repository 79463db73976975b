"""The door of the JSON interface: who a token acts for, whether the table of routes lets that account in, and how often."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from readerstudy import access_table
from readerstudy.models import ApiToken
from readerstudy.selectors import tokens as selectors
from readerstudy.services import tokens as services

NAMESPACE: Final = "api"
COUNTS: Final = "requests"  # the cache that counts requests, one in each web process
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WINDOW_SECONDS: Final = 60


class TooMany(Exception):  # noqa: N818 - an answer, not a fault of the program
    """A token asked more often than it may.

    Attributes
    ----------
    wait_seconds : until it may ask again
    """

    def __init__(self, limit: int, wait_seconds: int) -> None:
        super().__init__(f"The token may send {limit} requests a minute; wait {wait_seconds} s.")
        self.wait_seconds = wait_seconds


class Bearer(HttpBearer):
    """`Authorization: Bearer rst_...`; a cookie opens nothing here, so that no other site can write with one.

    Parameters
    ----------
    rule_names : (name of the address, method) -> name of the row in the table of routes, where addresses are shared
    """

    def __init__(self, rule_names: Mapping[tuple[str, str], str]) -> None:
        super().__init__()
        self.rule_names = rule_names

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Let the account of a token in, with exactly its rights."""
        now = timezone.now()
        row = selectors.behind(token.strip(), now=now)
        if row is None:
            return None
        check_rate(row, now=now)
        services.note_use(token=row, now=now)
        request.user = row.user
        self._check_rights(request)
        if request.method not in _READS and not row.can_write:
            raise PermissionDenied(f'The token "{row.name}" only reads; make one that may change things.')
        return row

    def _check_rights(self, request: HttpRequest) -> None:
        found = request.resolver_match
        if found is None:
            raise Http404("this address is not known")
        name = self.rule_names.get((found.url_name or "", request.method or ""), found.url_name)
        rule = access_table.rule_of(NAMESPACE, f"{NAMESPACE}:{name}")
        if rule is None:
            raise Http404("this route has no rule")
        access_table.check_can_open(rule, request, found.kwargs)


def check_rate(token: ApiToken, *, now: datetime) -> None:
    """Count a request in the minute that it falls into, and refuse it beyond the limit."""
    limit, second = settings.API_REQUESTS_PER_MINUTE, int(now.timestamp())
    key = f"{token.sha256[:16]}:{second // _WINDOW_SECONDS}"
    cache = caches[COUNTS]
    cache.add(key, 0, timeout=2 * _WINDOW_SECONDS)
    if cache.incr(key) > limit:
        raise TooMany(limit, _WINDOW_SECONDS - second % _WINDOW_SECONDS)
