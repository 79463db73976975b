"""One bit of a stored file is another: whoever computes with it finds that out by its SHA-256, and says so."""

import gzip
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from evaluation.jobs import scoring
from evaluation.services import metric_runs
from generation.core import checkpoint
from generation.jobs import extracting, importing, neighbouring, sampling, training
from generation.models import Job
from generation.services import cohorts, generators, neighbours, patch_sets, regions, training_runs
from tests.factories import NOW, make_patch_set
from tests.scans import make_patient_folder
from tests.service.faults.test_disk_full import make_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, settings: Any) -> Path:
    settings.READERSTUDY_DATA = tmp_path / "data"
    return tmp_path / "data"


def flip(path: Path, at: float = 0.6) -> None:
    """Change one bit in a file."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 1
    path.write_bytes(content)


def end_of(row: Any) -> tuple[str, str]:
    row.refresh_from_db()
    assert "\n" not in row.error
    return row.status, row.error


@pytest.mark.parametrize("name", ["patches.npy", "index.csv"])
class TestPatches:
    def test_no_generator_learns_from_them(self, name: str) -> None:
        run = make_run()
        flip(run.patch_set.folder / name)
        training.run(run.pk)
        status, error = end_of(run)
        assert status == Job.Status.FAILED
        assert f"{name} was changed after it was written" in error
        assert not run.checkpoints.exists()

    @pytest.mark.parametrize("which", ["real", "wgan"])
    def test_no_score_is_computed_from_them(self, name: str, which: str) -> None:
        sets = {"real": make_patch_set(), "wgan": make_patch_set("wgan")}
        wish = {"extractor": "pixels", "n_draws": 2, "n_per_set": 5, "seed": 3, "now": NOW}
        row = metric_runs.start(real=sets["real"], fake=sets["wgan"], **wish)
        flip(sets[which].folder / name)
        scoring.run(row.pk)
        status, error = end_of(row)
        assert status == Job.Status.FAILED
        assert f"{name} was changed after it was written" in error

    def test_no_neighbours_are_found_in_them(self, name: str) -> None:
        reference = make_patch_set()
        row = neighbours.request(patch_set=make_patch_set("wgan"), reference=reference, now=NOW)
        flip(reference.folder / name)
        neighbouring.run(row.pk)
        assert f"{name} was changed after it was written" in end_of(row)[1]


class TestVolume:
    @pytest.fixture
    def extraction(self, tmp_path: Path) -> Any:
        make_patient_folder(tmp_path / "scans" / "P01", seed=1)
        cohort = cohorts.request_import(folder=tmp_path / "scans", name="Tiny", now=NOW)
        importing.run(cohort.pk)
        cohort.refresh_from_db()
        regions.approve_waiting(cohort=cohort, by="Ada", now=NOW)
        options = extracting.ExtractionOptions(seed=5, healthy_per_breast_slice=1)
        return patch_sets.request_extraction(cohort=cohort, options=options, now=NOW)

    @pytest.mark.parametrize("name", ["T1_post2", "lesions"])
    def test_another_voxel(self, extraction: Any, name: str) -> None:
        """A file that is whole and readable, and not the one that was imported."""
        path = extraction.cohort.folder / "P01" / f"{name}.nii.gz"
        image = sitk.ReadImage(str(path))
        array = sitk.GetArrayFromImage(image)
        place = tuple(np.argwhere(array > 0)[0]) if name == "lesions" else (5, 40, 40)
        array[place] = 0 if name == "lesions" else array[place] ^ 1
        other = sitk.GetImageFromArray(array)
        other.CopyInformation(image)
        sitk.WriteImage(other, str(path))
        extracting.run(extraction.pk)
        status, error = end_of(extraction)
        assert status == Job.Status.FAILED
        assert error.startswith("The scans of patient P01 were changed after they were imported")
        assert not extraction.folder.exists()

    @pytest.mark.parametrize("damage", ["a bit", "the end"])
    def test_a_bit_or_the_end_of_the_file(self, extraction: Any, damage: str) -> None:
        path = extraction.cohort.folder / "P01" / "T1_post2.nii.gz"
        if damage == "a bit":
            flip(path)
            with pytest.raises((OSError, EOFError, gzip.zlib.error)):  # type: ignore[attr-defined]
                gzip.decompress(path.read_bytes())
        else:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        extracting.run(extraction.pk)
        status, error = end_of(extraction)
        assert status == Job.Status.FAILED
        assert "P01" in error
        assert not extraction.folder.exists()


class TestCheckpoint:
    @pytest.mark.parametrize("name", ["generator.safetensors", "optimizer.safetensors", "state.json"])
    def test_a_training_resumes_from_the_one_before(self, name: str) -> None:
        run = make_run(alone := make_run())
        for row in (alone, run):
            training.run(row.pk)
        run.checkpoints.get(step=6).delete()
        shutil.rmtree(run.checkpoint_folder(6))
        flip(run.checkpoint_folder(4) / name)
        type(run).objects.filter(pk=run.pk).update(status=Job.Status.FAILED)
        training_runs.requeue(run=run)
        training.run(run.pk)
        assert end_of(run) == (Job.Status.FINISHED, "")
        for step in (4, 6):
            checkpoint.verify(run.checkpoint_folder(step))
            assert run.checkpoints.get(step=step).sha256 == alone.checkpoints.get(step=step).sha256

    @pytest.mark.parametrize("name", ["generator.safetensors", "state.json"])
    def test_nothing_is_drawn_from_it(self, name: str) -> None:
        run = make_run(n_steps=2)
        training.run(run.pk)
        stored = run.checkpoints.get()
        flip(stored.folder / name)
        row = generators.queue_sampling(checkpoint=stored, n_per_class={"benign": 3}, seed=1, now=NOW)
        sampling.run(row.pk)
        status, error = end_of(row)
        assert status == Job.Status.FAILED
        assert "is damaged" in error or "cannot be read" in error
        assert not row.folder.exists()
