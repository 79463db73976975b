"""Write a cohort of phantom patients, a folder per patient, as `import_cohort` reads it."""

import multiprocessing
import os
import shutil
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from generation.core.phantom.patient import make_patient
from generation.core.phantom.writing import patient_name, write_patient

MAX_PATIENTS = 9999  # folder names have four digits


def write_one(folder: Path, seed: int, number: int) -> tuple[int, int]:
    """Make and write one patient; returns its number of benign and of malignant lesions."""
    patient = make_patient(seed, number)
    write_patient(patient, folder / patient_name(number))
    lesions = patient.truth["lesions"]
    assert isinstance(lesions, list)  # noqa: S101  # narrows the type of a JSON value
    n_malignant = sum(bool(lesion["malignant"]) for lesion in lesions)
    return len(lesions) - n_malignant, n_malignant


class Command(BaseCommand):
    """Twin of the demo's first step."""

    help = (
        "Write a cohort of procedural breast MRI patients with benign and malignant lesions: NIfTI volumes and "
        "truth.json per patient. The cohort is enriched with lesions, as a reader study needs it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "folder", type=Path, metavar="DIR", help="where the patients' folders are written"
        )
        parser.add_argument(
            "--patients", type=int, default=12, metavar="N", help="how many patients (default 12)"
        )
        parser.add_argument(
            "--seed", type=int, default=1, metavar="S", help="same seed, same voxels (default 1)"
        )
        parser.add_argument("--jobs", type=int, default=1, metavar="J", help="processes to use (default 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the arguments, write the patients, report."""
        folder: Path = options["folder"]
        n_patients, seed, jobs = options["patients"], options["seed"], options["jobs"]
        check_arguments(folder, n_patients, seed, jobs)
        began = time.monotonic()
        written = written_patients(folder, n_patients, seed, jobs)
        bar = tqdm(
            written, total=n_patients, desc="phantom", unit="patient", disable=options["verbosity"] == 0
        )
        counts = list(bar)
        n_benign, n_malignant = (sum(column) for column in zip(*counts, strict=True))
        seconds = time.monotonic() - began
        self.stdout.write(
            f"{n_patients} patients with {n_benign} benign and {n_malignant} malignant lesions "
            f"in {folder} ({seconds:.0f} s, seed {seed})"
        )


def check_arguments(folder: Path, n_patients: int, seed: int, jobs: int) -> None:
    """Refuse what cannot be done, in one sentence."""
    if not 1 <= n_patients <= MAX_PATIENTS:
        raise CommandError(
            f"--patients {n_patients} is outside 1 to {MAX_PATIENTS}; choose a number in that range."
        )
    if seed < 0:
        raise CommandError(f"--seed {seed} is negative; choose 0 or more.")
    if jobs < 1:
        raise CommandError(f"--jobs {jobs} is less than 1; give at least one process.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(
            f'"{folder}" is there already and not empty; name a new folder or remove it first.'
        )


def written_patients(folder: Path, n_patients: int, seed: int, jobs: int) -> Iterator[tuple[int, int]]:
    """Write patients one after another or on several processes; yields a count of lesions for each."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(1, n_patients + 1)
    try:
        if jobs == 1:
            for number in numbers:
                yield write_one(folder, seed, number)
            return
        # One thread per process: the matrix products are small, and more threads would fight over the cores.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "1")
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(jobs, n_patients), mp_context=context) as pool:
            started = [pool.submit(write_one, folder, seed, number) for number in numbers]
            for done in as_completed(started):
                yield done.result()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # half a cohort must not be taken for a whole one
        raise
