"""Families of tests: the Holm-adjusted p of every member, told in the note of its record."""

from collections.abc import Sequence
from dataclasses import replace

from evaluation.core.estimate_records import holm_note
from evaluation.core.multiplicity import holm
from evaluation.core.records import Record


def adjusted(records: Sequence[Record], family: str) -> list[Record]:
    """Add to the note of each record its p adjusted within the family; the raw p stays where it is.

    Parameters
    ----------
    records : one family of tests, declared by what is compared and not by what was found
    family : what they are, as in "pairs of readers"; the number of tests is put before it

    Source: Holm 1979, Scand J Stat 6:65-70.
    """
    n_tests = sum(record.p is not None for record in records)
    if n_tests < 2:
        return list(records)
    together = f"{n_tests} {family}"
    return [
        replace(record, note="; ".join(filter(None, (holm_note(p, together), record.note))))
        for record, p in zip(records, holm([record.p for record in records]), strict=True)
    ]
