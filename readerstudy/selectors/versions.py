"""The versions of a study: an amendment is a study of its own that names the one it amends."""

from dataclasses import dataclass
from typing import Any

from readerstudy.core.amendment import Change
from readerstudy.core.amendment import changes as changes_between
from readerstudy.models import Study


@dataclass(frozen=True, slots=True)
class Version:
    """One study of a chain.

    Attributes
    ----------
    changes : against the version before; empty for the first
    superseded_by : number of the version that was frozen after it; None while there is none
    """

    study: Study
    changes: tuple[Change, ...]
    superseded_by: int | None

    @property
    def status(self) -> str:
        """The status in words."""
        if self.superseded_by is None:
            return str(self.study.status)
        return f"superseded by version {self.superseded_by}, {self.study.status}"


def chain(study: Study) -> list[Version]:
    """Every version of a study, the first one first."""
    found = [study]
    while found[0].amends is not None:
        found.insert(0, found[0].amends)
    while (later := next_version(found[-1])) is not None:
        found.append(later)
    return [Version(one, changes(one), _superseded_by(one)) for one in found]


def next_version(study: Study) -> Study | None:
    """The amendment of a study, a draft included."""
    return Study.objects.filter(amends=study).first()


def of_study(study: Study) -> Version:
    """A study as a version."""
    return Version(study, changes(study), _superseded_by(study))


def changes(study: Study) -> tuple[Change, ...]:
    """What a study changed against the one it amends; empty for a first version."""
    if study.amends is None:
        return ()
    return changes_between(
        {**study.amends.protocol, "frame_set": study.amends.frame_set},
        {**study.protocol, "frame_set": study.frame_set},
        old_pools=_pools(study.amends),
        new_pools=_pools(study),
    )


def to_json(version: Version) -> dict[str, Any]:
    """A version as plain data for study.json."""
    study = version.study
    return {
        "version": study.version,
        "study": study.slug,
        "status": version.status,
        "created_at": study.created_at.isoformat(),
        "frozen_at": study.frozen_at.isoformat() if study.frozen_at else None,
        "fingerprint_sha256": study.fingerprint,
        "amends": study.amends.slug if study.amends else None,
        "reason": study.amendment_reason,
        "changes": [change.to_json() for change in version.changes],
    }


def _superseded_by(study: Study) -> int | None:
    later = next_version(study)
    return later.version if later is not None and later.status != Study.Status.DRAFT else None


def _pools(study: Study) -> dict[str, str]:
    """Name of the pool of each source of the protocol; a pool that offers nothing to it is not told."""
    return {
        pool.source: pool.name
        for pool in study.pools.select_related("patch_set").order_by("patch_set__source")
    }
