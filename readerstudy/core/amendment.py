"""What an amendment changed, in words: one protocol with its pools against the one before."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from generation.core.labels import LESION_CLASSES, LesionClass
from readerstudy.core.names import source_title

_NOTHING: Final = "none"
_LONGEST: Final = 90  # characters of a value within a sentence
_PHASES: Final = {"test": "Test panels", "warm_up": "Warm-up panels"}
_LABELS: Final[Mapping[str, str]] = {
    "seed": "Seed of the draw",
    "question": "Question",
    "language": "Language of the reading room",
    "confidence_levels": "Levels of confidence",
    "real_key": "Key for “real”",
    "synthetic_key": "Key for “synthetic”",
    "layout": "Layout",
    "interpolation": "Enlargement",
    "own_subtraction": "Each source’s own subtraction frame",
    "equivalence_margin_points": "Margin of equivalence, percentage points",
    "format_version": "Stored form of the protocol",
    "conduct.comment": "Comments on answers",
    "conduct.undo": "Taking back the last answer",
    "conduct.time_limit_seconds": "Time limit, seconds",
    "conduct.min_viewing_seconds": "Least viewing time, seconds",
    "conduct.break_every": "Break after panels",
    "conduct.n_repeats": "Repeats",
    "conduct.repeat_distance": "Least distance of repeats",
    "conduct.n_checks": "Attention checks",
    "conduct.warm_up_mode": "When the origin of a warm-up panel is told",
    "conduct.refresher_after_days": "Refresher after days",
    "conduct.n_refresher": "Panels of the refresher",
    "arrival.consent": "Consent",
    "arrival.instructions": "Instructions",
    "arrival.questions": "Questions about the reader",
    "arrival.display_check": "Display check",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two versions.

    Attributes
    ----------
    part : of the protocol, in words
    old, new : values in words
    """

    part: str
    old: str
    new: str

    @property
    def sentence(self) -> str:
        """The change in a line; long texts are cut."""
        return f"{self.part}: {_short(self.old)} → {_short(self.new)}"

    def to_json(self) -> dict[str, str]:
        """Plain data for study.json."""
        return asdict(self)


def changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    old_pools: Mapping[str, str],
    new_pools: Mapping[str, str],
) -> tuple[Change, ...]:
    """List what differs, pools first, then the protocol in its own order.

    Parameters
    ----------
    old, new : protocols as plain data
    old_pools, new_pools : name of the pool of each source
    """
    pools = [
        Change(
            f"Pool of {source_title(source)}",
            old_pools.get(source, _NOTHING),
            new_pools.get(source, _NOTHING),
        )
        for source in dict.fromkeys((*old_pools, *new_pools))
    ]
    then, now = dict(_leaves(old)), dict(_leaves(new))
    protocol = [
        Change(_part(name), _words(then.get(name)), _words(now.get(name)))
        for name in dict.fromkeys((*_quota_names(then, now), *then, *now))
        if then.get(name, 0 if _is_quota(name) else None) != now.get(name, 0 if _is_quota(name) else None)
    ]
    return tuple(change for change in (*pools, *protocol) if change.old != change.new)


def _leaves(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _is_quota(name: str) -> bool:
    return name.partition(".")[0] in _PHASES


def _quota_names(*versions: Mapping[str, Any]) -> list[str]:
    """Quotas come first: they are what readers of a paper ask for."""
    return [name for version in versions for name in version if _is_quota(name)]


def _part(name: str) -> str:
    if _is_quota(name):
        phase, source, lesion_class = name.split(".", maxsplit=2)
        known = set(LESION_CLASSES)
        words = LesionClass(lesion_class).words if lesion_class in known else lesion_class
        return f"{_PHASES[phase]}, {source_title(source)}, {words}"
    return _LABELS.get(name, name.replace(".", ", ").replace("_", " ").capitalize())


def _words(value: Any) -> str:
    if value is None or value in ("", [], ()):
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "; ".join(_item(one) for one in value)
    return str(value)


def _item(value: Any) -> str:
    """A question about the reader with its choices, or whatever else a list holds."""
    if not isinstance(value, Mapping):
        return str(value)
    choices = value.get("choices") or ()
    told = [
        *([", ".join(map(str, choices))] if choices else []),
        *([] if value.get("required", True) else ["optional"]),
    ]
    return f"{value.get('label', '')} ({value.get('kind', '')}{': ' if told else ''}{'; '.join(told)})"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
