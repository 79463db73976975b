"""The readings in the input format of iMRMC, for whoever wants to analyse them with other software."""

import re
from collections.abc import Iterator
from typing import Final

from evaluation.core.readings import Reading, Readings
from generation.core.errors import InputError
from generation.core.labels import REAL

TRUTH: Final = "-1"  # in place of a reader: the row tells the truth of a case
NO_MODALITY: Final = "0"
_UNSAFE: Final = re.compile(r"[,\s;]")


def imrmc_lines(readings: Readings) -> Iterator[str]:
    """Write the first readings line by line: generators as modalities, the reals read under each of them.

    A case is diseased when it is synthetic. The score is the confidence that a panel is synthetic, 1 .. 2k for k levels;
    where the study asked for no confidence, 0 for "real" and 1 for "fake". Reals are judged once and belong to every
    generator's comparison, so that their rows are repeated under each modality: the two comparisons share readers and
    reals, and the variance analysis has to know.

    Raises
    ------
    InputError
        If there is no generator or no real, or a name holds what the format cannot carry.

    Source: iMRMC user manual, section 4.1.1 (study raw data).
    """
    reals, generators = readings.cases_of(REAL), readings.generators
    if not reals or not generators:
        raise InputError(
            "iMRMC compares synthetic with real panels, but the trials hold only one kind; give both."
        )
    yield "Blinded reader study of real and synthetic panels; a case counts as diseased when it is synthetic.\r\n"
    yield f"N0: {len(reals)}\r\n"
    yield f"N1: {len(readings.cases) - len(reals)}\r\n"
    yield f"NR: {len(readings.readers)}\r\n"
    yield f"NM: {len(generators)}\r\n"
    yield "BEGIN DATA:\r\n"
    for case in readings.cases:
        yield _line(TRUTH, case, NO_MODALITY, int(readings.origin_of[case] != REAL))
    for reader in readings.readers:
        for generator in generators:
            for origin in (REAL, generator):
                for given in readings.answered(reader.name, origin):
                    yield _line(reader.name, given.case, generator, _score(given, readings.n_levels))


def _score(given: Reading, n_levels: int | None) -> int:
    if n_levels is None:
        return int(given.answer != REAL)
    if given.score is None:
        raise InputError(
            f'The answer to case "{given.case}" has no confidence though others have; complete it or leave all empty.'
        )
    return given.score


def _line(reader: str, case: str, modality: str, value: int) -> str:
    for name in (reader, case, modality):
        if _UNSAFE.search(name):
            raise InputError(
                f'The name "{name}" holds a comma, semicolon or space, which iMRMC cannot read; rename it.'
            )
    return f"{reader},{case},{modality},{value}\r\n"
