"""A study as a patient of ours: headers -> plan in words -> five T1 volumes, T2 and lesions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from generation.core import volumes
from generation.core.dicom import dynamic, geometry, pixels, series
from generation.core.dicom.dynamic import Dynamic
from generation.core.dicom.headers import ImageHeader
from generation.core.dicom.series import Role, Series
from generation.core.errors import InputError
from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.core.import_options import ImportOptions

MAX_TILT_DEG: Final = 45.0
MIN_COVERAGE: Final = 0.5  # of the dynamic volume
MAX_SHIFT: Final = 0.5  # of a pixel, between the corners of two phases; farther off, voxels are other places
DARKER: Final = 0.98  # all posts below this share of T1_pre cannot be a contrast uptake


@dataclass(frozen=True)
class StudyPlan:
    """What would be read from a study.

    Attributes
    ----------
    dynamic : the five phases
    t2 : images of the T2 volume in ascending order; None if the cohort is imported without
    segmentations : DICOM SEG files
    told : sentences for the dry run, every series once
    """

    dynamic: Dynamic
    t2: tuple[ImageHeader, ...] | None
    segmentations: tuple[Path, ...]
    told: tuple[str, ...]

    def slice_of(self, number: int) -> int | None:
        """Index of the slice that has the number-th InstanceNumber of T1_pre, counted from 1; None outside."""
        phase = self.dynamic.five[0]
        ranked = sorted(range(len(phase)), key=lambda index: phase[index].instance_number or 0)
        return ranked[number - 1] if 1 <= number <= len(ranked) else None


def plan(images: Sequence[ImageHeader], options: ImportOptions) -> StudyPlan:
    """Decide from headers alone what every series is.

    Raises
    ------
    InputError
        If the dynamic is not complete or T2 is missing; the sentence says what is there instead.
    """
    found = series.sort(images)
    try:
        chosen = dynamic.choose(found, options)
    except InputError as error:
        raise InputError(f"{error}{_instead(found)}") from None
    taken = {id(one) for one in chosen.series}
    told = [*_dynamic_words(chosen), *chosen.told]
    t2, about_t2 = _choose_t2(found, chosen)
    if options.without_t2:
        t2 = None
    elif t2 is None:
        raise InputError(
            "no T2 was found (spin echo with an echo time of at least 60 ms over the dynamic volume); add it, "
            f"or import the whole cohort without T2{_instead(found, about_t2)}"
        )
    left = [one for one in found if id(one) not in taken and one is not t2]
    told += [_left_out(one, about_t2) for one in left]
    if t2 is not None:
        told.append(
            f"T2 is {geometry.named(t2.first)} ({t2.words()}): {about_t2.get(id(t2), t2.reason)}; extraction resamples it by its own coordinates onto the grid of the patches."
        )
    segmentations = tuple(
        dict.fromkeys(one.path for group in found if group.role is Role.SEGMENTATION for one in group.images)
    )
    placed = None if t2 is None else tuple(group[0] for group in geometry.by_place(t2.images))
    return StudyPlan(chosen, placed, segmentations, tuple(told))


def read_frames(study: StudyPlan) -> dict[str, Any]:
    """Read the volumes of a plan.

    Returns
    -------
    SimpleITK images of T1_pre to T1_post4, and of T2 unless the plan has none

    Raises
    ------
    InputError
        If a slice is missing, a file is damaged, or the phases do not lie in the same place.
    """
    names = SCANNED_FRAMES[DYNAMIC]
    images = {
        name: geometry.volume(phase, pixels.read_planes(phase))
        for name, phase in zip(names, study.dynamic.five, strict=True)
    }
    _check_same_place(images, study.dynamic.five)
    # One grid for all phases: their headers agree within the rounding of the scanner.
    images = {name: volumes.like(images[names[0]], volumes.voxels(image)) for name, image in images.items()}
    if study.t2 is not None:
        images["T2"] = geometry.volume(study.t2, pixels.read_planes(study.t2))
    return images


def _check_same_place(images: Mapping[str, Any], phases: Sequence[Sequence[ImageHeader]]) -> None:
    """Refuse phases that are shifted or turned against the first: their voxels are other places of the breast.

    Raises
    ------
    InputError
        Naming both series and how far apart they lie.
    """
    (_, first), *others = [(name, volumes.grid_of(image)) for name, image in images.items()]
    limit_mm = MAX_SHIFT * min(first.spacing_mm[:2])
    for (name, grid), phase in zip(others, phases[1:], strict=True):
        apart_mm = first.distance_mm(grid)
        if apart_mm > limit_mm:
            raise InputError(
                f"{name} ({geometry.named(phase[0])}) lies up to {apart_mm:.1f} mm from T1_pre ({geometry.named(phases[0][0])}) "
                f"or is turned against it, and at most {limit_mm:.1f} mm are rounding; resample it onto T1_pre, or leave the patient out."
            )


def uptake(images: dict[str, Any]) -> str:
    """Say how much brighter the volume became, or what is odd about it.

    Raises
    ------
    InputError
        If every phase after the first is darker: then the first cannot be the one before contrast.
    """
    # The mean over the whole volume: bright fat alone gets darker in many scans, and air adds nothing.
    means = [float(volumes.voxels(images[name]).mean()) for name in SCANNED_FRAMES[DYNAMIC]]
    if max(means[1:]) < DARKER * means[0]:
        raise InputError(
            "every phase after the first is darker than it, so the first cannot be the one before contrast; check the order of the phases."
        )
    change = means[1] / means[0] - 1 if means[0] > 0 else 0.0
    if change <= 0:
        return f"T1_post1 is not brighter than T1_pre on average ({change:+.1%}); check that the first phase was scanned before contrast."
    return f"T1_post1 is {change:.1%} brighter than T1_pre on average, as contrast makes it."


def _choose_t2(found: Sequence[Series], chosen: Dynamic) -> tuple[Series | None, dict[int, str]]:
    """The T2 series nearest to the dynamic, and for every candidate a reason."""
    reference = chosen.five[0]
    target = geometry.volume(
        reference, np.zeros((len(reference), reference[0].rows, reference[0].columns), np.uint8)
    )
    scores: dict[int, tuple[bool, float, float, bool, int, int]] = {}
    reasons: dict[int, str] = {}
    candidates = [one for one in found if one.role is Role.T2]
    for one in candidates:
        tilt = geometry.angle_deg(one.first, reference[0])
        places = geometry.by_place(one.images)
        if tilt > MAX_TILT_DEG:
            reasons[id(one)] = f"its slices are tilted by {tilt:.0f} degrees against the dynamic"
        elif any(len(place) > 1 for place in places):
            reasons[id(one)] = "it has several images per slice"
        else:
            stack = [place[0] for place in places]
            planes = np.zeros((len(stack), one.first.rows, one.first.columns), np.uint8)
            try:
                covered = geometry.overlap(target, geometry.volume(stack, planes))
            except InputError as error:
                reasons[id(one)] = str(error)
                continue
            if covered < MIN_COVERAGE:
                reasons[id(one)] = (
                    f"it covers {covered:.0%} of the dynamic volume and at least {MIN_COVERAGE:.0%} is needed"
                )
                continue
            is_other = one.first.frame_of_reference != reference[0].frame_of_reference
            scores[id(one)] = (is_other, round(tilt), -round(covered, 2), series.is_fat_suppressed(one.first), -len(stack), -(one.first.series_number or 0))  # fmt: skip
            reasons[id(one)] = (
                f"{one.reason}, tilted by {tilt:.0f} degrees, covers {covered:.0%} of the dynamic volume, fat {'' if scores[id(one)][3] else 'not '}suppressed"
            )
            if is_other:
                reasons[id(one)] += ", BUT another frame of reference: check that the patient did not move"
    best = min(
        (one for one in candidates if id(one) in scores), key=lambda one: scores[id(one)], default=None
    )
    for one in candidates:
        if best is not None and one is not best and id(one) in scores:
            reasons[id(one)] = f"{geometry.named(best.first)} is the better T2 ({reasons[id(one)]})"
    return best, reasons


def _dynamic_words(chosen: Dynamic) -> list[str]:
    """One sentence for all series of the dynamic that look alike."""
    alike: dict[str, list[str]] = {}
    for one in chosen.series:
        alike.setdefault(f"({one.words()}): the dynamic, {one.reason}.", []).append(
            str(one.first.series_number)
        )
    return [
        f"Series {', '.join(numbers)} {words.replace('(', '(each ', 1) if len(numbers) > 1 else words}"
        for words, numbers in alike.items()
    ]


def _left_out(one: Series, about_t2: Mapping[int, str]) -> str:
    name = geometry.named(one.first).capitalize()
    if one.role is Role.SEGMENTATION:
        return f"{name} is a DICOM segmentation and says where lesions are."
    reason = about_t2.get(id(one), one.reason)
    if one.role is Role.DYNAMIC:
        reason = f"{one.reason}, but its place, matrix or sequence is not that of the dynamic"
    return f"{name} is not taken: {reason}."


def _instead(found: Sequence[Series], about_t2: Mapping[int, str] | None = None) -> str:
    """What is there, so that the reader of a refusal need not open a viewer."""
    groups: dict[str, list[str]] = {}
    for one in found:
        what = one.role.value if one.role is not Role.LEFT_OUT else f"left out as {one.reason}"
        if about_t2 and id(one) in about_t2:
            what = f"{what}, but {about_t2[id(one)]}"
        groups.setdefault(what, []).append(str(one.first.series_number))
    listed = "; ".join(f"series {', '.join(numbers)}: {what}" for what, numbers in groups.items())
    return f" (found: {listed})." if listed else ""
