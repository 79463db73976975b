"""Telling the phases of a dynamic series apart.

All images of one dynamic acquisition are pooled, whether they came as one series per phase, all in one series,
or a series before and one after contrast. At every slice position there are as many images as phases; a rule
sorts them, and the k-th of every position form phase k. A rule that cannot tell them apart, or mixes the order,
gives way to the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from generation.core.dicom import geometry, values
from generation.core.dicom.headers import ImageHeader
from generation.core.errors import InputError
from generation.core.import_options import RULE_WORDS, PhaseRule

MIN_CONTENT_SPREAD_S: Final = 59.0  # shorter than a minute is reconstruction, not acquisition
MIN_STEP_S: Final = 2.0  # times closer than this belong to one phase


_TIMED: Final = (
    PhaseRule.ACQUISITION,
    PhaseRule.CONTENT,
    PhaseRule.TRIGGER,
)  # whose values are seconds, best first
_WITNESSES: Final = (PhaseRule.TEMPORAL_POSITION, PhaseRule.TRIGGER, PhaseRule.CONTENT, PhaseRule.ACQUISITION)

NOT_GIVEN: Final = "it is not given"

Phase = tuple[ImageHeader, ...]


@dataclass(frozen=True)
class PhaseSplit:
    """Phases in the order of acquisition.

    Attributes
    ----------
    phases : per phase, its images in ascending order along the normal
    rule : what told them apart; None where there is one phase
    seconds : begin of each phase after the first; None if no tag tells times
    told : sentences for the dry run: why earlier rules gave way, and what to doubt
    """

    phases: tuple[Phase, ...]
    rule: PhaseRule | None
    seconds: tuple[float, ...] | None
    told: tuple[str, ...]


def split(images: Sequence[ImageHeader], *, rule: PhaseRule | None = None) -> PhaseSplit:
    """Split the pooled images of one dynamic acquisition into phases.

    Parameters
    ----------
    images : same orientation, matrix and sequence
    rule : the rule to use; None tries all in order

    Raises
    ------
    InputError
        If an image is missing or double at a slice position, no rule tells phases apart, or two rules
        disagree about their order.
    """
    places = geometry.by_place(images)
    n_phases = _count(places)
    if n_phases == 1:
        return PhaseSplit((tuple(place[0] for place in places),), None, None, ())
    tried: list[str] = []
    absent: list[str] = []
    for candidate in [rule] if rule else list(PhaseRule):
        outcome = _ranked(places, candidate)
        if outcome == NOT_GIVEN:
            absent.append(RULE_WORDS[candidate])
            continue
        if isinstance(outcome, str):
            tried.append(f"{RULE_WORDS[candidate]} did not tell the phases apart: {outcome}")
            continue
        told = [*_absent(absent), *tried, *_doubts(candidate)]
        if rule is None:
            _check_witnesses(places, candidate, outcome)
        return PhaseSplit(outcome, candidate, _seconds(outcome, places), tuple(told))
    raise InputError(f"{'; '.join([*_absent(absent), *tried])}; name another rule or export the study again.")


def _count(places: Sequence[Sequence[ImageHeader]]) -> int:
    counts = [len(place) for place in places]
    usual = max(set(counts), key=counts.count)
    odd = [index for index, count in enumerate(counts) if count != usual]
    if odd:
        image = places[odd[0]][0]
        verb = "is" if abs(counts[odd[0]] - usual) == 1 else "are"
        too = "missing" if counts[odd[0]] < usual else "too many"
        raise InputError(
            f"slice {odd[0] + 1} of {len(places)} of {geometry.named(image)} has {counts[odd[0]]} images where {usual} is usual, one per phase; "
            f"{abs(counts[odd[0]] - usual)} {verb} {too}, so export the series again."
        )
    return usual


def _ranked(places: Sequence[Sequence[ImageHeader]], rule: PhaseRule) -> tuple[Phase, ...] | str:
    """Phases by one rule, or why it does not serve."""
    n_phases = len(places[0])
    if rule is PhaseRule.INSTANCE_BLOCKS:
        return _by_blocks(places, n_phases)
    if rule is PhaseRule.SERIES_NUMBER:
        numbers = {tuple(sorted(image.series_number or 0 for image in place)) for place in places}
        if len(numbers) != 1 or len(set(next(iter(numbers)))) != n_phases:
            return "the phases do not lie in a series each"
        return _by_rank(places, lambda image: image.series_number or 0, n_phases)
    if rule in {PhaseRule.TEMPORAL_POSITION, PhaseRule.ACQUISITION_NUMBER}:
        return _by_number(places, rule, n_phases)
    return _by_time(places, rule, n_phases)


def _by_number(
    places: Sequence[Sequence[ImageHeader]], rule: PhaseRule, n_phases: int
) -> tuple[Phase, ...] | str:
    name = "temporal_position" if rule is PhaseRule.TEMPORAL_POSITION else "acquisition_number"
    found = [[getattr(image, name) for image in place] for place in places]
    if any(number is None for place in found for number in place):
        return NOT_GIVEN
    sets = {tuple(sorted(place)) for place in found}
    if len(sets) != 1:
        return "its numbers differ from slice to slice"
    if len(set(next(iter(sets)))) != n_phases:
        return f"{n_phases} images of a slice share {len(set(next(iter(sets))))} numbers"
    return _by_rank(places, lambda image: getattr(image, name), n_phases)


def _by_blocks(places: Sequence[Sequence[ImageHeader]], n_phases: int) -> tuple[Phase, ...] | str:
    """Phases by the numbers of images in their series; images that share them are one image twice, or not numbered."""
    numbered = [
        [(image.series_number or 0, image.instance_number or 0) for image in place] for place in places
    ]
    if any(image.instance_number is None for place in places for image in place):
        return NOT_GIVEN
    if any(len(set(numbers)) < n_phases for numbers in numbered):
        return "images of a slice share a number, so one of them may be there twice: remove copies"
    return _by_rank(places, lambda image: (image.series_number or 0, image.instance_number or 0), n_phases)


def _by_time(
    places: Sequence[Sequence[ImageHeader]], rule: PhaseRule, n_phases: int
) -> tuple[Phase, ...] | str:
    times = _times([image for place in places for image in place], rule)
    if times is None:
        return NOT_GIVEN
    if rule is PhaseRule.CONTENT:
        spread = max(times.values()) - min(times.values())
        if spread < MIN_CONTENT_SPREAD_S:
            return f"it spans {spread:.0f} s and a dynamic series at least {MIN_CONTENT_SPREAD_S:g} s"
    phases = _by_rank(places, lambda image: times[id(image)], n_phases)
    for place in places:
        ordered = sorted(times[id(image)] for image in place)
        if any(later - earlier < MIN_STEP_S for earlier, later in pairwise(ordered)):
            return f"images of one slice lie less than {MIN_STEP_S:g} s apart"
    for earlier, later in pairwise(phases):
        if max(times[id(image)] for image in earlier) > min(times[id(image)] for image in later):
            return "the times of two phases overlap"
    return phases


def _times(images: Sequence[ImageHeader], rule: PhaseRule) -> dict[int, float] | None:
    """Seconds of every image by one tag, past midnight if need be; None if one image has none."""
    if rule is PhaseRule.TRIGGER:
        found = [None if image.trigger_ms is None else image.trigger_ms / 1000 for image in images]
    else:
        found = [image.content_s if rule is PhaseRule.CONTENT else image.acquisition_s for image in images]
    known = [time for time in found if time is not None]
    if len(known) != len(found):
        return None
    if rule is not PhaseRule.TRIGGER:
        known = values.unwrapped(known)
    return dict(zip(map(id, images), known, strict=True))


def _by_rank(
    places: Sequence[Sequence[ImageHeader]],
    key: Callable[[ImageHeader], float | tuple[int, ...]],
    n_phases: int,
) -> tuple[Phase, ...]:
    ordered = [sorted(place, key=key) for place in places]
    return tuple(tuple(place[phase] for place in ordered) for phase in range(n_phases))


def _check_witnesses(
    places: Sequence[Sequence[ImageHeader]], rule: PhaseRule, phases: tuple[Phase, ...]
) -> None:
    """Refuse an order that another tag, which also tells all phases apart, contradicts."""
    chosen = [[id(image) for image in phase] for phase in phases]
    for witness in _WITNESSES:
        other = None if witness is rule else _ranked(places, witness)
        if isinstance(other, tuple) and [[id(image) for image in phase] for phase in other] != chosen:
            raise InputError(
                f"{RULE_WORDS[rule]} and {RULE_WORDS[witness]} put the phases in different orders; name the rule to use, {rule} or {witness}."
            )


def _seconds(phases: tuple[Phase, ...], places: Sequence[Sequence[ImageHeader]]) -> tuple[float, ...] | None:
    """Begin of each phase after the first, by the best tag that rises from phase to phase."""
    for rule in _TIMED:
        if isinstance(_ranked(places, rule), tuple):
            times = _times([image for phase in phases for image in phase], rule)
            begins = [min(times[id(image)] for image in phase) for phase in phases] if times else []
            if begins and all(b > a for a, b in pairwise(begins)):
                return tuple(begin - begins[0] for begin in begins)
    step = phases[0][0].temporal_resolution_ms
    return tuple(index * step / 1000 for index in range(len(phases))) if step else None


def _absent(names: list[str]) -> list[str]:
    if not names:
        return []
    return [f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not given"]


def _doubts(rule: PhaseRule) -> list[str]:
    if rule in {PhaseRule.SERIES_NUMBER, PhaseRule.INSTANCE_BLOCKS}:
        return [
            f"No tag tells times or phase numbers, so the order of {RULE_WORDS[rule]} was taken as the order of acquisition; check it."
        ]
    return []
