"""A mapping to begin with, from what a look found: names, values and classes that are plain; the rest is asked."""

import re
from collections.abc import Mapping as Mapping_
from collections.abc import Sequence
from typing import Final

from generation.core.errors import InputError
from generation.core.foreign.class_words import guess_class
from generation.core.foreign.findings import Survey
from generation.core.foreign.mapping import FrameMapping, Mapping, Scale, stored_limits
from generation.core.frame_set import HIGHEST, LOWEST, PAPER, FrameSet, Limits
from generation.core.frames import MAX_INTENSITY, SCANNED_FRAMES

_PLAIN: Final = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in PAPER.names}
_SUB: Final = PAPER.subtractions[0]


def names(survey: Survey) -> list[str]:
    """A name for each found frame: the paper's where the files say so or the number fits, else frame_01 and so on."""
    said = [_PLAIN.get(re.sub(r"[^a-z0-9]", "", word.lower()), "") for word in survey.frame_words]
    if said and all(said) and len(set(said)) == len(said):
        return said
    if survey.n_frames in (len(PAPER.names), len(SCANNED_FRAMES)):
        return list(PAPER.names[: survey.n_frames])
    cleaned = [re.sub(r"[^A-Za-z0-9_+-]", "_", word)[:24].strip("_+-") for word in survey.frame_words]
    if all(cleaned) and len({word.lower() for word in cleaned}) == survey.n_frames:
        return cleaned
    return [f"frame_{number:02d}" for number in range(1, survey.n_frames + 1)]


def ranges(survey: Survey, found_names: Sequence[str]) -> list[tuple[float, float]]:
    """Lowest and highest value of each frame: of a network's outputs -1 to 1 or 0 to 1, else what was found.

    Frames of the dynamic series share theirs, and a subtraction has as much room as the frames it is made of.
    """
    low, high = min(survey.low), max(survey.high)
    if not survey.is_whole and low >= -1 and high <= 1:
        known = (-1.0, 1.0) if low < 0 and not _only_sub_is_negative(survey, found_names) else (0.0, 1.0)
        return [(-1.0, 1.0) if name == _SUB.name else known for name in found_names]
    shared = [place for place, name in enumerate(found_names) if name in PAPER.dynamic]
    found = [_ends(survey, shared if place in shared else [place]) for place in range(len(found_names))]
    if _SUB.name in found_names and shared:
        room = found[shared[0]][1] - found[shared[0]][0]
        found[found_names.index(_SUB.name)] = (-room, room)
    return found


def ends(survey: Survey, found_names: Sequence[str], how: Scale) -> list[tuple[float, float]]:
    """What becomes 0 and 1023, or where values are kept, limits: the paper's where the values fit into them."""
    found = ranges(survey, found_names)
    if how is not Scale.AS_IS:
        return found
    measured = zip(survey.low, survey.high, strict=True)
    return [_kept_limits(own, name) for own, name in zip(measured, found_names, strict=True)]


def scale(survey: Survey, found_names: Sequence[str]) -> Scale:
    """Keep whole numbers that fit into the limits of the paper; map all others."""
    if not survey.is_whole:
        return Scale.RANGE
    fits = all(
        limits[0] <= survey.low[place] and survey.high[place] <= limits[1]
        for place, limits in enumerate(_limits(found_names))
    )
    is_narrow = max(survey.high) <= MAX_INTENSITY // 4  # 8 bits would be shown almost black
    return Scale.AS_IS if fits and not is_narrow else Scale.RANGE


def classes(survey: Survey) -> dict[str, str]:
    """The lesion class of every word that plainly stands for one."""
    return {word: lesion_class.value for word in survey.words if (lesion_class := guess_class(word))}


