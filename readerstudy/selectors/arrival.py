"""What readers did before the first panel; nothing here knows an answer to a panel."""

from collections.abc import Iterator

from readerstudy.core import arrival_steps, display_check
from readerstudy.core.arrival_steps import ArrivalStep
from readerstudy.core.display_check import DisplayCheck
from readerstudy.core.reader_csv import ReaderRow
from readerstudy.core.session_state import SessionState
from readerstudy.models import Reader, ReadingSession, Study

_CHUNK = 500


def next_step(session: ReadingSession, *, is_display_checked: bool) -> ArrivalStep | None:
    """The step that a browser comes to first; the display counts as checked only where it was checked in this browser."""
    if session.state == SessionState.FINISHED:
        return None
    done = {
        ArrivalStep.CONSENT: session.consented_at is not None,
        ArrivalStep.EXPERTISE: session.expertise is not None,
        ArrivalStep.DISPLAY: is_display_checked,
        ArrivalStep.INSTRUCTIONS: session.state != SessionState.ARRIVED,
    }
    return arrival_steps.next_step(
        session.study.rules.arrival, [step for step, is_done in done.items() if is_done]
    )


def checks_of(session: ReadingSession) -> list[DisplayCheck]:
    """The display checks of a session, latest first."""
    return [display_check.from_json(data) for data in session.display or []]


def rows(study: Study) -> Iterator[ReaderRow]:
    """Every reader of a study by pseudonym: consent, expertise, display; names and results never leave."""
    readers = Reader.objects.filter(study=study).select_related("invitation__session").order_by("pseudonym")
    for reader in readers.iterator(chunk_size=_CHUNK):
        session = getattr(getattr(reader, "invitation", None), "session", None)
        yield ReaderRow(
            reader=reader.pseudonym,
            group=reader.group,
            consented_at=session.consented_at if session else None,
            instructions_left_at=session.practised_at if session else None,
            expertise=(session.expertise or {}) if session else {},
            checks=checks_of(session) if session else [],
            withdrawn_at=reader.withdrawn_at,
        )


def labels(study: Study) -> list[str]:
    """The questions about expertise, in the order asked."""
    return [question.label for question in study.rules.arrival.questions]
