"""Series of a study: what each one is, and which cannot be used and why.

Source: the rules follow what public collections carry: ImageType (DICOM PS3.3, C.8.3.1.1.1), ScanningSequence
(C.8.3.1), and the T2 rule of the paper's protocol (turbo spin echo, echo time of at least 60 ms).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from generation.core.dicom import geometry
from generation.core.dicom.headers import ENHANCED_MR, SECONDARY_CAPTURE, SEGMENTATION, ImageHeader

MR_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.4"
MIN_T2_ECHO_MS: Final = 60.0
MAX_T1_ECHO_MS: Final = 15.0  # a gradient echo with a longer one is T2*-weighted
MAX_UNTOLD_ECHO_MS: Final = (
    10.0  # shorter than any spin echo of the breast: taken as gradient echo if no tag says
)
MIN_UNTOLD_T2_TR_MS: Final = 1500.0  # GE calls some T2 series RM (research mode) instead of SE
_DERIVED: Final = {"DERIVED", "SECONDARY", "SUBTRACT", "SUBTRACTION", "SUB", "PROJECTION", "PROJECTION IMAGE", "MIP", "MINIP", "MPR",
                   "RESAMPLED", "LOCALIZER", "MOSAIC"}  # fmt: skip
_DIFFUSION: Final = {"DIFFUSION", "ADC", "TRACEW", "TRACE", "FA", "EADC", "DWI"}
_NOT_MAGNITUDE: Final = {"P", "PHASE", "PHASE MAP", "P_FFE", "R", "I", "REAL", "IMAGINARY", "VELOCITY MAP", "R_FFE", "I_FFE"}  # fmt: skip
_DERIVED_WORDS: Final = {"sub", "subtraction", "subtracted", "mip", "mpr", "adc", "washout", "map", "kinetics", "localizer", "localiser", "scout", "survey"}  # fmt: skip
# Parts of ImageType that say nothing about contrast: filters, normalisation, distortion correction, repetition of "magnitude".
_NO_CONTRAST: Final = {"ORIGINAL", "PRIMARY", "M", "ND", "NORM", "DIS2D", "DIS3D", "FM", "FM1", "FM2", "FIL", "OTHER", "NONE", "FFE",
                       "M_FFE", "SE", "M_SE", "T1", "T2", "VOLUME", "DYNAMIC", "MIXED", "MAGNITUDE", "MFSPLIT", "MOCO"}  # fmt: skip


class Role(StrEnum):
    """What a series may be used for."""

    DYNAMIC = "T1 gradient echo"
    T2 = "T2 spin echo"
    SEGMENTATION = "segmentation"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Series:
    """Images of one series, or of one image type of a series that mixes several, with what they may be used for."""

    images: tuple[ImageHeader, ...]
    role: Role
    reason: str  # why it is left out, or by what it was recognised

    @property
    def first(self) -> ImageHeader:
        return self.images[0]

    def words(self) -> str:
        """Describe the series by measured facts, never by its free text."""
        image = self.first
        n_places = len(geometry.by_place(self.images)) if is_placed(image) else len(self.images)
        parts = [f"{len(self.images)} images", f"{image.columns} x {image.rows}"]
        if is_placed(image) and image.pixel_spacing_mm:
            parts[-1] += f" of {image.pixel_spacing_mm[1]:.3g} x {image.pixel_spacing_mm[0]:.3g} mm"
            parts.append(f"{n_places} {geometry.axis_of(image)} slices")
        parts += [
            f"{name} {value:.4g} ms"
            for name, value in (("TR", image.repetition_ms), ("TE", image.echo_ms))
            if value is not None
        ]
        if image.description_words:
            parts.append(f'described with the words "{" ".join(image.description_words)}"')
        return ", ".join(parts)


def sort(images: Iterable[ImageHeader]) -> list[Series]:
    """Group images by series, image type and orientation, in the order of series numbers, and say what each group is."""
    groups: dict[tuple[object, ...], list[ImageHeader]] = {}
    for image in images:
        orientation = tuple(round(cosine, 2) for cosine in image.orientation or ())
        groups.setdefault((image.series, contrast_kind(image), orientation), []).append(image)
    found = [Series(tuple(group), *_recognise(group)) for group in groups.values()]
    return sorted(found, key=lambda series: (series.first.series_number or 0, series.first.series))


def contrast_kind(image: ImageHeader) -> tuple[str, ...]:
    """What ImageType says beyond original, primary, magnitude: water or fat of a Dixon, phase, subtraction."""
    return tuple(part for part in image.image_type if part not in _NO_CONTRAST and not part.isdigit())


def is_fat_suppressed(image: ImageHeader) -> bool:
    """Say whether fat was suppressed by saturation, inversion or water excitation."""
    words = {"fs", "fatsat", "stir", "tirm", "spair", "spir"} & set(image.description_words)
    return bool(fat_options(image) or "IR" in image.sequence or words)


def fat_options(image: ImageHeader) -> frozenset[str]:
    """Parts of ScanOptions that suppress fat."""
    return frozenset(image.scan_options) & {"FS", "SFS", "SS", "WE"}


def is_placed(image: ImageHeader) -> bool:
    """Say whether an image knows where it lies."""
    if image.position_mm is None or image.orientation is None:
        return False
    rows, columns = np.asarray(image.orientation[:3]), np.asarray(image.orientation[3:])
    lengths = np.array([np.linalg.norm(rows), np.linalg.norm(columns)])
    return bool(np.all(np.abs(lengths - 1) < 0.01) and abs(float(rows @ columns)) < 0.01)


def _recognise(images: Sequence[ImageHeader]) -> tuple[Role, str]:
    image = images[0]
    if image.sop_class == SEGMENTATION:
        return Role.SEGMENTATION, "DICOM segmentation"
    refusal = _screenshot(image) or _not_measured(image) or _diffusion(images)
    if refusal:
        return Role.LEFT_OUT, refusal
    if not all(is_placed(one) and one.pixel_spacing_mm for one in images):
        return Role.LEFT_OUT, "its images do not say where they lie (position, orientation, spacing)"
    return _weighting(image)


def _screenshot(image: ImageHeader) -> str:
    if image.sop_class == SECONDARY_CAPTURE or image.sop_class.startswith(f"{SECONDARY_CAPTURE}."):
        return "a screenshot (Secondary Capture), no measured image"
    if image.modality != "MR" or image.sop_class not in {MR_IMAGE, ENHANCED_MR, ""}:
        return f"no MR image ({image.modality if image.modality.isalpha() and len(image.modality) <= 4 else 'modality not given'})"
    if image.is_burned_in:
        return "text is burned into its pixels (0028,0301), which may be a name"
    if image.samples != 1:
        return "it is coloured, as screenshots are"
    if image.bits == 8:
        return "it has 8 bits per pixel, as screenshots have; measured MR images have more"
    return ""


def _not_measured(image: ImageHeader) -> str:
    kind = set(image.image_type)
    if kind & _DIFFUSION:
        return f"diffusion (ImageType {', '.join(sorted(kind & _DIFFUSION))})"
    if kind & _DERIVED:
        return f"not as scanned (ImageType {', '.join(sorted(kind & _DERIVED))})"
    if kind & _NOT_MAGNITUDE:
        return f"no magnitude image (ImageType {', '.join(sorted(kind & _NOT_MAGNITUDE))})"
    told = _DERIVED_WORDS & set(image.description_words)
    if told:
        return f'computed or a planning scan by its description ("{", ".join(sorted(told))}")'
    return ""


def _diffusion(images: Sequence[ImageHeader]) -> str:
    image = images[0]
    if "EP" in image.sequence or image.sequence_name.startswith(("ep_", "*ep", "ep2d")):
        return "echo-planar imaging, as diffusion is"
    if any(one.b_value for one in images) or {"dwi", "diff", "diffusion", "adc"} & set(
        image.description_words
    ):
        return "diffusion (b-value or description)"
    return ""


def _weighting(image: ImageHeader) -> tuple[Role, str]:
    echo = image.echo_ms
    is_spin = "SE" in image.sequence or any(name in image.sequence_name for name in ("tse", "fse", "spc"))
    if is_spin and "GR" not in image.sequence:
        if echo is not None and echo >= MIN_T2_ECHO_MS:
            return Role.T2, f"spin echo with an echo time of {echo:.4g} ms (at least {MIN_T2_ECHO_MS:g})"
        told = "unknown" if echo is None else f"{echo:.4g} ms"
        return (
            Role.LEFT_OUT,
            f"spin echo, but its echo time is {told}; T2 needs at least {MIN_T2_ECHO_MS:g} ms",
        )
    if "GR" in image.sequence and "SE" not in image.sequence:
        if echo is not None and echo > MAX_T1_ECHO_MS:
            return Role.LEFT_OUT, f"gradient echo with an echo time of {echo:.4g} ms, T2*-weighted"
        return Role.DYNAMIC, "gradient echo (ScanningSequence GR)"
    is_long = (
        echo is not None and echo >= MIN_T2_ECHO_MS and (image.repetition_ms or 0) >= MIN_UNTOLD_T2_TR_MS
    )
    if not is_spin and is_long:
        return (
            Role.T2,
            f"no sequence tag; an echo time of {echo:.4g} ms and a repetition time of {image.repetition_ms:.4g} ms are a T2 spin echo's",
        )
    if not is_spin and echo is not None and echo <= MAX_UNTOLD_ECHO_MS:
        return Role.DYNAMIC, f"no sequence tag; an echo time of {echo:.4g} ms is a gradient echo's"
    return Role.LEFT_OUT, "neither a T1 gradient echo nor a T2 spin echo"
