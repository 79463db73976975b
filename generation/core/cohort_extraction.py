"""Extraction of a whole cohort: patients one after another into one patch set, with bounded memory."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from generation.core import breast_region, extraction, patient_folder, patient_split, preparation, qc_sheet
from generation.core.errors import InputError
from generation.core.extraction import Extraction
from generation.core.extraction_options import ExtractionOptions
from generation.core.frames import T1_PRE
from generation.core.labels import REAL, LesionClass
from generation.core.patch_set import QC_FOLDER, PatchSetFolder, PatchSetWriter

Progress = Callable[[int, int, str], None]  # patients done, patients in all, pseudonym just done


@dataclass(frozen=True)
class ExtractedPatient:
    """Patches of one patient and what the manifest says about their making."""

    pseudonym: str
    extraction: Extraction
    facts: dict[str, object]
    qc_sheet: bytes = b""  # JPEG


def extract_patient(folder: Path, options: ExtractionOptions) -> ExtractedPatient:
    """Load, prepare and extract one stored patient.

    Parameters
    ----------
    folder : as `patient_folder.write_patient` left it; its name is the pseudonym
    """
    stored = patient_folder.load_patient(folder)
    prepared = preparation.prepare(stored.images, stored.lesion_mask, intensity_range=options.intensity_range)
    region = breast_region.find(prepared.frames[T1_PRE], prepared.spacing_mm, first_row=prepared.first_row)
    extracted = extraction.extract(
        prepared.frames,
        prepared.lesions,
        region.breasts,
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
        "n_lesion_centres_at_border": extracted.n_at_border,
        "lesions_lost_by_resampling": list(extracted.vanished_lesions),
        "n_slices_with_breast": int(np.count_nonzero(region.breasts.any(axis=(1, 2)))),
    }
    sheet = qc_sheet.draw(prepared, region.breasts, extracted, title=stored.pseudonym)
    return ExtractedPatient(stored.pseudonym, extracted, facts, sheet)


def extract_cohort(
    folders: Sequence[Path],
    target: Path,
    *,
    options: ExtractionOptions,
    provenance: Mapping[str, object],
    n_jobs: int = 1,
    on_patient: Progress | None = None,
) -> PatchSetFolder:
    """Extract all patients into a new patch set; bytes depend neither on n_jobs nor on the order of folders.

    Parameters
    ----------
    folders : patient folders
    target : folder of the patch set, new
    provenance : joined by options, software versions and the facts of every patient
    n_jobs : processes; 1 works in this one

    Raises
    ------
    InputError
        If there is no patient, or no patch at all was found.
    """
    if not folders:
        raise InputError("There is no patient to extract; import scans first.")
    ordered = sorted(folders, key=lambda folder: folder.name)
    patients: dict[str, object] = {}
    classes: dict[str, set[LesionClass]] = {}
    with PatchSetWriter(target, source=REAL) as writer:
        for done, patient in enumerate(_extracted(ordered, options, n_jobs), start=1):
            writer.add(patient.extraction.patches, patient.extraction.rows)
            writer.attach(f"{QC_FOLDER}/{patient.pseudonym}.jpg", patient.qc_sheet)
            patients[patient.pseudonym] = patient.facts
            classes[patient.pseudonym] = {row.lesion_class for row in patient.extraction.rows}
            if on_patient:
                on_patient(done, len(ordered), patient.pseudonym)
        split = patient_split.assign(
            {name: held for name, held in classes.items() if held}, seed=options.seed
        )
        return writer.finish(
            {
                **provenance,
                "options": options.as_dict(),
                "software": _software(),
                "patients": patients,
                patient_split.MANIFEST_KEY: split.as_dict(),
            }
        )


def _extracted(
    folders: Sequence[Path], options: ExtractionOptions, n_jobs: int
) -> Iterator[ExtractedPatient]:
    if n_jobs <= 1:
        for folder in folders:
            yield extract_patient(folder, options)
        return
    # Spawn, because threads of the parent do not survive a fork; no more patients in flight than processes + 1,
    # because each may hold a hundred megabytes of patches.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_jobs, mp_context=context, initializer=_one_thread) as pool:
        waiting: deque[Future[ExtractedPatient]] = deque()
        remaining = iter(folders)
        try:
            for folder in remaining:
                waiting.append(pool.submit(extract_patient, folder, options))
                if len(waiting) > n_jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _one_thread() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def _software() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scipy", "SimpleITK")}
