"""Whether a frozen study is still the one that was frozen, and what differs by name.

Every check compares what is stored with what follows from something else that is stored: a case with its digest, the
cases with the protocol, the order of a session with its seed, the protocol with the audit log, all with the fingerprint.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frame_set import PAPER, FrameSet
from generation.core.labels import LESION_CLASSES, LesionClass
from readerstudy.core.fingerprint import CaseTruth, patch_sha256, study_fingerprint
from readerstudy.core.names import source_title
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import Phase

PROTOCOL: Final = "protocol"
QUOTA: Final = "quota"
PIXELS: Final = "pixels"
ORIGIN: Final = "origin"
ORDER: Final = "order"
FINGERPRINT: Final = "fingerprint"
KINDS: Final = (FINGERPRINT, PROTOCOL, QUOTA, PIXELS, ORIGIN, ORDER)
_ABSENT: Final = "nothing"
_PHASE_WORDS: Final = {Phase.WARM_UP: "warm-up", Phase.TEST: "test"}


@dataclass(frozen=True, slots=True)
class FrozenCase:
    """A case as it is stored.

    Attributes
    ----------
    truth : id, phase, source and class
    is_check : an attention check, which no quota counts
    pixel_index : its place in the array of all patches
    pixels_sha256 : of its pixels at freezing; "" where that was not stored
    patch_source, patch_class : of the patch it was drawn from, as the patch set tells them now; "" where it cannot
    """

    truth: CaseTruth
    is_check: bool
    pixel_index: int
    pixels_sha256: str
    patch_source: str = ""
    patch_class: str = ""


@dataclass(frozen=True, slots=True)
class StoredStudy:
    """Everything that freezing fixed, as it is stored now.

    Attributes
    ----------
    protocol : as plain data
    rules : the same, read; None where it cannot be read any more
    logged_protocol : as the audit log recorded it when it was last written; None where it did not
    cases : in the order of their public ids
    pixels : (N, frames, height, width) int16, in the same order; None where the file is missing or damaged
    fingerprint : of the study
    logged_fingerprint : in the audit log, from freezing; "" where it is not there
    frame_set : what the frames are; None where that cannot be read any more
    logged_frame_set : the same as plain data, as the audit log recorded it at freezing
    """

    protocol: Mapping[str, Any]
    rules: Protocol | None
    logged_protocol: Mapping[str, Any] | None
    cases: Sequence[FrozenCase]
    pixels: NDArray[np.int16] | None
    fingerprint: str
    logged_fingerprint: str
    frame_set: FrameSet | None = PAPER
    logged_frame_set: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One trial of a session: where it stands and what is there."""

    phase: str
    position: int
    case_id: str
    role: str


@dataclass(frozen=True, slots=True)
class SessionOrder:
    """The order of one reader's session, stored and computed again from its seed.

    Attributes
    ----------
    failure : why no order can be computed; empty where it can
    """

    reader: str
    stored: tuple[Place, ...]
    computed: tuple[Place, ...]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was frozen; its sentence names it and never tells the truth of a case."""

    kind: str
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared, and what differs.

    Attributes
    ----------
    fingerprint : computed again; "" where the pixels could not be read
    """

    n_cases: int
    n_sessions: int
    n_trials: int
    fingerprint: str
    differences: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Plain data for a machine."""
        return {"is_same": self.is_same} | asdict(self)


def protocol_differences(stored: Mapping[str, Any], logged: Mapping[str, Any]) -> Iterator[Difference]:
    """Compare the protocol with the one that the audit log recorded when it was last written.

    Parameters
    ----------
    stored, logged : protocols as plain data
    """
    now, then = dict(_flat(stored)), dict(_flat(logged))
    for name in sorted(now.keys() | then.keys()):
        if now.get(name, _ABSENT) != then.get(name, _ABSENT):
            yield Difference(
                PROTOCOL,
                name,
                f"The protocol has {_shown(now.get(name, _ABSENT))} at {name}; the audit log recorded "
                f"{_shown(then.get(name, _ABSENT))}.",
            )


def quota_differences(protocol: Protocol, cases: Iterable[FrozenCase]) -> Iterator[Difference]:
    """Count the cases of each phase, source and class against the quotas, and the attention checks."""
    listed = list(cases)
    found = Counter(
        (case.truth.phase, case.truth.source, case.truth.lesion_class) for case in listed if not case.is_check
    )
    planned = {
        (phase.value, source, lesion_class.value): n
        for phase in Phase
        for source, per_class in protocol.quotas(phase).items()
        for lesion_class, n in per_class.items()
    }
    for phase, source, lesion_class in sorted(planned.keys() | found.keys()):
        n_planned, n_found = planned.get((phase, source, lesion_class), 0), found[phase, source, lesion_class]
        if n_planned != n_found:
            yield Difference(
                QUOTA,
                f"{phase}.{source}.{lesion_class}",
                f"The {_PHASE_WORDS[Phase(phase)]} has {n_found} {_class_words(lesion_class)} cases of "
                f"{source_title(source)}, but the protocol asks for {n_planned}.",
            )
    n_checks = sum(case.is_check for case in listed)
    if n_checks != protocol.conduct.n_checks:
        yield Difference(
            QUOTA,
            "conduct.n_checks",
            f"The test has {n_checks} attention checks, but the protocol asks for {protocol.conduct.n_checks}.",
        )


def pixel_differences(cases: Iterable[FrozenCase], pixels: NDArray[np.int16]) -> Iterator[Difference]:
    """Compare the pixels of every case with the digest that was stored when the study was frozen.

    Parameters
    ----------
    cases : in any order
    pixels : (N, frames, height, width) int16
    """
    for case in cases:
        case_id = case.truth.public_id
        if case.pixel_index >= len(pixels):
            yield Difference(
                PIXELS,
                case_id,
                f"Case {case_id} has no pixels: the file holds {len(pixels)} patches, its own would be number "
                f"{case.pixel_index + 1}.",
            )
        elif case.pixels_sha256 and patch_sha256(pixels[case.pixel_index]) != case.pixels_sha256:
            yield Difference(
                PIXELS,
                case_id,
                f"The pixels of case {case_id} are not those that were frozen (patch {case.pixel_index + 1} of the file).",
            )


def origin_differences(cases: Iterable[FrozenCase]) -> Iterator[Difference]:
    """Compare source and class of every case with the patch that it was drawn from."""
    for case in cases:
        case_id = case.truth.public_id
        for what, stored, drawn in (
            ("source", case.truth.source, case.patch_source),
            ("lesion class", case.truth.lesion_class, case.patch_class),
        ):
            if drawn and stored != drawn:
                yield Difference(
                    ORIGIN,
                    case_id,
                    f"The {what} stored with case {case_id} is not that of the patch it was drawn from.",
                )


def order_differences(order: SessionOrder) -> Iterator[Difference]:
    """Compare a session's trials with the order that its seed gives, place by place."""
    if order.failure:
        yield Difference(
            ORDER, order.reader, f"The order of {order.reader} cannot be computed: {order.failure}"
        )
        return
    stored = {(place.phase, place.position): place for place in order.stored}
    computed = {(place.phase, place.position): place for place in order.computed}
    for phase, position in sorted(
        stored.keys() | computed.keys(), key=lambda key: (key[0] != Phase.WARM_UP, key)
    ):
        there, expected = stored.get((phase, position)), computed.get((phase, position))
        if there == expected:
            continue
        where = f"Position {position} of the {_PHASE_WORDS[Phase(phase)]} of {order.reader}"
        if there is None or expected is None:
            sentence = (
                f"{where} is missing; the seed gives case {_case(expected)} there."
                if there is None
                else f"{where} holds case {_case(there)}, where the seed gives no panel."
            )
        else:
            sentence = f"{where} holds case {_case(there)}; the seed gives case {_case(expected)} there."
        yield Difference(ORDER, f"{order.reader} {phase} {position}", sentence)


