"""Extraction of a whole cohort: every patient becomes a part by itself, then the parts are joined in one order.

What a part holds depends on its patient, the options and nothing else, and the order of parts is that of the pseudonyms.
So the patch set is the same to the byte whatever made the parts: one process or many, in whatever order, or twice.
"""

import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from generation.core import (
    breast_region,
    extraction,
    patch_part,
    patient_folder,
    patient_split,
    preparation,
    qc_sheet,
    volumes,
)
from generation.core.errors import InputError
from generation.core.extraction import Extraction
from generation.core.extraction_options import ExtractionOptions
from generation.core.frames import T1_PRE
from generation.core.labels import REAL, LesionClass
from generation.core.patch_set import QC_FOLDER, PatchSetFolder, PatchSetWriter
from generation.core.patient_folder import StoredPatient
from generation.core.patient_scan import voxel_sum
from generation.core.preparation import PreparedPatient

Progress = Callable[[int, int, str], None]  # patients done, patients in all, pseudonym just done


@dataclass(frozen=True)
class ExtractedPatient:
    """Patches of one patient and what the manifest says about their making."""

    pseudonym: str
    extraction: Extraction
    facts: dict[str, object]
    qc_sheet: bytes = b""  # JPEG


@dataclass(frozen=True)
class PartWish:
    """One patient whose part is wanted.

    Attributes
    ----------
    folder : as `patient_folder.write_patient` left it; its name is the pseudonym
    has_region : False if the breast region was refused: then only lesions are cut out
    sha256 : over the voxels as they were imported; empty compares nothing
    """

    folder: Path
    has_region: bool = True
    sha256: str = ""


def extract_patient(
    folder: Path, options: ExtractionOptions, *, has_region: bool = True, sha256: str = ""
) -> ExtractedPatient:
    """Load, prepare and extract one stored patient.

    Parameters
    ----------
    folder : as `patient_folder.write_patient` left it; its name is the pseudonym
    has_region : False if the breast region was refused: then only lesions are cut out
    sha256 : over the voxels as they were imported; empty compares nothing

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    stored = patient_folder.load_patient(folder)
    if sha256 and voxel_sum([*stored.images.values(), stored.lesion_mask]) != sha256:
        raise InputError(
            f"The scans of patient {stored.pseudonym} were changed after they were imported: their SHA-256 is not the one "
            "of the import; restore them from a backup, or import the cohort again."
        )
    prepared = preparation.prepare(stored.images, stored.lesion_mask, intensity_range=options.intensity_range)
    breasts = _breasts(stored, prepared) if has_region else np.zeros(prepared.lesions.shape, dtype=np.uint8)
    extracted = extraction.extract(
        prepared.frames,
        prepared.lesions,
        breasts,
        patient=stored.pseudonym,
        classes=stored.classes,
        # Where lesions are unknown, a patch of "healthy" tissue might show one.
        n_healthy_per_breast_slice=options.healthy_per_breast_slice if stored.lesions_known else 0,
        rng=extraction.patient_rng(options.seed, stored.pseudonym),
    )
    facts: dict[str, object] = {
        "size": list(prepared.lesions.shape),
        "spacing_mm": [round(mm, 5) for mm in prepared.spacing_mm],
        "t1_limits": list(prepared.t1_limits),
        "t2_limits": list(prepared.t2_limits),
        "n_patches": len(extracted.rows),
        "lesions_known": stored.lesions_known,
        "breast_region": "used" if has_region else "refused",
        "n_lesion_centres_at_border": extracted.n_at_border,
        "lesions_lost_by_resampling": list(extracted.vanished_lesions),
        "n_slices_with_breast": int(np.count_nonzero(breasts.any(axis=(1, 2)))),
    }
    sheet = qc_sheet.draw(prepared, breasts, extracted, title=stored.pseudonym)
    return ExtractedPatient(stored.pseudonym, extracted, facts, sheet)


def _breasts(
    stored: StoredPatient, prepared: PreparedPatient
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The stored region: a mask that was given, or the automatic one that somebody looked at."""
    if stored.breast_mask is None:  # imported before regions were stored
        found = breast_region.find(prepared.frames[T1_PRE], prepared.spacing_mm, first_row=prepared.first_row)
        return found.breasts
    n_slices, n_pixels, _ = prepared.lesions.shape
    grid = volumes.prepared_grid(stored.images["T1_pre"], n_pixels=n_pixels, n_slices=n_slices)
    return volumes.resample_labels(stored.breast_mask, grid).astype(np.uint8)


