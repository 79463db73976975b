"""A reader who wants to know the truth without looking: takes down all that reaches a browser, for verdicts.py to learn from.

The boundary. Attacked is everything but the decoded pixels: addresses, tokens, status codes, headers with their order,
cookies, lengths on the wire, the text of pages, the order of the trials, the reader's own answers, and the time that the
server takes. The bytes of a picture are pixels in another form, so of those only their number counts: a panel may compress
well because it is smooth, as anyone sees, but it must not arrive shorter.
"""

import random
import re
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from numpy.typing import NDArray

from readerstudy import reading_urls
from tests.factories import ReadingBrowser

OPAQUE = re.compile(r"\b(?:[0-9a-f]{32}|[0-9A-Za-z]{64}|[0-9A-Za-z]{32})\b")  # tokens, keys, CSRF
WORD = re.compile(r"[^\s<>\"'=;,/]+")
PIXELS = ("image/", "application/octet-stream")
N_OPAQUE = 8  # the first different ones of each answer
MIN_TRIALS = 5  # words that fewer have teach nothing
N_REMEMBERED = 8192  # texts of a whole study: leaks are planted into a few of them
SAMPLED = 4  # what is costly or hardly concerns the trial is asked for at every fourth one


@dataclass(frozen=True)
class Exchange:
    """One answer of the server as it lies on the wire, without the bytes of pictures."""

    status: int
    headers: tuple[tuple[str, str], ...]  # in order, cookies last
    n_bytes: int
    n_compressed: int  # had the server compressed it; no feature, only for planting a leak
    text: str  # empty for pictures
    seconds: float
    clock: float  # when the cookies say it was

    @property
    def is_picture(self) -> bool:
        return dict(self.headers).get("Content-Type", "").startswith("image/")


@dataclass(frozen=True)
class Observation:
    """All that a reader can take down about one trial."""

    token: str
    answer: str
    exchanges: dict[str, Exchange]  # by route


class Wiretap(Client):
    """Django's test client that takes down every answer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.taken: list[tuple[HttpResponse, float]] = []

    def request(self, **request: Any) -> HttpResponse:
        started = time.perf_counter()
        response = super().request(**request)
        self.taken.append((response, time.perf_counter() - started))
        return response


def taken_down(response: HttpResponse, seconds: float) -> Exchange:
    """An answer as an exchange."""
    is_picture = response.headers.get("Content-Type", "").startswith(PIXELS)
    headers, clock = list(response.items()), 0.0
    for morsel in response.cookies.values():
        if morsel["expires"]:
            clock = max(clock, parsedate_to_datetime(morsel["expires"]).timestamp())
        morsel["expires"] = ""
        headers.append(("Set-Cookie", morsel.OutputString()))
    return Exchange(
        status=response.status_code,
        headers=tuple(headers),
        n_bytes=len(response.content),
        n_compressed=len(zlib.compress(response.content[::SAMPLED], 1)),
        text="" if is_picture else response.content.decode(),
        seconds=seconds,
        clock=clock,
    )


def read_study(reader: ReadingBrowser, *, rng: random.Random) -> list[Observation]:
    """Read a study to its end in the given order, asking every address there is, answering by chance."""
    wiretap = reader.client = Wiretap(enforce_csrf_checks=True)
    reader.begin().see_warm_up()
    observations: list[Observation] = []
    while "All done" not in reader.text:
        token, answer = reader.token, rng.choice(["real", "fake"])
        taken = {"page": wiretap.taken[-1]}
        for name, address in _addresses(reader, position=len(observations) + 1):
            wiretap.get(address)
            taken[name] = wiretap.taken[-1]
        response, _ = reader.send(answer)
        taken["answer"] = wiretap.taken[-1]
        # Only now, because a picture that takes longer to compress would delay the next answer to this trial.
        exchanges = {name: taken_down(*answered) for name, answered in taken.items()}
        observations.append(Observation(token, answer, exchanges))
        wiretap.taken.clear()
        reader.open(response["Location"])
    return observations


def _addresses(reader: ReadingBrowser, *, position: int) -> Iterator[tuple[str, str]]:
    """Every address of the current trial, and at every fourth trial every other address of the session as well."""
    session = re.search(r"/read/s/([0-9a-f]{32})/", reader.text)
    assert session
    is_sampled = position % SAMPLED == 0
    for pattern in reading_urls.urlpatterns:
        name, parameters = pattern.name, set(pattern.pattern.converters)
        if parameters == {"token"} and name != "trial" and (is_sampled or name != "panel_tall"):
            yield name, reverse(f"reading:{name}", args=[reader.token])
        elif parameters == {"public_id"} and is_sampled:
            yield name, reverse(f"reading:{name}", args=[session.group(1)])


# What was taken down becomes numbers: one column per feature, one row per trial, NaN where it was not asked for.


def wire_features(observations: list[Observation]) -> NDArray[np.float64]:
    """Everything but times: with seeded tokens the same in every run."""
    columns = [_running(observations)]
    columns += [
        _columns(_token_numbers(observation.token) for observation in observations),
        _columns(_order_numbers(observations)),
    ]
    for route in sorted({route for observation in observations for route in observation.exchanges}):
        exchanges = [observation.exchanges.get(route) for observation in observations]
        columns += [_columns(_exchange_numbers(e) for e in exchanges), _words(exchanges)]
    return _telling(np.hstack(columns))


def time_features(observations: list[Observation], *, of_pictures: bool) -> NDArray[np.float64]:
    """The server's times for pictures, or for all the rest: as they are, and against the trials just before."""
    first = observations[0].exchanges
    routes = [route for route in sorted(first) if first[route].is_picture == of_pictures]
    seconds = np.array([[o.exchanges[route].seconds for route in routes] for o in observations])
    before = np.array([np.median(seconds[max(0, i - 9) : i + 1], axis=0) for i in range(len(seconds))])
    clock = np.array([[max(e.clock for e in o.exchanges.values())] for o in observations])
    steps = np.diff(clock, axis=0, prepend=clock[:1])
    return _telling(np.hstack([np.log(seconds), np.log(seconds / before), clock, steps]))


