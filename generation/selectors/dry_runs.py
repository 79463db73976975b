"""Read what a look at a folder found."""

from dataclasses import dataclass
from typing import Any

from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.models import DryRun


@dataclass(frozen=True)
class PhaseLine:
    """One frame of the dynamic: when it was acquired, and when the vendor's description says so."""

    frame: str
    seconds: float | None
    stated: float | None


@dataclass(frozen=True)
class Finding:
    """One patient of a look, as its page shows it."""

    facts: dict[str, Any]
    phases: tuple[PhaseLine, ...]  # empty where no time is known

    @property
    def has_automatic_lesion(self) -> bool:
        return any(lesion["origin"] == "automatic" for lesion in self.facts.get("lesions", ()))


@dataclass(frozen=True)
class Summary:
    """How many patients of a look are what."""

    n_patients: int
    n_good: int
    n_lesions: int
    n_unknown: int  # nothing says where lesions are
    n_automatic: int  # have a lesion that was placed automatically
    n_without_t2: int
    n_breast_masks: int


def findings(look: DryRun) -> list[Finding]:
    """Patients, those that cannot be imported first."""
    ordered = sorted(look.findings, key=lambda one: not one["error"])
    return [Finding(one, _phases(one)) for one in ordered]


def summary(look: DryRun) -> Summary:
    """Counts over all patients of a look."""
    found = findings(look)
    good = [one.facts for one in found if not one.facts["error"]]
    return Summary(
        n_patients=len(found),
        n_good=len(good),
        n_lesions=sum(len(one["lesions"]) for one in good),
        n_unknown=sum(not one["lesions_known"] for one in good),
        n_automatic=sum(one.has_automatic_lesion for one in found),
        n_without_t2=sum(not one["has_t2"] for one in good),
        n_breast_masks=sum(bool(one.get("has_breast_mask")) for one in good),
    )


def _phases(facts: dict[str, Any]) -> tuple[PhaseLine, ...]:
    seconds, stated = facts.get("phase_seconds"), facts.get("stated_seconds")
    if not seconds and not stated:
        return ()
    nothing = [None] * len(SCANNED_FRAMES[DYNAMIC])
    rows = zip(SCANNED_FRAMES[DYNAMIC], seconds or nothing, stated or nothing, strict=True)
    return tuple(PhaseLine(*row) for row in rows)
