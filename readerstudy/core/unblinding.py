"""Early unblinding: results were seen while readers still read. Whoever meets a result is told so."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from generation.core.counting import counted

AFTER_COLUMN = "is_after_unblinding"  # of the trial CSV, only where a study was unblinded early


@dataclass(frozen=True, slots=True)
class EarlyUnblinding:
    """Who looked early, when and why.

    Attributes
    ----------
    n_before, n_after : responses of the test that had come by then, and those that came later
    """

    by: str
    at: datetime
    reason: str
    n_before: int
    n_after: int

    @property
    def sentence(self) -> str:
        """What every result says."""
        return (
            f"Results were unblinded early by {self.by} on {moment(self.at)}, while readers could still read: "
            f"{counted(self.n_before, 'response')} of the test had come by then, {self.n_after} came after it. "
            f"Reason: {self.reason}"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data for study.json."""
        return {
            "by": self.by,
            "at": self.at.isoformat(),
            "reason": self.reason,
            "n_responses_before": self.n_before,
            "n_responses_after": self.n_after,
        }


def moment(at: datetime) -> str:
    """Write a time as every result does."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