def _running(observations: list[Observation]) -> NDArray[np.float64]:
    """Where in the session, and what the reader answered before."""
    said = [1.0 if observation.answer == "real" else 0.0 for observation in observations]
    n = len(said)
    return _columns(
        [i, *(i % k for k in range(2, 9)), i * 4 // n, *(said[i - k] if i >= k else 0.5 for k in (1, 2, 3)),
         float(np.mean(said[:i])) if i else 0.5]
        for i in range(n)
    )  # fmt: skip


def _token_numbers(token: str) -> list[float]:
    """A token as numbers: whole, in parts, its last bits, how many bits are set."""
    number = int(token, 16)
    words = [int(token[i : i + 8], 16) for i in range(0, 32, 8)]
    bits = [number >> k & 1 for k in range(8)]
    return [
        number / 2**128,
        *(word / 2**32 for word in words),
        *bits,
        number.bit_count(),
        number % 3,
        number % 5,
    ]


def _order_numbers(observations: list[Observation]) -> list[list[float]]:
    """A token among the ones before it, and how far it is from the last."""
    numbers = [int(observation.token, 16) / 2**128 for observation in observations]
    ranks = [float(np.mean(np.array(numbers[:i]) < number)) if i else 0.5 for i, number in enumerate(numbers)]
    steps = [0.0, *(later - earlier for earlier, later in pairwise(numbers))]
    return [[rank, step] for rank, step in zip(ranks, steps, strict=True)]


def _exchange_numbers(exchange: Exchange | None) -> list[float]:
    """Status, lengths, order of the headers, each header's value, each token in the text."""
    if exchange is None:
        return []
    read = _read(exchange.text)
    numbers = [
        exchange.status,
        exchange.n_bytes,
        read.n_plain,
        read.n_compressed,
        read.n_tags,
        len(exchange.headers),
        _hashed(" ".join(name for name, _ in exchange.headers)),
        sum(len(name) + len(value) for name, value in exchange.headers),
        *read.opaque,
    ]
    for _, value in sorted(exchange.headers):
        numbers += [len(value), _as_number(value)]
    return numbers


@dataclass(frozen=True)
class _Read:
    """What is in a text: numbers, and how often each word besides tokens occurs in it."""

    n_plain: int
    n_compressed: int
    n_tags: int
    opaque: tuple[float, ...]
    words: Counter[str]


@lru_cache(maxsize=N_REMEMBERED)
def _read(text: str) -> _Read:
    plain = OPAQUE.sub("", text)
    tokens = [*dict.fromkeys(OPAQUE.findall(text)), *[""] * N_OPAQUE][:N_OPAQUE]
    return _Read(
        n_plain=len(plain),
        n_compressed=len(zlib.compress(plain.encode())),
        n_tags=plain.count("<"),
        opaque=tuple(
            number
            for token in tokens
            for number in (
                len(token),
                _hashed(token[:8]),
                _hashed(token),
                ord(token[-1]) % 2 if token else 0,
            )
        ),
        words=Counter(WORD.findall(OPAQUE.sub(" ", text).lower())),
    )


@lru_cache(maxsize=N_REMEMBERED)
def _counted(text: str) -> Counter[str]:
    return Counter(WORD.findall(OPAQUE.sub(" ", text).lower()))


def _words(exchanges: list[Exchange | None]) -> NDArray[np.float64]:
    """How often each word occurs in headers and text."""
    counted: list[Counter[str]] = []
    for exchange in exchanges:
        headers = "\n".join(f"{name}_{value}" for name, value in exchange.headers) if exchange else ""
        counted.append(_counted(headers) + _read(exchange.text).words if exchange else Counter())
    n_trials = Counter(word for words in counted for word in words)
    vocabulary = [word for word, n in n_trials.items() if n >= MIN_TRIALS]
    return np.array([[float(words[word]) for word in vocabulary] for words in counted])


@lru_cache(maxsize=N_REMEMBERED)
def _as_number(text: str) -> float:
    """The value of a header: a number or a time where it is one, otherwise a hash."""
    if text.isdigit():
        return float(text)
    try:
        return parsedate_to_datetime(text).astimezone(UTC).timestamp()
    except ValueError:
        return _hashed(text)


def _hashed(text: str) -> float:
    return zlib.crc32(text.encode()) / 2**32


def _columns(rows: Iterable[list[float]]) -> NDArray[np.float64]:
    """Rows of any length as one array; NaN where a row is shorter."""
    filled = list(rows)
    table = np.full((len(filled), max(map(len, filled))), np.nan)
    for row, numbers in zip(table, filled, strict=True):
        row[: len(numbers)] = numbers
    return table


def _telling(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns that differ between trials, each once; gaps become the column's median."""
    with np.errstate(invalid="ignore"):
        medians = np.nanmedian(table, axis=0)
    filled = np.where(np.isnan(table), medians, table)
    varies = filled[:, np.ptp(filled, axis=0) > 0]
    return np.unique(varies, axis=1) if varies.size else np.zeros((len(table), 1))
