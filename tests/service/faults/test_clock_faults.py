"""The server's clock jumps while a study is read: nobody is locked out, and no answer, order or duration changes."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db.models import F

from evaluation.core import readings
from readerstudy.models import Trial
from readerstudy.selectors import trials
from readerstudy.services import studies
from tests.factories import ADMIN, NOW
from tests.service.faults import web as webs
from tests.service.faults.web import Web

pytestmark = [pytest.mark.enable_socket]

HOUR, DAY = 3600, 86_400


@pytest.fixture
def shift(tmp_path: Path) -> Callable[[int], None]:
    """Sets the clock of the server wrong by so many seconds."""
    path = tmp_path / "shift"
    path.write_text("0")

    def to(seconds: int) -> None:
        draft = path.with_suffix(".draft")
        draft.write_text(str(seconds))
        draft.replace(path)

    return to


@pytest.fixture
def clock_web(sqlite_web: Web, shift: Callable[[int], None], tmp_path: Path) -> Iterator[Web]:
    """The same instance, served under a clock of its own."""
    address = webs.free_address()
    environment = sqlite_web.instance.environment | {"CLOCK_SHIFT": str(tmp_path / "shift")}
    argv = ("-m", "gunicorn", "tests.service.faults.shifted", "--bind", address.bind, "--threads", "2")
    instance = dataclasses.replace(sqlite_web.instance, environment=environment)
    web = Web(instance, address, sqlite_web.made, (*argv, "--no-control-socket"))
    web.start()
    yield web
    web.stop()


def test_a_reader_reads_on_whatever_the_clock_does(
    sqlite_web: Web, clock_web: Web, shift: Callable[[int], None]
) -> None:
    reader = sqlite_web.new_reader()
    reader.address, admin = clock_web.address, clock_web.admin()
    reader.sit_down().read(3)
    for seconds in (-HOUR, DAY, 0):
        shift(seconds)
        reader.read(3)
        for page in (f"/desk/studies/{reader.facts['slug']}/readers/", "/desk/", "/api/v1/studies"):
            status, _, content = admin.ask(page)
            assert status == (200 if "desk" in page else 401), content
            assert b"-1 day" not in content
    shift(0)
    reader.read(12)
    assert (reader.refusals, reader.n_cut) == ([], 0)
    assert clock_web.stored(reader) == reader.given  # in order, with the durations that the browser measured
    assert reader.until_answered(f"trials/?seat={reader.seat}")["state"] == "finished"
    times = [at for (at,) in clock_web.rows(webs.DONE_AT, reader.public_id)]
    assert len(times) == 24
    assert times != sorted(times)  # the fault was there


def test_a_reader_without_script_is_not_kept_waiting_for_an_hour(
    sqlite_web: Web, clock_web: Web, shift: Callable[[int], None]
) -> None:
    """The study wants each panel looked at for a second; only the server measures that here."""
    reader = sqlite_web.new_reader()
    reader.address = clock_web.address
    reader.sit_down()
    body = reader.next_body() | {"csrfmiddlewaretoken": reader.facts["csrftoken"], "rt_ms": ""}
    page = f"/read/t/{body['token']}/"
    assert reader.ask(page)[0] == 200
    shift(-HOUR)
    status, _, content = reader.ask(page, form=urlencode(body))
    assert status == 302, content.decode()
    assert [one.key for one in clock_web.stored(reader)] == [body["key"]]


@pytest.mark.django_db
def test_no_statistic_and_no_order_of_an_export_looks_at_the_servers_clock(open_study, radiologist) -> None:
    radiologist.begin().see_warm_up()
    while "All done" not in radiologist.text:
        radiologist.press("fake")
    study = studies.close(study=open_study, by=ADMIN, now=NOW)
    before = list(trials.trial_rows(study))
    odd = Trial.objects.filter(pk__in=[trial.pk for trial in Trial.objects.all() if trial.position % 2])
    odd.update(served_at=F("served_at") - timedelta(hours=1), done_at=F("done_at") + timedelta(days=1))
    after = list(trials.trial_rows(study))
    assert before != after
    assert [(row.case, row.order, row.answer) for row in after] == [
        (row.case, row.order, row.answer) for row in before
    ]
    assert readings.collect(after) == readings.collect(before)
