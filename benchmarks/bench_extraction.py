"""Private memory of an extraction: of one patient, and of joining a patch set far larger than memory.

Counted is RssAnon of the process as the kernel accounts it, looked at a hundred times a second: memory that only this process
has. Mapped pages of files are not in it; they are the system's to keep or to drop.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from generation.core import breast_mask, cohort_extraction, patch_part, patient_folder
from generation.core.cohort_extraction import PartWish
from generation.core.extraction_options import ExtractionOptions
from generation.core.phantom.patient import make_patient
from generation.core.phantom.writing import write_patient

SIZE_GB = 20
OPTIONS = ExtractionOptions(seed=1)  # the paper's 15 healthy patches per breast and slice
SEED = 1


def private_mb() -> float:
    """RssAnon of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def with_peak(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds a piece of work took, and the largest private memory meanwhile."""
    peak, is_over = [private_mb()], threading.Event()

    def look() -> None:
        while not is_over.wait(0.01):
            peak[0] = max(peak[0], private_mb())

    watcher = threading.Thread(target=look)
    watcher.start()
    began = time.perf_counter()
    try:
        work()
    finally:
        is_over.set()
        watcher.join()
    return time.perf_counter() - began, peak[0]


def extract_one(root: Path) -> None:
    """Extract one phantom patient into its part."""
    wish = PartWish(root / "cohort" / "P0001")
    seconds, peak = with_peak(lambda: cohort_extraction.make_part(wish, OPTIONS, root / "parts"))
    n = len(patch_part.read(root / "parts" / "P0001").rows)
    print(f"  one patient, {n} patches: {seconds:.1f} s, at most {peak:.0f} MB of private memory", flush=True)


def join_many(root: Path, n_patients: int) -> None:
    """Join parts of many patients, each the first one's files under another name."""
    for number in range(2, n_patients + 1):
        folder = root / "parts" / f"P{number:04}"
        folder.mkdir()
        for file in (root / "parts" / "P0001").iterdir():
            os.link(file, folder / file.name)
    names = [f"P{number:04}" for number in range(1, n_patients + 1)]

    def join() -> None:
        cohort_extraction.join_parts(root / "parts", names, root / "set", options=OPTIONS, provenance={})

    seconds, peak = with_peak(join)
    size = (root / "set" / "patches.npy").stat().st_size / 1e9
    print(
        f"  joining {n_patients} patients, {size:.1f} GB: {seconds:.0f} s, at most {peak:.0f} MB of private memory",
        flush=True,
    )


def prepare(root: Path) -> None:
    """Make and import one phantom patient."""
    write_patient(make_patient(SEED, 1), root / "phantom" / "P0001")
    patient_folder.write_patient(
        patient_folder.read_patient(root / "phantom" / "P0001"), root / "cohort" / "P0001"
    )
    breast_mask.find_and_write(root / "cohort" / "P0001")


def main() -> None:
    """Print both peaks, each of a process of its own."""
    if not sys.platform.startswith("linux"):
        print("extraction: private memory is only counted on Linux")
        return
    print("Private memory of an extraction")
    spawned = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for work in (prepare, extract_one):
            _in_process(spawned, work, root)
        part_bytes = (root / "parts" / "P0001" / patch_part.PATCHES).stat().st_size
        free = shutil.disk_usage(root).free
        n_bytes = min(SIZE_GB * 10**9, free - 4 * 10**9)
        if n_bytes < 10**9:
            print("  too little room on this disk for joining a large patch set")
            return
        _in_process(spawned, join_many, root, -(-n_bytes // part_bytes))


def _in_process(
    context: multiprocessing.context.SpawnContext, work: Callable[..., None], *args: object
) -> None:
    process = context.Process(target=work, args=args)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{work.__name__} ended with {process.exitcode}")
