"""Every door through which files or text from outside come in.

A door has valid samples, a way to spoil them, and a function that lets the product take the result. That function
returns where the input was taken, raises InputError with the sentence of a refusal, and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz import spoiling
from tests.fuzz.tree import Tree

SAID_NAME = "Zweigelt"  # stands in names and headers of the samples; no sentence may repeat it


@dataclass(frozen=True)
class Door:
    """One way in.

    Attributes
    ----------
    name : in the table of a run
    share : inputs of a run of 100,000
    samples : valid inputs
    enter : let the product take a folder; the second one stands for the data folder
    spoil : make an input of a sample
    is_typed : whoever brings the file typed its path on a command line, so a sentence may repeat the path
    is_kept_clean : a refusal leaves nothing in the data folder
    """

    name: str
    share: int
    samples: Callable[[], Sequence[Tree]]
    enter: Callable[[Path, Path], object]
    spoil: Callable[[Tree, Random], Tree] = spoiling.spoil
    is_typed: bool = False
    is_kept_clean: bool = True


def all_doors(*, with_database: bool = True) -> dict[str, Door]:
    """Doors by name; those that go through jobs and pages need a database."""
    from tests.fuzz.doors import networks, patches, scans, tables

    found = [*tables.DOORS, *patches.DOORS, *scans.DOORS, *networks.DOORS]
    if with_database:
        from tests.fuzz.doors import pages

        found += pages.DOORS
    return {door.name: door for door in found}
