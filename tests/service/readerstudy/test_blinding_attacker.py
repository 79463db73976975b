"""A reader of 240 real and 240 synthetic panels learns nothing about the truth from what is not in the pixels.

Real panels are noise here and synthetic ones smooth: whatever depends on how well a panel compresses depends on the truth.

Chance of a false alarm. Everything but times is the same in every run: the tokens come from a seeded generator, so the
95 % interval either holds .5 or does not, and does so for everyone. A change of the code that draws other tokens throws
the dice anew: where the interval then misses .5 by a hair, another SEED tells chance (1 in 20) from a leak (every seed).
Times differ from run to run, so their interval is one of 99.9 %, and where it misses .5 the study is read once more: a leak
is there again, chance in one of a million runs.
"""

import itertools
import random
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from django.db import transaction
from django.test import override_settings

from generation.core.labels import LESION_CLASSES, REAL
from readerstudy.core.protocol import Protocol, spread_warm_up
from readerstudy.models import Invitation, ReadingSession, Trial
from tests import factories
from tests.attacker import Exchange, Observation, read_study, time_features, wire_features
from tests.factories import ReadingBrowser, make_invitation, make_noise, make_patches, make_pool, make_study
from tests.verdicts import Verdict, attack, auc_interval

SEED = 2019
SURE = 0.95
SURE_OF_TIMES = 0.999
GENERATORS = ("dcgan", "wgan")
DELAY_SECONDS = 0.02

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
]


@dataclass(frozen=True)
class Reading:
    """What the attacker took down of a whole study, and the truth it wants."""

    observations: list[Observation]
    sources: list[str]

    @property
    def is_real(self) -> np.ndarray:
        return np.array([source == REAL for source in self.sources])

    def wire(self) -> list[Verdict]:
        """What both classifiers make of everything but times."""
        return attack("wire", wire_features(self.observations), self.is_real, level=SURE)

    def times(self) -> list[Verdict]:
        """What they make of the time that the server took for pages, answers and the frames as numbers."""
        features = time_features(self.observations, of_pictures=False)
        return attack("times", features, self.is_real, level=SURE_OF_TIMES)

    def times_of_pictures(self) -> list[Verdict]:
        """What they make of the time that it took for pictures, which it draws for browsers without JavaScript."""
        features = time_features(self.observations, of_pictures=True)
        return attack("times of pictures", features, self.is_real, level=SURE_OF_TIMES)


def read_by_forms(invitation: Invitation) -> list[Observation]:
    """Read a study without JavaScript."""
    return read_study(ReadingBrowser(invitation), rng=random.Random(SEED))


def a_whole_study(
    n_real_per_class: int, read: Callable[[Invitation], list[Observation]] = read_by_forms
) -> Reading:
    """Make a study with grossly different sources, and read it."""
    n_synthetic = n_real_per_class // len(GENERATORS)
    test = {REAL: dict.fromkeys(LESION_CLASSES, n_real_per_class)}
    test |= {source: dict.fromkeys(LESION_CLASSES, n_synthetic) for source in GENERATORS}
    protocol = Protocol(test=test, warm_up=spread_warm_up(3, 3, GENERATORS), seed=SEED)
    offered = [
        make_pool(source, n + 1, draw=draw, n_patients=n + 1)
        for source, n, draw in (
            (REAL, n_real_per_class, make_noise),
            *((source, n_synthetic, make_patches) for source in GENERATORS),
        )
    ]
    study = make_study(protocol=protocol, offered=offered)
    observations = read(make_invitation(study))
    truth = dict(Trial.objects.filter(phase="test").values_list("token", "case__source"))
    assert ReadingSession.objects.get().state == "finished"
    return Reading(observations, [truth[observation.token] for observation in observations])


