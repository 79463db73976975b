"""The same attack on what a browser with JavaScript receives: windows, frames as numbers, replies to answers.

Chance of a false alarm: see test_blinding_attacker.
"""

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from generation.core.labels import REAL
from readerstudy.models import Invitation, Trial
from tests.attacker import Exchange, Observation, Wiretap, taken_down
from tests.running_room import enter
from tests.service.readerstudy.test_blinding_attacker import (
    DELAY_SECONDS,
    SEED,
    Reading,
    a_whole_study,
    alarms,
    read_and_forget,
    seeded_tokens,
)

SLOW_SECONDS = 0.1  # few trials tell only what stands out from the noise of a busy machine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
]


def read_by_script(invitation: Invitation) -> list[Observation]:
    """Read a study as the script does: the window, its first panel, its last panel, the answer."""
    rng = random.Random(SEED)
    room = enter(invitation)
    wiretap = Wiretap(enforce_csrf_checks=True)
    wiretap.cookies = room.client.cookies
    room.client = wiretap
    observations: list[Observation] = []
    while (window := room.window())["state"] == "test":
        taken = {"window": wiretap.taken[-1]}
        token, answer = window["trials"][0]["token"], rng.choice(["real", "fake"])
        room.panel(token)
        taken["frames"] = wiretap.taken[-1]
        assert room.answer(token, answer).status_code == 200
        taken["answer"] = wiretap.taken[-1]
        exchanges = {name: taken_down(*answered) for name, answered in taken.items()}
        observations.append(Observation(token, answer, exchanges))
        wiretap.taken.clear()
    return observations


@pytest.fixture(scope="module")
def reading(django_db_setup, django_db_blocker, tmp_path_factory) -> Reading:
    """Read once for all tests here."""
    with django_db_blocker.unblock():
        return read_and_forget(tmp_path_factory.mktemp("attacked"), read_by_script)


def test_the_study_is_large_and_its_sources_differ_grossly(reading):
    frames = [observation.exchanges["frames"] for observation in reading.observations]
    sizes = np.array([exchange.n_compressed for exchange in frames])
    assert (reading.is_real.sum(), (~reading.is_real).sum()) == (240, 240)
    assert np.median(sizes[reading.is_real]) > 3 * np.median(sizes[~reading.is_real])


@pytest.mark.parametrize("evidence", [Reading.wire, Reading.times])
def test_attacker_stays_at_chance(reading, evidence, tmp_path):
    assert alarms(evidence, reading, lambda: read_and_forget(tmp_path, read_by_script)) == []


def test_replies_differ_in_tokens_and_digits_of_positions_only(reading):
    for route in ("window", "answer"):
        skeletons = set()
        for observation in reading.observations[100:460]:  # three digits, the window full
            exchange = observation.exchanges[route]
            skeletons.add((exchange.status, exchange.headers, exchange.n_bytes))
        assert len(skeletons) == 1
    lengths = {observation.exchanges["frames"].n_bytes for observation in reading.observations}
    headers = {observation.exchanges["frames"].headers for observation in reading.observations}
    assert (lengths, len(headers)) == ({57_344}, 1)


# Leaks, planted into what the server sent.


def kind_in_an_item(reading: Reading) -> Reading:
    """A field that somebody added to the serializer."""

    def leak(exchange: Exchange, source: str) -> Exchange:
        if not exchange.text.startswith("{"):
            return exchange
        return replace(exchange, text=json.dumps({**json.loads(exchange.text), "kind": source}))

    return planted(reading, leak)


def a_longer_reply(reading: Reading) -> Reading:
    """A number with one digit more for real panels."""
    return planted(
        reading, lambda e, source: replace(e, n_bytes=e.n_bytes + (source == REAL)) if e.text else e
    )


def compressed_frames(reading: Reading) -> Reading:
    """A server that compresses frames."""
    return planted(reading, lambda e, _: e if e.text else replace(e, n_bytes=e.n_compressed))


def slower_frames(reading: Reading) -> Reading:
    """Real panels read from a slower folder."""
    return planted(
        reading,
        lambda e, source: e if e.text else replace(e, seconds=e.seconds + DELAY_SECONDS * (source == REAL)),
    )


def planted(reading: Reading, leak: Callable[[Exchange, str], Exchange]) -> Reading:
    """The reading as it were if each exchange leaked."""
    observations = [
        replace(o, exchanges={route: leak(e, source) for route, e in o.exchanges.items()})
        for o, source in zip(reading.observations, reading.sources, strict=True)
    ]
    return Reading(observations, reading.sources)


@pytest.mark.parametrize(
    ("leak", "evidence"),
    [
        (kind_in_an_item, Reading.wire),
        (a_longer_reply, Reading.wire),
        (compressed_frames, Reading.wire),
        (slower_frames, Reading.times),
    ],
)
def test_attacker_finds_a_planted_leak(reading, leak, evidence):
    verdicts = evidence(leak(reading))
    print(*verdicts, sep="\n")
    assert [verdict for verdict in verdicts if verdict.is_leak]


class LeakyMiddleware:
    """A server that names the source in a header, and takes longer for real panels."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.path.endswith(".bin"):
            token = request.path.rpartition("/")[2].removesuffix(".bin")
            source = Trial.objects.get(token=token).case.source
            response["X-Pool"] = source
            time.sleep(SLOW_SECONDS * (source == REAL))
        return response


def test_attacker_finds_leaks_of_a_running_server(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.LeakyMiddleware"]
    with seeded_tokens():
        leaking = a_whole_study(20, read_by_script)
    assert [verdict for verdict in leaking.wire() if verdict.is_leak]
    assert [verdict for verdict in leaking.times() if verdict.is_leak]
