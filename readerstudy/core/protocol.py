"""What a study fixes before its first answer: how many panels of which kind, what is asked and how."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Final

from generation.core.errors import InputError
from generation.core.labels import (
    DCGAN,
    LESION_CLASSES,
    REAL,
    WGAN,
    LesionClass,
    parse_lesion_class,
    parse_source,
)
from readerstudy.core import arrival as arrivals
from readerstudy.core import conduct as conducts
from readerstudy.core.arrival import Arrival
from readerstudy.core.conduct import Conduct
from readerstudy.core.session_state import Phase
from readerstudy.core.wording import translatable

FORMAT_VERSION: Final = 3
READABLE_VERSIONS: Final = (1, 2, FORMAT_VERSION)
SEVEN_FRAMES: Final = "seven-frames"  # the five dynamic frames, T2 and the first subtraction
FIGURE_4: Final = "figure-4"  # dynamic frames and T2, below them the subtractions of all post-contrast frames
OF_POOL: Final = "pool"  # other frames than the paper's, laid out as the pools' frame set says
LAYOUTS: Final = (SEVEN_FRAMES, FIGURE_4, OF_POOL)
BICUBIC: Final = "bicubic"
NEAREST: Final = "nearest"
INTERPOLATIONS: Final = (BICUBIC, NEAREST)
MAX_PANELS: Final = 10_000  # of one reader's session
MAX_CONFIDENCE_LEVELS: Final = 6
MAX_QUESTION_LENGTH: Final = 200
MAX_MARGIN_POINTS: Final = 25
# Radiologists know these keys from their viewers: cine, invert, rotate, next, zoom; m and z magnify, p pauses,
# digits are confidence levels.
RESERVED_KEYS: Final = frozenset("cimnprz0123456789")
COMMENT_KEY: Final = "t"  # where comments are allowed
_RESERVED_OF_VERSION: Final = {
    1: frozenset("cirnp0123456789"),
    2: RESERVED_KEYS,
    FORMAT_VERSION: RESERVED_KEYS | {"u"},  # u takes back the last answer
}
_SINCE_VERSION: Final = {
    "interpolation": 2,
    "own_subtraction": 2,
    "language": 3,
    "equivalence_margin_points": 3,
    "conduct": 3,
    "arrival": 3,
}
BY_READER: Final = "reader"  # the language the reader's browser prefers
LANGUAGES: Final = (BY_READER, "en", "de")
CHECK: Final = "check"  # source of attention checks, see core/attention.py
DEFAULT_QUESTION: Final = translatable("Is this panel real or synthetic?")

Quotas = Mapping[str, Mapping[LesionClass, int]]  # source -> lesion class -> number of panels


@dataclass(frozen=True, slots=True)
class Protocol:
    """The protocol of one study; building one checks it.

    Attributes
    ----------
    test : panels per source and lesion class whose truth is hidden
    warm_up : the same for the panels shown with their origin before the test
    seed : of the draw of cases from the pools
    question : asked under every panel
    confidence_levels : 0 asks for no confidence, otherwise 2..6 levels
    real_key, synthetic_key : one character each
    layout : name of the arrangement of frames
    interpolation : how a patch is enlarged to the screen
    own_subtraction : show the subtraction that a source brings along, instead of one computed from the frames shown;
        a generator's own never fits its frames exactly, so that comparing pixels tells it from a scan
    language : of the reading room; the texts of the study stay as they were written
    equivalence_margin_points : an accuracy within so many percentage points of 50 % will count as equivalent to
        chance; fixed here, before any answer
    conduct : rules of a reading session
    arrival : what comes before the first panel
    format_version : of the stored form; 1 knows neither interpolation nor own_subtraction, 2 neither language,
        equivalence margin, conduct nor arrival

    Raises
    ------
    InputError
        Naming the value that cannot be used.
    """

    test: Quotas
    warm_up: Quotas
    seed: int
    question: str = DEFAULT_QUESTION
    confidence_levels: int = 0
    real_key: str = "f"
    synthetic_key: str = "j"
    layout: str = SEVEN_FRAMES
    interpolation: str = BICUBIC
    own_subtraction: bool = False
    language: str = BY_READER
    equivalence_margin_points: int = 10
    conduct: Conduct = field(default_factory=Conduct)
    arrival: Arrival = field(default_factory=Arrival)
    format_version: int = field(default=FORMAT_VERSION)

    def __post_init__(self) -> None:
        object.__setattr__(self, "test", _checked_quotas(self.test))
        object.__setattr__(self, "warm_up", _checked_quotas(self.warm_up))
        n_real, n_synthetic = self.n_real(Phase.TEST), self.n_synthetic(Phase.TEST)
        if not n_real or not n_synthetic:
            raise InputError(
                f"The test has {n_real} real and {n_synthetic} synthetic panels; ask for at least one of each.",
                field="test",
            )
        if self.n_panels > MAX_PANELS:
            raise InputError(
                f"The protocol has {self.n_panels} panels; the most a session can hold is {MAX_PANELS}.",
                field="test",
            )
        if self.confidence_levels != 0 and not 2 <= self.confidence_levels <= MAX_CONFIDENCE_LEVELS:
            raise InputError(
                f"{self.confidence_levels} confidence levels cannot be shown; give 2 to {MAX_CONFIDENCE_LEVELS}, or 0 to ask for none.",
                field="confidence_levels",
            )
        if not self.question.strip() or len(self.question) > MAX_QUESTION_LENGTH:
            raise InputError(
                f"The question has {len(self.question.strip())} characters; write 1 to {MAX_QUESTION_LENGTH}.",
                field="question",
            )
        if self.layout not in LAYOUTS:
            raise InputError(f'The layout "{self.layout}" is unknown; choose one of {", ".join(LAYOUTS)}.')
        if self.interpolation not in INTERPOLATIONS:
            raise InputError(
                f'The interpolation "{self.interpolation}" is unknown; choose one of {", ".join(INTERPOLATIONS)}.'
            )
        if not isinstance(self.own_subtraction, bool):
            raise InputError(f"own_subtraction is {self.own_subtraction!r}; write true or false.")
        if self.format_version not in READABLE_VERSIONS:
            raise InputError(
                f"The protocol has format version {self.format_version}; this software reads {' and '.join(map(str, READABLE_VERSIONS))}."
            )
        if self.language not in LANGUAGES:
            raise InputError(
                f'The language "{self.language}" is unknown; choose one of {", ".join(LANGUAGES)}.'
            )
        margin = self.equivalence_margin_points
        if isinstance(margin, bool) or not isinstance(margin, int) or not 1 <= margin <= MAX_MARGIN_POINTS:
            raise InputError(
                f"The equivalence margin is {margin!r} points; give a whole number from 1 to {MAX_MARGIN_POINTS}."
            )
        self._check_extras()
        _check_keys(self.real_key, self.synthetic_key, reserved=_RESERVED_OF_VERSION[self.format_version])

    def _check_extras(self) -> None:
        """Refuse repeats and refreshers that the quotas leave no room for."""
        n_test, conduct = self.n_of(Phase.TEST), self.conduct
        if conduct.n_repeats and n_test < conduct.n_repeats + conduct.repeat_distance:
            raise InputError(
                f"{conduct.n_repeats} repeats at least {conduct.repeat_distance} panels after the first do not fit into "
                f"{n_test} test panels; ask for fewer repeats or a smaller distance.",
                field="n_repeats",
            )
        if conduct.n_checks > n_test:
            raise InputError(
                f"{conduct.n_checks} attention checks do not fit into {n_test} test panels; ask for fewer.",
                field="n_checks",
            )
        if conduct.n_checks and CHECK in self.sources:
            raise InputError(
                f'Attention checks have the source "{CHECK}", so that no pool can have it; give the pool another source.',
                field="n_checks",
            )
        if conduct.comment and COMMENT_KEY in (self.real_key, self.synthetic_key):
            raise InputError(
                f'The key "{COMMENT_KEY}" opens the comment, which the study allows; choose another letter for the answer.',
                field="real_key" if self.real_key == COMMENT_KEY else "synthetic_key",
            )
        if conduct.refresher_after_days and not self.n_of(Phase.WARM_UP):
            raise InputError(
                "A refresher shows warm-up panels again, but the warm-up has none; give it some.",
                field="refresher_after_days",
            )

    def quotas(self, phase: Phase) -> Quotas:
        """Panels per source and lesion class of one phase."""
        return self.test if phase is Phase.TEST else self.warm_up

    def n_real(self, phase: Phase) -> int:
        """Number of real panels of one phase."""
        return sum(self.quotas(phase).get(REAL, {}).values())

    def n_synthetic(self, phase: Phase) -> int:
        """Number of generated panels of one phase."""
        return self.n_of(phase) - self.n_real(phase)

    def n_of(self, phase: Phase) -> int:
        """Number of panels of one phase."""
        return sum(sum(per_class.values()) for per_class in self.quotas(phase).values())

    def n_trials(self, phase: Phase) -> int:
        """Number of panels that a reader meets in one phase: repeats and attention checks count like all others."""
        extras = self.conduct.n_repeats + self.conduct.n_checks if phase is Phase.TEST else 0
        return self.n_of(phase) + extras

    @property
    def n_panels(self) -> int:
        """Panels of a whole session."""
        return sum(self.n_trials(phase) for phase in Phase)

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources with at least one panel, real first."""
        found = {
            source
            for phase in Phase
            for source, per_class in self.quotas(phase).items()
            if sum(per_class.values())
        }
        return tuple(sorted(found, key=lambda source: (source != REAL, source)))

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON column; `from_json` reads it back."""
        plain = {"test": _plain(self.test), "warm_up": _plain(self.warm_up)}
        parts = {"conduct": self.conduct.to_json(), "arrival": self.arrival.to_json()}
        settings = asdict(_Settings.of(self)) | parts
        known = {name for name in settings if _SINCE_VERSION.get(name, 1) <= self.format_version}
        return {name: value for name, value in settings.items() if name in known} | plain


@dataclass(frozen=True, slots=True)
class _Settings:
    """The fields of a protocol that are plain values."""

    seed: int
    question: str
    confidence_levels: int
    real_key: str
    synthetic_key: str
    layout: str
    interpolation: str
    own_subtraction: bool
    language: str
    equivalence_margin_points: int
    format_version: int

    @classmethod
    def of(cls, protocol: Protocol) -> "_Settings":
        return cls(**{name: getattr(protocol, name) for name in cls.__dataclass_fields__})


def from_json(data: Mapping[str, Any]) -> Protocol:
    """Read a stored protocol, also of the older format, whose studies are shown as they always were.

    Raises
    ------
    InputError
        If a field is missing, unknown, or not usable.
    """
    known = set(Protocol.__dataclass_fields__)
    missing, unknown = {"test", "warm_up", "seed"} - data.keys(), data.keys() - known
    if missing or unknown:
        named = ", ".join(sorted(missing | unknown))
        raise InputError(
            f"The protocol has missing or unknown fields ({named}); its fields are {', '.join(sorted(known))}."
        )
    parts: dict[str, Any] = {}
    if "conduct" in data:
        parts["conduct"] = conducts.from_json(data["conduct"])
    if "arrival" in data:
        parts["arrival"] = arrivals.from_json(data["arrival"])
    return Protocol(**{**data, **parts})


def paper(*, seed: int, scale: float = 1.0, generators: Sequence[str] = (DCGAN, WGAN)) -> Protocol:
    """The protocol of the paper: per class 40 panels of each generator and as many real ones; warm-up 24 real + 24 synthetic.

    Parameters
    ----------
    seed : of the draw of cases
    scale : multiplies the paper's numbers, for shorter studies
    generators : sources to tell from real

    Source: Haarburger 2019, section 4.2.
    """
    if not generators:
        raise InputError(
            "There is no generator to compare with real panels; make a pool of generated patches first."
        )
    per_generator = max(1, round(40 * scale))
    n_warm_up = round(24 * scale)
    test = {REAL: dict.fromkeys(LESION_CLASSES, per_generator * len(generators))}
    test |= {source: dict.fromkeys(LESION_CLASSES, per_generator) for source in generators}
    return Protocol(test=test, warm_up=spread_warm_up(n_warm_up, n_warm_up, generators), seed=seed)


def spread_warm_up(n_real: int, n_synthetic: int, generators: Sequence[str]) -> Quotas:
    """Spread warm-up panels as evenly as their number allows over lesion classes, and over generators.

    Parameters
    ----------
    n_real, n_synthetic : panels in all
    generators : sources of the synthetic ones
    """
    cells = [(source, lesion_class) for lesion_class in LESION_CLASSES for source in generators]
    quotas: dict[str, dict[LesionClass, int]] = {
        source: dict.fromkeys(LESION_CLASSES, 0) for source in (REAL, *generators)
    }
    for number in range(n_real):
        quotas[REAL][LESION_CLASSES[number % len(LESION_CLASSES)]] += 1
    for number in range(n_synthetic):
        source, lesion_class = cells[number % len(cells)]
        quotas[source][lesion_class] += 1
    return quotas


def _checked_quotas(raw: Mapping[str, Mapping[Any, Any]]) -> Quotas:
    """Parse the keys, refuse negative numbers, fill in zeros and freeze."""
    quotas: dict[str, Mapping[LesionClass, int]] = {}
    for name, per_class in raw.items():
        numbers = dict.fromkeys(LESION_CLASSES, 0)
        for class_name, n in per_class.items():
            if isinstance(n, bool) or not isinstance(n, int) or n < 0:
                raise InputError(
                    f"{n} panels of {name}, {class_name} cannot be drawn; give a whole number from 0 up."
                )
            numbers[parse_lesion_class(class_name)] = n
        quotas[parse_source(name)] = MappingProxyType(numbers)
    return MappingProxyType(quotas)


def _check_keys(real_key: str, synthetic_key: str, *, reserved: frozenset[str]) -> None:
    for name, key in (("real_key", real_key), ("synthetic_key", synthetic_key)):
        if len(key) != 1 or not key.isascii() or not key.isalpha() or not key.islower() or key in reserved:
            letters = ", ".join(sorted(key for key in reserved if key.isalpha()))
            raise InputError(
                f'The key "{key}" cannot be an answer; choose a small letter other than {letters}, which viewers use for something else.',
                field=name,
            )
    if real_key == synthetic_key:
        raise InputError(f'Both answers have the key "{real_key}"; give each its own.', field="synthetic_key")


def _plain(quotas: Quotas) -> dict[str, dict[str, int]]:
    return {
        source: {lesion_class.value: n for lesion_class, n in per_class.items()}
        for source, per_class in quotas.items()
    }
