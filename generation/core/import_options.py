"""What may be chosen about an import; nothing here reads a scan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from generation.core.errors import InputError

N_FRAMES_OF_DYNAMIC: Final = 5


class PhaseRule(StrEnum):
    """By which tag phases are told apart, in the order in which the rules are tried."""

    TEMPORAL_POSITION = "temporal-position"
    TRIGGER = "trigger-time"
    CONTENT = "content-time"
    ACQUISITION = "acquisition-time"
    ACQUISITION_NUMBER = "acquisition-number"
    SERIES_NUMBER = "series-number"
    INSTANCE_BLOCKS = "instance-number"


RULE_WORDS: Final = {
    PhaseRule.TEMPORAL_POSITION: "temporal position (0020,0100)",
    PhaseRule.TRIGGER: "trigger time (0018,1060)",
    PhaseRule.CONTENT: "content time (0008,0033)",
    PhaseRule.ACQUISITION: "acquisition time (0008,0032)",
    PhaseRule.ACQUISITION_NUMBER: "acquisition number (0020,0012)",
    PhaseRule.SERIES_NUMBER: "series number (0020,0011)",
    PhaseRule.INSTANCE_BLOCKS: "blocks of instance numbers (0020,0013)",
}


@dataclass(frozen=True)
class ImportOptions:
    """Options of an import; the defaults decide nothing that the files do not say.

    Attributes
    ----------
    key : secret of this instance; pseudonyms of DICOM patients are keyed hashes
    without_t2 : import a cohort that has no T2; its T2 frame is black in every patch
    keep_ids : keep PatientID as pseudonym where the files say that identity was removed
    phase_rule : tell DICOM phases apart by this tag; None tries all in order
    phases : five phases in the order of acquisition, counted from 0; None chooses by time
    """

    key: bytes = field(default=b"", repr=False)
    without_t2: bool = False
    keep_ids: bool = False
    phase_rule: PhaseRule | None = None
    phases: tuple[int, ...] | None = None

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, key: bytes = b"") -> Self:
        """Read options as a row stores them or a command line gives them; what is not named keeps its default.

        Raises
        ------
        InputError
            If a phase rule is unknown or the phases are no five numbers.
        """
        return cls(
            key=key,
            without_t2=bool(values.get("without_t2")),
            keep_ids=bool(values.get("keep_ids")),
            phase_rule=parse_phase_rule(str(values["phase_rule"])) if values.get("phase_rule") else None,
            phases=parse_phases(str(values["phases"])) if values.get("phases") else None,
        )

    def as_dict(self) -> dict[str, bool | str]:
        """Values that JSON can hold, without the key; only what was chosen."""
        chosen: dict[str, bool | str] = {
            "without_t2": self.without_t2,
            "keep_ids": self.keep_ids,
            "phase_rule": self.phase_rule.value if self.phase_rule else "",
            "phases": ",".join(map(str, self.phases)) if self.phases else "",
        }
        return {name: value for name, value in chosen.items() if value}


def parse_phase_rule(text: str) -> PhaseRule:
    """Read the name of a phase rule.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    try:
        return PhaseRule(text)
    except ValueError:
        raise InputError(f"There is no such phase rule; write one of {', '.join(PhaseRule)}.") from None


def parse_phases(text: str) -> tuple[int, ...]:
    """Read five phase numbers, for instance 0,1,2,3,4.

    Raises
    ------
    InputError
        If they are not five ascending whole numbers.
    """
    try:
        phases = tuple(int(part) for part in text.split(","))
    except ValueError:
        phases = ()
    if len(phases) != N_FRAMES_OF_DYNAMIC or list(phases) != sorted(set(phases)) or phases[0] < 0:
        raise InputError(
            "Phases are five different whole numbers in ascending order, counted from 0; write for instance 0,1,2,3,4."
        )
    return phases
