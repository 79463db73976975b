"""Which series of a study form its dynamic acquisition."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from generation.core.dicom import geometry, phases
from generation.core.dicom.headers import ImageHeader
from generation.core.dicom.phases import Phase, PhaseSplit
from generation.core.dicom.series import Role, Series, contrast_kind, fat_options
from generation.core.errors import InputError
from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.core.import_options import RULE_WORDS, ImportOptions
from generation.core.phase_choice import N_POSTS, five_of

PARAMETER_TOLERANCE: Final = (
    0.05  # of TR and TE; scanners round, a pre-contrast series of another protocol differs more
)


@dataclass(frozen=True)
class Dynamic:
    """Five phases of a dynamic acquisition and what is to be told about them."""

    five: tuple[Phase, ...]
    seconds: tuple[float, ...] | None
    rule: str
    series: tuple[Series, ...]
    told: tuple[str, ...]
    stated: tuple[float, ...] | None = None  # seconds that the vendor wrote into the descriptions


def choose(series: Sequence[Series], options: ImportOptions) -> Dynamic:
    """Find the one dynamic acquisition among the series of a study and choose its five phases.

    Raises
    ------
    InputError
        If there is none with four post-contrast phases, or there are several.
    """
    groups = grouped([one for one in series if one.role is Role.DYNAMIC])
    if not groups:
        raise InputError(
            "no T1 gradient-echo series was found; add the dynamic series (one before and four after contrast)."
        )
    splits = [(group, _split(group, options)) for group in groups]
    complete = [
        (group, one) for group, one in splits if isinstance(one, PhaseSplit) and len(one.phases) > N_POSTS
    ]
    if len(complete) > 1:
        named = " and ".join(_numbers(group) for group, _ in complete)
        raise InputError(
            f"there are {len(complete)} dynamic acquisitions ({named}); keep the one to be used in the folder."
        )
    if not complete:
        raise InputError(_why_none(splits))
    group, split = complete[0]
    indices = five_of(len(split.phases), split.seconds, wanted=options.phases)
    return Dynamic(
        five=tuple(split.phases[index] for index in indices),
        seconds=None
        if split.seconds is None
        else tuple(split.seconds[index] - split.seconds[indices[0]] for index in indices),
        rule=split.rule.value if split.rule else "",
        series=tuple(group),
        told=(*_told(split, indices), *_stated(split), *_named(split, indices)),
        stated=_stated_of(split, indices),
    )


def grouped(series: Sequence[Series]) -> list[list[Series]]:
    """Collect series of the same study, place, matrix and sequence: the phases of one acquisition, or its parts."""
    groups: list[list[Series]] = []
    for one in series:
        home = next((group for group in groups if _belong(group[0], one)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return groups


def _belong(first: Series, second: Series) -> bool:
    a, b = first.first, second.first
    same = (
        a.study == b.study
        and a.frame_of_reference == b.frame_of_reference
        and (a.rows, a.columns) == (b.rows, b.columns)
        and contrast_kind(a) == contrast_kind(b)
        and fat_options(a) == fat_options(b)  # by tag: descriptions of one dynamic differ
    )
    return same and _same_grid(first, second) and _same_timing(a, b)


def _same_grid(first: Series, second: Series) -> bool:
    a, b = first.first, second.first
    spacings = zip(a.pixel_spacing_mm or (), b.pixel_spacing_mm or (), strict=False)
    if geometry.angle_deg(a, b) > 0.1 or any(abs(x - y) > 0.001 for x, y in spacings):
        return False
    # Positions along the first one's normal: a series may be stored from the other end.
    ends = [
        sorted(geometry.place(group[0]) for group in geometry.by_place(one.images)) for one in (first, second)
    ]
    if len(ends[0]) != len(ends[1]):
        return False
    return all(abs(x - y) <= geometry.SAME_POSITION_MM for x, y in zip(*ends, strict=True))


def _same_timing(a: ImageHeader, b: ImageHeader) -> bool:
    for x, y in ((a.repetition_ms, b.repetition_ms), (a.echo_ms, b.echo_ms), (a.flip_deg, b.flip_deg)):
        if x is not None and y is not None and abs(x - y) > PARAMETER_TOLERANCE * max(x, y):
            return False
    return True


def _split(group: Sequence[Series], options: ImportOptions) -> PhaseSplit | InputError:
    images = [image for one in group for image in one.images]
    try:
        return phases.split(images, rule=options.phase_rule)
    except InputError as error:
        return error


def _why_none(splits: Sequence[tuple[Sequence[Series], PhaseSplit | InputError]]) -> str:
    _, fullest = max(splits, key=lambda pair: sum(len(one.images) for one in pair[0]))
    if isinstance(fullest, InputError):
        return str(fullest)
    counts = [
        (len(one.phases), group, len(one.phases[0])) for group, one in splits if isinstance(one, PhaseSplit)
    ]
    listed = "; ".join(
        f"{_numbers(group)}: {n_phases} {'phase' if n_phases == 1 else 'phases'} of {n_slices} slices"
        for n_phases, group, n_slices in counts
    )
    grids = "" if len(counts) == 1 else ", and only series of one place, matrix and sequence belong together"
    return (
        f"only {max(n for n, _, _ in counts) - 1} post-contrast phases were found and {N_POSTS} are needed ({listed}{grids}); "
        "add the missing series or leave the patient out, because no phase is ever used twice"
    )


def _numbers(group: Sequence[Series]) -> str:
    return "series " + ", ".join(str(one.first.series_number) for one in group)


def _told(split: PhaseSplit, indices: tuple[int, ...]) -> list[str]:
    told = [f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" for text in split.told]
    if split.rule:
        told.append(f"{len(split.phases)} phases were told apart by {RULE_WORDS[split.rule]}.")
    told += _announced(split)
    if split.seconds is None:
        told.append("No tag tells when the phases began.")
    else:
        listed = ", ".join(f"{second:.1f}" for second in split.seconds)
        told.append(f"They begin at {listed} s after the first.")
    if len(split.phases) > len(indices):
        listed = ", ".join(str(index + 1) for index in indices)
        told.append(
            f"Of {len(split.phases)} phases, numbers {listed} were taken: the posts nearest to 70, 140, 210 and 280 s."
        )
    return told


def _announced(split: PhaseSplit) -> list[str]:
    """Compare what was found with the numbers of phases and slices that headers announce, where they do."""
    first, told = split.phases[0][0], []
    if first.n_temporal_positions and first.n_temporal_positions != len(split.phases):
        told.append(
            f"The headers announce {first.n_temporal_positions} phases and {len(split.phases)} are there; check whether files are missing."
        )
    # Some scanners put the tag on every phase or on none: only a pre-contrast phase that has it alone is odd.
    if first.has_contrast_tag and not all(phase[0].has_contrast_tag for phase in split.phases):
        told.append(
            "The first phase names a contrast agent (0018,0010) and a later one does not; check the order of the phases."
        )
    n_slices, n_images = len(split.phases[0]), sum(len(phase) for phase in split.phases)
    if first.n_locations and first.n_locations not in {n_slices, n_images}:
        told.append(
            f"The headers announce {first.n_locations} slices and {n_slices} are there; check whether files are missing."
        )
    return told


def _named(split: PhaseSplit, indices: tuple[int, ...]) -> list[str]:
    """Say which series became which frame."""
    names = SCANNED_FRAMES[DYNAMIC]
    if len({phase[0].series for phase in split.phases}) == 1:
        listed = [f"{name} is phase {index + 1}" for name, index in zip(names, indices, strict=True)]
    else:
        listed = [
            f"{name} is {geometry.named(split.phases[index][0])}"
            for name, index in zip(names, indices, strict=True)
        ]
    return [f"{', '.join(listed)}."]


def _stated_of(split: PhaseSplit, indices: tuple[int, ...]) -> tuple[float, ...] | None:
    stated = [split.phases[index][0].stated_seconds for index in indices]
    known = tuple(second for second in stated if second is not None)
    return known if len(known) == len(indices) and len(set(known)) == len(known) else None


def _stated(split: PhaseSplit) -> list[str]:
    """Compare the order with the times that a vendor writes into descriptions."""
    stated = [phase[0].stated_seconds for phase in split.phases]
    known = [second for second in stated if second is not None]
    if len(known) != len(stated) or len(set(known)) != len(known):
        return []
    listed = ", ".join(f"{second:g}" for second in known)
    if known != sorted(known):
        raise InputError(
            f"the series descriptions state the times {listed} s in the order that the tags give; name the phase rule to use."
        )
    return [f"The series descriptions state {listed} s, in the same order."]
