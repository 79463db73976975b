"""Exactly once, on PostgreSQL too: its transactions run side by side, where SQLite's wait for each other."""

import json
from pathlib import Path

import pytest

from tests.service.test_services import make_instance, postgresql_url

__all__ = ["postgresql_url"]  # the fixture

pytestmark = [pytest.mark.service, pytest.mark.enable_socket]

RACES = """
import json, threading
import django; django.setup()
from django.db import connection, connections
from django.utils import timezone
from readerstudy.core.errors import Refused
from readerstudy.core.judgement import Judgement
from readerstudy.models import Response, Trial, WithdrawnResponse
from readerstudy.selectors import room
from readerstudy.services import responses, sessions, windows
from tests.factories import make_invitation
from tests.studies import conduct_study

assert connection.vendor == "postgresql", connection.vendor
now = timezone.now()
study = conduct_study(undo=True, n_repeats=2, repeat_distance=4, n_checks=1, protocol={"warm_up": {}})
session = sessions.start(invitation=make_invitation(study), seed=1, now=now)
session = sessions.begin(session=session, now=now)
seat = sessions.take_seat(public_id=session.public_id, now=now)
at = {"public_id": session.public_id, "seat": seat}
first, second = [item.token for item in windows.ask(**at, now=now).trials[:2]]

def race(call):
    outcomes, start = [], threading.Barrier(8)
    def one(i):
        start.wait()
        try:
            call(i)
            outcomes.append("stored")
        except Refused as refusal:
            outcomes.append(type(refusal).__name__)
        connections.close_all()
    threads = [threading.Thread(target=one, args=[i]) for i in range(8)]
    [thread.start() for thread in threads]; [thread.join() for thread in threads]
    return sorted(outcomes)

said = [Judgement("real"), Judgement("fake")]
same = race(lambda i: responses.give(**at, token=first, judgement=said[0], key="a", now=now))
different = race(lambda i: responses.give(**at, token=second, judgement=said[i % 2], key=str(i), now=now))
undone = race(lambda i: responses.take_back(**at, token=second, key=str(i), now=now))
both = race(lambda i: responses.give(**at, token=second, judgement=said[0], key=f"b{i}", now=now) if i % 2
    else responses.take_back(**at, token=first, key=f"u{i}", now=now))
done = list(Trial.objects.filter(done_at__isnull=False).order_by("position").values_list("position", flat=True))
print(json.dumps({
    "same": same, "different": different, "undone": undone, "done": done,
    "n_responses": Response.objects.count(), "n_withdrawn": WithdrawnResponse.objects.count(),
    "panel": room.panel_now(windows.ask(**at, now=now).trials[0].token, [session.public_id], now=now).patch.shape,
}))
"""


def test_races_leave_each_answer_once(postgresql_url: str, tmp_path: Path) -> None:
    instance = make_instance(tmp_path / "data", DATABASE_URL=postgresql_url)
    instance.python("manage.py", "migrate", "--verbosity", "0")
    found = json.loads(instance.python("-c", RACES).splitlines()[-1])
    assert found["same"] == ["stored"] * 8
    assert found["different"] == ["Conflict"] * 4 + ["stored"] * 4
    assert found["undone"] == ["OutOfTurn"] * 7 + ["stored"]
    assert found["done"] == list(range(1, len(found["done"]) + 1))  # never a gap
    assert found["n_responses"] == len(found["done"])
    assert found["panel"] == [7, 64, 64]
