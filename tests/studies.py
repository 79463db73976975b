"""Studies with rules of their own, for tests."""

from typing import Any

from readerstudy.core.conduct import Conduct
from readerstudy.models import Study
from tests.factories import make_study, small_protocol


def conduct_study(status: str = "open", *, protocol: dict[str, Any] | None = None, **conduct: Any) -> Study:
    """A small study whose sessions are conducted as told: 12 test panels and 6 of the warm-up."""
    return make_study(status, protocol=small_protocol(**(protocol or {}), conduct=Conduct(**conduct)))