@contextmanager
def seeded_tokens() -> Iterator[None]:
    """Tokens, and the number in the study's name, that are the same in every run."""
    rng = random.Random(SEED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_hex", lambda n: rng.randbytes(n).hex())
        patch.setattr(secrets, "randbits", rng.getrandbits)
        patch.setattr(secrets, "choice", rng.choice)
        patch.setattr(factories, "_NUMBER", itertools.count(1))
        yield


def read_and_forget(folder: Path, read: Callable[[Invitation], list[Observation]]) -> Reading:
    """240 real and 240 synthetic panels, of which nothing stays in the database."""
    with seeded_tokens(), override_settings(READERSTUDY_DATA=folder), transaction.atomic():
        taken_down = a_whole_study(80, read)
        transaction.set_rollback(True)
    return taken_down


def alarms(
    evidence: Callable[[Reading], list[Verdict]], reading: Reading, again: Callable[[], Reading]
) -> list[str]:
    """Classifiers that tell real from synthetic, or do worse than chance; by times, in a second reading too."""
    verdicts = evidence(reading)
    print(*verdicts, sep="\n")
    found = [str(verdict) for verdict in verdicts if not verdict.is_chance]
    if not found or evidence is Reading.wire:
        return found
    return [str(verdict) for verdict in evidence(again()) if not verdict.is_chance]


@pytest.fixture(scope="module")
def reading(django_db_setup, django_db_blocker, tmp_path_factory) -> Reading:
    """Read once for all tests here."""
    with django_db_blocker.unblock():
        return read_and_forget(tmp_path_factory.mktemp("attacked"), read_by_forms)


def test_the_study_is_large_and_its_sources_differ_grossly(reading):
    n_compressed = {
        source: np.median(
            [
                observation.exchanges["panel"].n_compressed
                for observation, found in zip(reading.observations, reading.sources, strict=True)
                if (found == REAL) == (source == REAL)
            ]
        )
        for source in (REAL, "synthetic")
    }
    assert (reading.is_real.sum(), (~reading.is_real).sum()) == (240, 240)
    assert n_compressed[REAL] > 3 * n_compressed["synthetic"]


@pytest.mark.parametrize("evidence", [Reading.wire, Reading.times, Reading.times_of_pictures])
def test_attacker_stays_at_chance(reading, evidence, tmp_path):
    assert alarms(evidence, reading, lambda: read_and_forget(tmp_path, read_by_forms)) == []


def test_an_alarm_by_times_has_to_be_heard_twice():
    quiet, loud = Reading([], []), Reading([], [REAL])
    read_again = []

    def times(reading: Reading) -> list[Verdict]:
        return [Verdict("times", "ear", 0.9, 0.8, 1.0)] if reading is loud else []

    def again(found: Reading) -> Callable[[], Reading]:
        return lambda: read_again.append(found) or found

    assert alarms(times, quiet, again(loud)) == []
    assert read_again == []
    assert alarms(times, loud, again(quiet)) == []
    assert alarms(times, loud, again(loud)) == ["times, ear: AUC 0.900 (0.800 to 1.000)"]
    assert read_again == [quiet, loud]


def test_an_alarm_by_what_is_sent_is_heard_once(reading):
    assert alarms(Reading.wire, source_in_a_header(reading), lambda: reading)


# Leaks, planted into what the server sent.


def source_in_a_header(reading: Reading) -> Reading:
    """A header that helps in debugging."""
    return _with_exchanges(reading, lambda e, source, _: replace(e, headers=(*e.headers, ("X-Pool", source))))


def class_in_the_page(reading: Reading) -> Reading:
    """A CSS class named after the source."""
    return _with_exchanges(
        reading, lambda e, source, _: replace(e, text=e.text.replace("<main", f'<main data-kind="{source}"'))
    )


def tokens_in_class_order(reading: Reading) -> Reading:
    """Random tokens given out in the order in which the pools were loaded."""
    by_class = _class_by_class(reading)
    tokens = sorted(observation.token for observation in reading.observations)
    return _with_tokens(reading, dict(zip(by_class, tokens, strict=True)))


def class_in_the_last_bit_of_the_token(reading: Reading) -> Reading:
    """A check digit that is none."""
    return _with_tokens(
        reading,
        {
            i: f"{int(observation.token, 16) & ~1 | int(is_real):032x}"
            for i, (observation, is_real) in enumerate(
                zip(reading.observations, reading.is_real, strict=True)
            )
        },
    )


def number_of_the_case_in_an_etag(reading: Reading) -> Reading:
    """Rows of the database numbered class by class."""
    by_class = _class_by_class(reading)
    number = {i: row for row, i in enumerate(by_class)}
    return _with_exchanges(
        reading, lambda e, _, i: replace(e, headers=(*e.headers, ("ETag", str(number[i]))))
    )


def compressed_pictures(reading: Reading) -> Reading:
    """A server that compresses what it sends."""
    return _with_exchanges(reading, lambda e, *_: e if e.text else replace(e, n_bytes=e.n_compressed))


def one_source_takes_longer(reading: Reading) -> Reading:
    """Real panels read from a slower folder."""
    return _with_exchanges(
        reading,
        lambda e, source, _: (
            e if e.text else replace(e, seconds=e.seconds + DELAY_SECONDS * (source == REAL))
        ),
    )


def sources_by_turns(reading: Reading) -> Reading:
    """Real and synthetic panels alternate."""
    real, synthetic = (np.flatnonzero(reading.is_real == kind) for kind in (True, False))
    turns = [i for pair in zip(real, synthetic, strict=True) for i in pair]
    return Reading([reading.observations[i] for i in turns], [reading.sources[i] for i in turns])


def _class_by_class(reading: Reading) -> list[int]:
    """Trials as they lay in the pools: source after source, within each in an order of its own."""
    return sorted(
        range(len(reading.sources)), key=lambda i: (reading.sources[i], reading.observations[i].token)
    )


def _with_exchanges(reading: Reading, leak: Callable[[Exchange, str, int], Exchange]) -> Reading:
    observations = [
        replace(o, exchanges={route: leak(e, source, i) for route, e in o.exchanges.items()})
        for i, (o, source) in enumerate(zip(reading.observations, reading.sources, strict=True))
    ]
    return Reading(observations, reading.sources)


def _with_tokens(reading: Reading, tokens: dict[int, str]) -> Reading:
    observations = [replace(o, token=tokens[i]) for i, o in enumerate(reading.observations)]
    renamed = {old.token: new.token for old, new in zip(reading.observations, observations, strict=True)}
    pattern = re.compile("[0-9a-f]{32}")

    def leak(exchange: Exchange, *_: object) -> Exchange:
        text = pattern.sub(lambda match: renamed.get(match.group(), match.group()), exchange.text)
        return replace(exchange, text=text)

    return _with_exchanges(Reading(observations, reading.sources), leak)


@pytest.mark.parametrize(
    ("leak", "evidence"),
    [
        (source_in_a_header, Reading.wire),
        (class_in_the_page, Reading.wire),
        (tokens_in_class_order, Reading.wire),
        (class_in_the_last_bit_of_the_token, Reading.wire),
        (number_of_the_case_in_an_etag, Reading.wire),
        (compressed_pictures, Reading.wire),
        (sources_by_turns, Reading.wire),
        (one_source_takes_longer, Reading.times),
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
        found = re.search("panel.*?([0-9a-f]{32})|([0-9a-f]{32}).*?panel", request.path)
        if found:
            source = Trial.objects.get(token=found.group(1) or found.group(2)).case.source
            response["X-Pool"] = source
            time.sleep(DELAY_SECONDS * 2 * (source == REAL))
        return response


def test_attacker_finds_leaks_of_a_running_server(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.LeakyMiddleware"]
    with seeded_tokens():
        leaking = a_whole_study(12)
    assert [verdict for verdict in leaking.wire() if verdict.is_leak]
    times = [*leaking.times(), *leaking.times_of_pictures()]
    assert [verdict for verdict in times if verdict.is_leak]


class TestAucInterval:
    def test_known_answer(self):
        # By hand: positives 2, 3, 5 against 1, 2, 4. Wins per positive: 1.5, 2, 3 of 3; per negative: 3, 2.5, 1 of 3.
        # AUC 6.5/9; variances (1/9) * 0.5833 and (1/9) * 1.0833, each over 3; half 1.96 * sqrt(5/81) = 0.48696.
        scores, is_positive = np.array([2, 3, 5, 1, 2, 4]), np.arange(6) < 3
        assert auc_interval(scores, is_positive, level=0.95) == pytest.approx(
            (0.722222, 0.235263, 1.209182), abs=1e-4
        )

    def test_holds_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(SEED)
        is_positive = np.arange(480) % 2 == 0
        hits = 0
        for _ in range(400):
            _, low, high = auc_interval(rng.normal(size=480), is_positive, level=0.95)
            hits += low <= 0.5 <= high
        assert 367 <= hits <= 393  # binomial(400, 0.95): 380 +- 3 standard deviations of 4.36
