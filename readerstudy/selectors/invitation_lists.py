"""What would become of a list of readers: who is new, who is invited already, what is wrong with which line."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from readerstudy.core.invitation_csv import Line
from readerstudy.core.protocol import BY_READER
from readerstudy.models import Reader, Study


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One line of the list with what would become of it.

    Attributes
    ----------
    known_as : pseudonym of the reader it names already; empty for a new one
    faults : what has to be mended first
    """

    line: Line
    known_as: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole list: carried out if it has no fault."""

    lines: tuple[PlannedLine, ...]

    @property
    def faulty(self) -> list[PlannedLine]:
        return [one for one in self.lines if one.faults]

    @property
    def new(self) -> list[Line]:
        return [one.line for one in self.lines if not one.faults and not one.known_as]

    @property
    def known(self) -> list[PlannedLine]:
        return [one for one in self.lines if not one.faults and one.known_as]

    @property
    def n_without_address(self) -> int:
        return sum(not line.email for line in self.new)


def plan(study: Study, lines: Iterable[Line]) -> Plan:
    """Compare a list with the readers of a study; somebody who is there already is never invited twice."""
    readers = list(study.readers.filter(withdrawn_at=None))
    by_address = {reader.email.lower(): reader for reader in readers if reader.email}
    by_name = {_person(reader.name, reader.group): reader for reader in readers if not reader.email}
    seen: dict[str, int] = {}
    planned = []
    for line in lines:
        faults = [*line.faults, *_faults(study, line)]
        known = None
        who = line.email.lower() or _person(line.name, line.group)
        if not faults and who in seen:
            faults.append(
                f"Line {seen[who]} names the same {'address' if line.email else 'reader'}; drop one of them."
            )
        if not faults:
            known = by_address.get(line.email.lower()) if line.email else by_name.get(who)
            faults += _contradictions(line, known)
        seen.setdefault(who, line.number)
        planned.append(PlannedLine(line, known.pseudonym if known else "", tuple(faults)))
    return Plan(tuple(planned))


def _faults(study: Study, line: Line) -> list[str]:
    faults = []
    if line.email:
        try:
            validate_email(line.email)
        except ValidationError:
            faults.append(f'"{line.email}" is no e-mail address; correct it, or leave it empty.')
    language = study.rules.language
    if line.language and language not in {BY_READER, line.language}:
        faults.append(
            f'The study is held in "{language}", so "{line.language}" cannot be chosen; leave it empty.'
        )
    return faults


def _contradictions(line: Line, known: Reader | None) -> list[str]:
    """What a line says of somebody who is invited already and does not fit."""
    if known is None:
        return []
    if known.name.casefold() != line.name.casefold():
        return [
            f"{line.email} was invited as {known.pseudonym} under another name ({known.name}); correct the line."
        ]
    if known.group != line.group:
        return [
            f'{line.name} was invited as {known.pseudonym} in the group "{known.group}"; correct the line.'
        ]
    return []


def _person(name: str, group: str) -> str:
    return f"{name.casefold()} / {group}"
