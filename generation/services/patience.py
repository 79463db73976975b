"""Ride out a database that is away for a short while: a job of hours shall not end because a connection did."""

import functools
import logging
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 60.0  # below the two minutes after which a silent training counts as lost
_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 3.0
# PostgreSQL, Appendix A: the server was shut down, crashed, or is starting up.
_SERVER_GONE: Final = frozenset({"57P01", "57P02", "57P03"})

P = ParamSpec("P")
R = TypeVar("R")


def is_connection_lost(error: BaseException) -> bool:
    """Whether a statement failed because the way to the database is gone, not because of what it says."""
    if not isinstance(error, OperationalError | InterfaceError) or connection.vendor == "sqlite":
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith("08") or state in _SERVER_GONE


def patiently(do: Callable[P, R]) -> Callable[P, R]:
    """Do it again over a new connection, for up to a minute, if the connection is lost on the way.

    The lost statement may have been carried out: only what does no harm when done twice is wrapped. Inside a
    transaction nothing is done again, because the transaction is gone with the connection.
    """

    @functools.wraps(do)
    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        until, wait = time.monotonic() + PATIENCE_SECONDS, _FIRST_WAIT
        while True:
            try:
                return do(*args, **kwargs)
            except (OperationalError, InterfaceError) as error:
                is_over = time.monotonic() + wait > until
                if connection.in_atomic_block or is_over or not is_connection_lost(error):
                    raise
                logger.warning("the connection to the database is lost; asking again in %.1f s", wait)
            connection.close()
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    return done