def make_part(wish: PartWish, options: ExtractionOptions, parts_folder: Path) -> tuple[str, str]:
    """Extract one patient into its part; returns pseudonym and hash.

    Raises
    ------
    InputError
        If the patient cannot be read, or the part not written.
    """
    extracted = extract_patient(wish.folder, options, has_region=wish.has_region, sha256=wish.sha256)
    try:
        found = patch_part.write(
            parts_folder / extracted.pseudonym,
            patches=extracted.extraction.patches,
            rows=extracted.extraction.rows,
            facts=extracted.facts,
            sheet=extracted.qc_sheet,
        )
    except OSError as error:
        raise unwritable(error, extracted.pseudonym) from None
    return extracted.pseudonym, found


def unwritable(error: OSError, what: str) -> InputError:
    """Say that patches cannot be written."""
    return InputError(
        f"The patches of {what} cannot be written ({error.strerror or 'the disk takes no more'}); make room in the data folder, then resume the extraction."
    )


def make_parts(
    wishes: Iterable[PartWish], options: ExtractionOptions, parts_folder: Path, *, n_jobs: int = 1
) -> Generator[tuple[str, str]]:
    """Extract patients into parts, one after another or in several processes; yields each as it is done.

    Closed before its end, it ends the processes too: what they had begun may be left as a draft.

    Parameters
    ----------
    n_jobs : processes; 1 works in this one
    """
    if n_jobs <= 1:
        for wish in wishes:
            yield make_part(wish, options, parts_folder)
        return
    # Spawn, because threads of the parent do not survive a fork.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(n_jobs, mp_context=context, initializer=_one_thread) as pool:
        try:
            waiting = []
            for wish in wishes:
                with _deaf_to_the_keyboard():
                    waiting.append(pool.submit(make_part, wish, options, parts_folder))
            for done in as_completed(waiting):
                yield done.result()
        except (KeyboardInterrupt, GeneratorExit):
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _deaf_to_the_keyboard() -> Iterator[None]:
    """Processes that begin here do not hear Ctrl-C, which a terminal sends to all; the first one ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def join_parts(
    parts_folder: Path,
    pseudonyms: Sequence[str],
    target: Path,
    *,
    options: ExtractionOptions,
    provenance: Mapping[str, object],
    on_patient: Progress | None = None,
) -> PatchSetFolder:
    """Join the parts of all patients into a new patch set, one part in memory at a time.

    Parameters
    ----------
    pseudonyms : all patients, in any order; their parts' hashes were compared before
    target : folder of the patch set, new
    provenance : joined by options, software versions and the facts of every patient

    Raises
    ------
    InputError
        If there is no patient, no patch at all was found, or the patch set cannot be written.
    """
    if not pseudonyms:
        raise InputError("There is no patient to extract; import scans first.")
    patients: dict[str, object] = {}
    classes: dict[str, set[LesionClass]] = {}
    try:
        with PatchSetWriter(target, source=REAL) as writer:
            for done, pseudonym in enumerate(sorted(pseudonyms), start=1):
                part = patch_part.read(parts_folder / pseudonym)
                writer.add(part.patches, part.rows)
                writer.attach(f"{QC_FOLDER}/{pseudonym}.jpg", part.sheet)
                patients[pseudonym] = part.facts
                classes[pseudonym] = {row.lesion_class for row in part.rows}
                if on_patient:
                    on_patient(done, len(pseudonyms), pseudonym)
            held = {name: found for name, found in classes.items() if found}
            return writer.finish(
                {
                    **provenance,
                    "options": options.as_dict(),
                    "software": _software(),
                    "patients": patients,
                    patient_split.MANIFEST_KEY: patient_split.assign(held, seed=options.seed).as_dict(),
                }
            )
    except OSError as error:
        raise unwritable(error, "the cohort") from None


def _one_thread() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def _software() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scipy", "SimpleITK")}
