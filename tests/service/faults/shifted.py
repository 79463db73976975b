"""The web server's application under a clock that a test sets: `gunicorn tests.service.faults.shifted`.

The file that CLOCK_SHIFT names holds by how many seconds the clock is wrong now.
"""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

_FILE = Path(os.environ["CLOCK_SHIFT"])
_time, _now = time.time, timezone.now


def _shift() -> float:
    return float(_FILE.read_text())


def _shifted_now() -> datetime:
    return _now() + timedelta(seconds=_shift())


time.time = lambda: _time() + _shift()
timezone.now = _shifted_now

from readerstudy.wsgi import application  # noqa: E402

__all__ = ["application"]