def fingerprint_differences(computed: str, stored: str, logged: str) -> Iterator[Difference]:
    """Compare the fingerprint computed again with the one of the study and the one in the audit log.

    Parameters
    ----------
    computed : "" where it could not be computed
    stored : of the study
    logged : in the audit log, from freezing; "" where it is not there
    """
    if computed and computed != stored:
        yield Difference(
            FINGERPRINT,
            "study",
            f"Protocol and cases give the fingerprint {computed}; the study was frozen with {stored}.",
        )
    if logged and logged != stored:
        yield Difference(
            FINGERPRINT,
            "audit log",
            f"The study has the fingerprint {stored}; the audit log recorded {logged} at freezing.",
        )


def verify(study: StoredStudy, orders: Iterable[SessionOrder]) -> Verification:
    """Compare everything that freezing fixed, and the order of every session, with what is stored now."""
    sessions = list(orders)
    computed, found = _computed_fingerprint(study)
    found += fingerprint_differences(computed, study.fingerprint, study.logged_fingerprint)
    if study.rules is None:
        found.append(Difference(PROTOCOL, "study", "The stored protocol cannot be read any more."))
    else:
        found += quota_differences(study.rules, study.cases)
    if study.logged_protocol is not None:
        found += protocol_differences(study.protocol, study.logged_protocol)
    if study.frame_set is None:
        found.append(
            Difference(PROTOCOL, "frames", "What the frames of the study are cannot be read any more.")
        )
    elif study.logged_frame_set is not None:
        found += protocol_differences(
            {"frame_set": study.frame_set.to_json()}, {"frame_set": study.logged_frame_set}
        )
    if study.pixels is not None:
        found += pixel_differences(study.cases, study.pixels)
    found += origin_differences(study.cases)
    for order in sessions:
        found += order_differences(order)
    return Verification(
        n_cases=len(study.cases),
        n_sessions=len(sessions),
        n_trials=sum(len(order.stored) for order in sessions),
        fingerprint=computed,
        differences=tuple(sorted(found, key=lambda difference: KINDS.index(difference.kind))),
    )


def _computed_fingerprint(study: StoredStudy) -> tuple[str, list[Difference]]:
    """The fingerprint of what is stored; "" with what is wrong where there is not one patch per case."""
    if study.pixels is None:
        sentence = "The file with the pixels of the cases is missing or damaged."
    elif len(study.pixels) != len(study.cases):
        sentence = (
            f"The file holds the pixels of {len(study.pixels)} cases; the study has {len(study.cases)}."
        )
    else:
        truths = (case.truth for case in study.cases)
        frame_set = study.frame_set or PAPER
        return study_fingerprint(study.protocol, truths, study.pixels, frame_set=frame_set), []
    return "", [Difference(PIXELS, "file", sentence)]


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of nested plain data under its dotted name."""
    for name, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _shown(value: object, longest: int = 80) -> str:
    text = str(value)
    return text if len(text) <= longest else f"{text[:longest]}…"


def _class_words(name: str) -> str:
    return LesionClass(name).words if name in set(LESION_CLASSES) else name


def _case(place: Place | None) -> str:
    """A case with its role, where that is not the plain one."""
    if place is None:
        return "none"
    return place.case_id if place.role == "first" else f"{place.case_id} ({place.role})"