def build(
    survey: Survey,
    *,
    places: Sequence[int],
    named: Sequence[str],
    ends: Sequence[tuple[float, float]],
    how: Scale,
    of_class: Mapping_[str, str],
    adds_sub: bool = False,
    like: FrameSet | None = None,
) -> Mapping:
    """Put a mapping together from what somebody chose.

    Parameters
    ----------
    places, named, ends : of the frames in the order they are stored: which found frame, its name, its values
    adds_sub : compute Sub = T1_post1 - T1_pre and store it last
    like : take names, limits, windows, series and layout from this frame set instead

    Raises
    ------
    InputError
        If the frame set cannot be.
    """
    frames = [FrameMapping(name, place, *end) for place, name, end in zip(places, named, ends, strict=True)]
    if adds_sub:
        frames.append(FrameMapping(_SUB.name, None, -MAX_INTENSITY, MAX_INTENSITY))
    frame_set = like or _frame_set(survey, frames, how)
    if like is not None:
        if like.shape != (len(frames), survey.height, survey.width):
            raise InputError(
                f"The patches would have {len(frames)} frames of {survey.height} x {survey.width}; the chosen patch set has {like.words}: "
                "choose another one, or name the frames yourself.",
                field="like",
            )
        frames = [
            FrameMapping(name, frame.place, frame.low, frame.high)
            for name, frame in zip(like.names, frames, strict=True)
        ]
    return Mapping(frame_set, tuple(frames), how, dict(of_class))


def propose(survey: Survey, *, like: FrameSet | None = None) -> Mapping:
    """The mapping of a look that needs no answer, as far as the words for classes are plain."""
    found_names = names(survey)
    order = list(range(survey.n_frames))
    if set(found_names) <= set(PAPER.names):
        order.sort(key=lambda place: PAPER.index(found_names[place]))
    how = scale(survey, found_names)
    found_ends = ends(survey, found_names, how)
    return build(
        survey,
        places=order,
        named=[found_names[place] for place in order],
        ends=[found_ends[place] for place in order],
        how=how,
        of_class=classes(survey),
        adds_sub=can_add_sub(found_names),
        like=like,
    )


def can_add_sub(found_names: Sequence[str]) -> bool:
    """Whether Sub is missing and can be computed."""
    return _SUB.name not in found_names and {_SUB.minuend, _SUB.subtrahend} <= set(found_names)


def _kept_limits(ends: tuple[float, float], name: str) -> tuple[float, float]:
    """The paper's limits where the values fit into them, so that real and generated patches agree."""
    return _limits([name])[0] if ends[1] <= MAX_INTENSITY and ends[0] >= _limits([name])[0][0] else ends


def _limits(found_names: Sequence[str]) -> list[Limits]:
    return [(-MAX_INTENSITY if name == _SUB.name else 0, MAX_INTENSITY) for name in found_names]


def _only_sub_is_negative(survey: Survey, found_names: Sequence[str]) -> bool:
    return all(low >= 0 for low, name in zip(survey.low, found_names, strict=True) if name != _SUB.name)


def _ends(survey: Survey, places: Sequence[int]) -> tuple[float, float]:
    low, high = min(survey.low[place] for place in places), max(survey.high[place] for place in places)
    return (low, high) if low < high else (low, low + 1.0)


def _frame_set(survey: Survey, frames: Sequence[FrameMapping], how: Scale) -> FrameSet:
    """The paper's frames where they are, else a frame set that says of them what their names say."""
    chosen = tuple(frame.name for frame in frames)
    limits = tuple(_limits_of(frame, how) for frame in frames)
    if (chosen, limits, (survey.height, survey.width)) == (PAPER.names, PAPER.limits, PAPER.shape[1:]):
        return PAPER
    dynamic = tuple(name for name in PAPER.dynamic if name in chosen)
    if len(dynamic) < 2 or PAPER.dynamic[0] not in dynamic:
        dynamic = ()
    has_sub = {_SUB.name, _SUB.minuend, _SUB.subtrahend} <= set(chosen)
    return FrameSet(
        names=chosen,
        height=survey.height,
        width=survey.width,
        limits=limits,
        windows=tuple(PAPER.windows[PAPER.index(name)] if name in PAPER.names else name for name in chosen),
        dynamic=dynamic,
        seconds=tuple(PAPER.seconds[PAPER.dynamic.index(name)] for name in dynamic),
        subtractions=(_SUB,) if has_sub else (),
    )


def _limits_of(frame: FrameMapping, how: Scale) -> Limits:
    if frame.name == _SUB.name:
        return (-MAX_INTENSITY, MAX_INTENSITY)
    if how is not Scale.AS_IS:
        return (0, MAX_INTENSITY)
    low, high = stored_limits(frame.low, frame.high)
    return max(low, LOWEST), min(high, HIGHEST)
