"""Read a frozen study and its sessions afresh, and compare them with what was frozen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.frame_set import FrameSet, paper_json
from readerstudy.core import randomization, refresher
from readerstudy.core.fingerprint import CaseTruth
from readerstudy.core.protocol import Protocol
from readerstudy.core.randomization import Extras
from readerstudy.core.session_state import Phase, Role
from readerstudy.core.verification import (
    FrozenCase,
    Place,
    SessionOrder,
    StoredStudy,
    Verification,
    verify,
)
from readerstudy.models import Case, ReadingSession, Study
from readerstudy.selectors import pixels, pools, rules

N_AXES = 4  # case, frame, row, column


def verification(study: Study) -> Verification:
    """What differs between a study as it was frozen and as it is stored now."""
    rules.check_can_verify(study)
    cases = list(study.cases.select_related("patch_set").order_by("public_id"))
    frame_set = _frames(study)
    stored = StoredStudy(
        protocol=study.protocol,
        rules=_rules(study),
        logged_protocol=_logged(
            study, "protocol", ("study.created", "study.made_as_amendment", "study.revised", "study.frozen")
        ),
        cases=[_frozen(case) for case in cases],
        pixels=_pixels(pixels.file_of(study), frame_set),
        fingerprint=study.fingerprint,
        logged_fingerprint=_logged(study, "fingerprint", ("study.frozen",)) or "",
        frame_set=frame_set,
        logged_frame_set=_logged(study, "frame_set", ("study.frozen",)) or paper_json(),
    )
    return verify(stored, _orders(study, cases, stored.rules))


def _rules(study: Study) -> Protocol | None:
    try:
        return study.rules
    except (InputError, TypeError, AttributeError):  # whatever a changed row may hold
        return None


def _frames(study: Study) -> FrameSet | None:
    try:
        return study.frames
    except InputError:
        return None


def _logged(study: Study, name: str, verbs: tuple[str, ...]) -> Any:
    """What the audit log last recorded under a name."""
    events = study.audit_events.filter(verb__in=verbs).order_by("-at", "-pk")
    return next((event.data[name] for event in events if name in event.data), None)


def _frozen(case: Case) -> FrozenCase:
    source = lesion_class = ""
    if not case.is_check:  # made from its patch, which it does not resemble any more
        source, lesion_class = _drawn_from(case)
    return FrozenCase(
        truth=CaseTruth(case.public_id, case.phase, case.source, case.lesion_class),
        is_check=case.is_check,
        pixel_index=case.pixel_index,
        pixels_sha256=case.pixels_sha256,
        patch_source=source,
        patch_class=lesion_class,
    )


def _drawn_from(case: Case) -> tuple[str, str]:
    """Source and class of the patch that a case was drawn from; empty where its folder is gone."""
    try:
        rows = pools.opened(case.patch_set).rows
        return case.patch_set.source, rows[case.patch_index].lesion_class.value
    except (InputError, OSError, IndexError):
        return "", ""


def _pixels(path: Path, frame_set: FrameSet | None) -> NDArray[np.int16] | None:
    """The file of this moment, whatever a process has mapped before."""
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    has_frames = frame_set is None or found.shape[1:] == frame_set.shape
    return found if found.dtype == np.int16 and found.ndim == N_AXES and has_frames else None


def _orders(study: Study, cases: list[Case], protocol: Protocol | None) -> Iterator[SessionOrder]:
    sessions = ReadingSession.objects.filter(invitation__reader__study=study)
    for session in sessions.select_related("invitation__reader").order_by("invitation__reader__pseudonym"):
        rows = session.trials.values_list("phase", "position", "case__public_id", "role")
        stored = tuple(Place(*row) for row in rows)
        computed: tuple[Place, ...] = ()
        failure = "" if protocol else "the protocol cannot be read."
        if protocol:
            n_refreshed = sum(place.role == Role.REFRESHER for place in stored)
            try:
                computed = tuple(_computed(session, cases, protocol, n_refreshed))
            except InputError as error:
                failure = str(error)
        yield SessionOrder(session.reader.pseudonym, stored, computed, failure)


def _computed(
    session: ReadingSession, cases: list[Case], protocol: Protocol, n_refreshed: int
) -> Iterator[Place]:
    """Every place of a session as its seed gives it, with as many refresher panels as there were."""
    conduct = protocol.conduct
    for phase in Phase:
        own = [case for case in cases if case.phase == phase]
        strata = {case.public_id: (case.source, case.lesion_class) for case in own if not case.is_check}
        extras = Extras()
        if phase is Phase.TEST:
            checks = tuple(case.public_id for case in own if case.is_check)
            extras = Extras(conduct.n_repeats, conduct.repeat_distance, checks)
        places = randomization.sequence(session.seed, strata, extras, algorithm=session.algorithm)
        for position, place in enumerate(places, start=1):
            yield Place(phase, position, place.case_id, place.role)
        if phase is Phase.WARM_UP and n_refreshed:
            yield from _refreshed(session.seed, list(strata), protocol, n_refreshed)


def _refreshed(seed: int, case_ids: list[str], protocol: Protocol, n_refreshed: int) -> Iterator[Place]:
    """The panels of all refreshers, behind those of the warm-up."""
    n = refresher.n_panels(protocol)
    n_refreshers = -(-n_refreshed // n) if n else 0
    chosen = (
        case_id
        for number in range(1, n_refreshers + 1)
        for case_id in refresher.choose(seed, case_ids, number=number, n=n)
    )
    for position, case_id in enumerate(chosen, start=len(case_ids) + 1):
        yield Place(Phase.WARM_UP, position, case_id, Role.REFRESHER)
