"""How the readers of a study are listed: sorted, filtered and page by page, as the other lists of the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from generation.views.listing import Column, Filter, Listed, Listing, Wish
from readerstudy.models import Study
from readerstudy.selectors import monitoring
from readerstudy.selectors.monitoring import COUNTED, STATES, ReaderLine

READERS: Final = Listing(
    columns=(
        Column("reader", "Reader", ("reader",)),
        Column("group", "Group", ("group",)),
        Column("state", "State", ("state",)),
        Column("done", "Test trials", ("done",), is_number=True),
        Column("pace", "Pace", ("pace",), is_number=True),
        Column("seen", "Last seen", ("seen",)),
        Column("display", "Display", ("display",)),
        Column("timeouts", "Time-outs", ("timeouts",), is_number=True),
        Column("pauses", "Pauses", ("pauses",), is_number=True),
    ),
    filters=(Filter("group", "Group", "group"), Filter("state", "State", "state")),
    searched=("name", "pseudonym", "email"),
    sort="reader",
)


@dataclass(frozen=True, slots=True)
class ReaderList:
    """The readers of a study as an address asks for them.

    Attributes
    ----------
    listed : for the templates of lists
    everybody : a line of every reader, without what is counted of trials
    found : lines of all who fit, in their order, whatever page they are on
    """

    listed: Listed
    everybody: list[ReaderLine]
    found: list[ReaderLine]

    def shown(self, study: Study, *, now: datetime) -> list[ReaderLine]:
        """Lines of one page, with what is counted of their trials."""
        invitations = [line.invitation for line in self.listed.page]
        counted = {line.pseudonym: line for line in monitoring.of_readers(study, now=now, among=invitations)}
        return [counted[one.reader.pseudonym] for one in invitations]


def read(asked: Mapping[str, Any], study: Study, *, now: datetime) -> ReaderList:
    """Find the readers that an address asks for; trials of all are counted only where it sorts by them."""
    everybody = monitoring.at_a_glance(study, now=now)
    groups = sorted({line.group for line in everybody})
    states = {line.state for line in everybody}
    found: list[ReaderLine] = []

    def find(wish: Wish) -> list[ReaderLine]:
        lines = monitoring.of_readers(study, now=now) if wish.sort in COUNTED else everybody
        found.extend(
            monitoring.arranged(
                lines, sort=wish.sort, is_descending=wish.is_descending, words=wish.words, **wish.chosen
            )
        )
        return found

    offered = {
        "group": [(group, group) for group in groups],
        "state": [(state, title) for state, title in STATES.items() if state in states],
    }
    return ReaderList(READERS.arrange(asked, offered=offered, find=find), everybody, found)
