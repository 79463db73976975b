"""What a reader says of one panel, as it arrives: read, limited, and checked against the rules of its study."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from readerstudy.core import viewer_log
from readerstudy.core.conduct import MAX_COMMENT_LENGTH
from readerstudy.core.errors import Refused
from readerstudy.core.protocol import Protocol

REAL: Final = "real"
FAKE: Final = "fake"
ANSWERS: Final = (REAL, FAKE)
_DAY_MS: Final = 24 * 60 * 60 * 1000
_MAX_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer and how it came about.

    Attributes
    ----------
    answer : `real`, `fake`, or "" where time was up, or where a panel is only looked at
    is_timeout : the time limit ended the panel
    confidence : level, where the study asks for one
    comment : one line
    rt_ms : from the first paint to the answer, less the time hidden or out of focus; None without JavaScript
    hidden_ms, n_hidden : how long and how often the panel was hidden or out of focus meanwhile
    waited_ms : from the answer to its departure, while the network was away
    viewer : what was done with the viewer
    """

    answer: str = ""
    is_timeout: bool = False
    confidence: int | None = None
    comment: str = ""
    rt_ms: int | None = None
    hidden_ms: int | None = None
    n_hidden: int | None = None
    waited_ms: int | None = None
    viewer: dict[str, float] | None = None

    @property
    def verdict(self) -> tuple[str, bool, int | None]:
        """What makes two judgements the same answer."""
        return self.answer, self.is_timeout, self.confidence


def from_json(data: Mapping[str, Any]) -> Judgement:
    """Read an answer that a script sent.

    A number of a clock or a counter that cannot be true counts as not known: no answer is lost for it.

    Raises
    ------
    Refused
        If a value is of the wrong type.
    """
    answer, comment = data.get("answer", ""), data.get("comment") or ""
    is_timeout, confidence = data.get("is_timeout") or False, data.get("confidence")
    if not isinstance(answer, str) or not isinstance(comment, str) or not isinstance(is_timeout, bool):
        raise Refused("The answer has a value of the wrong type; load the page again.")
    if confidence is not None and (isinstance(confidence, bool) or not isinstance(confidence, int)):
        raise Refused("The confidence is {value}; give a whole number or nothing.", value=repr(confidence))
    return Judgement(
        answer=answer,
        is_timeout=is_timeout,
        confidence=confidence,
        comment=_one_line(comment),
        viewer=viewer_log.known(data.get("viewer")),
        **_counts(data),
    )


def from_form(data: Mapping[str, str]) -> Judgement:
    """Read an answer that a form sent; what is not a number counts as not given."""
    return Judgement(
        answer=data.get("answer", ""),
        confidence=_number(data.get("confidence", "")),
        comment=_one_line(data.get("comment", "")),
        viewer=viewer_log.parse(data.get("viewer", "")),
        **_counts({name: _number(data.get(name, "")) for name in _Counts.__annotations__}),
    )


def check(judgement: Judgement, protocol: Protocol, *, is_limited: bool) -> None:
    """Refuse an answer that the study does not allow.

    Parameters
    ----------
    judgement : what arrived
    protocol : of the study
    is_limited : whether the time limit holds: in the test it does, in the warm-up it does not

    Raises
    ------
    Refused
        One sentence saying what to do.
    """
    conduct, levels = protocol.conduct, protocol.confidence_levels
    if judgement.comment and not conduct.comment:
        raise Refused("This study takes no comments; answer without one.")
    if len(judgement.comment) > MAX_COMMENT_LENGTH:
        raise Refused(
            "The comment has {n} characters; write at most {most}.",
            n=len(judgement.comment),
            most=MAX_COMMENT_LENGTH,
        )
    if judgement.is_timeout:
        if not conduct.time_limit_seconds or not is_limited or judgement.answer:
            raise Refused("This panel has no time limit; choose Real or Synthetic.")
        if judgement.confidence is not None:
            raise Refused("Where time was up there is no confidence; send none.")
        return
    if judgement.answer not in ANSWERS:
        raise Refused("Choose Real or Synthetic.")
    if levels and (judgement.confidence is None or not 1 <= judgement.confidence <= levels):
        raise Refused("Say how sure you are, from 1 to {n}, then choose Real or Synthetic.", n=levels)
    if not levels and judgement.confidence is not None:
        raise Refused("This study does not ask how sure you are; choose Real or Synthetic only.")


def check_viewing(judgement: Judgement, protocol: Protocol, *, ms_since_served: float) -> None:
    """Refuse to go on from a panel before it was on the screen for the least time that the study sets.

    Parameters
    ----------
    ms_since_served : by the server's clock; counts where the browser measured nothing, unless it is negative: then the
        clock was set back meanwhile and tells nothing

    Raises
    ------
    Refused
        If it is too early.
    """
    least = protocol.conduct.min_viewing_seconds
    if not least or judgement.is_timeout:
        return
    measured = judgement.rt_ms
    shown_ms = ms_since_served if measured is None else measured + (judgement.hidden_ms or 0)
    if 0 <= shown_ms < 1000 * least:
        raise Refused("Look at each panel for at least {n} s; then answer.", n=least)


def _one_line(text: str) -> str:
    """A comment as one line without control characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


class _Counts(TypedDict):
    rt_ms: int | None
    hidden_ms: int | None
    n_hidden: int | None
    waited_ms: int | None


def _counts(data: Mapping[str, Any]) -> _Counts:
    """The numbers of clocks and counters, each within what can be true."""
    return _Counts(
        rt_ms=_count(data.get("rt_ms"), _DAY_MS),
        hidden_ms=_count(data.get("hidden_ms"), 7 * _DAY_MS),
        n_hidden=_count(data.get("n_hidden"), 100_000),
        waited_ms=_count(data.get("waited_ms"), 365 * _DAY_MS),
    )


def _count(value: object, largest: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
        return None
    return value


def _number(text: str) -> int | None:
    """A number that a form sent; anything else counts as not given."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None
