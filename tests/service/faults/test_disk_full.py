"""A disk that takes no more, in every job that writes: one sentence, the last good state kept, nothing half-written left.

Imports and extractions are in tests/service/generation/test_broken_inputs.py.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evaluation.core import feature_cache
from evaluation.jobs import scoring
from evaluation.services import analyses, metric_runs
from generation.core import checkpoint, neighbours, patch_set
from generation.jobs import neighbouring, sampling, training
from generation.models import Job, TrainingRun
from generation.services import generators, training_runs
from generation.services import neighbours as neighbour_services
from tests.factories import NOW, make_patch_set

pytestmark = pytest.mark.django_db

QUICK = {"n_steps": 6, "batch_size": 4, "width": 4, "checkpoint_every": 2}
FULL = "The disk was full"
MEND = "make room where the data folder lies, then"


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, settings: Any) -> Path:
    settings.READERSTUDY_DATA = tmp_path / "data"
    return tmp_path / "data"


@contextmanager
def files_of_at_most(n_bytes: int) -> Iterator[None]:
    """The kernel lets no file grow beyond this, as a full disk would not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def full(owner: Any, name: str, n_bytes: int, *, from_call: int = 1) -> Iterator[None]:
    """One function alone meets the full disk, from one of its calls on: the test's database is written all the time."""
    real, n_calls = getattr(owner, name), 0

    def limited(*args: Any, **kwargs: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls < from_call:
            return real(*args, **kwargs)
        with files_of_at_most(n_bytes):
            return real(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(owner, name, limited)
        yield


def half_written(folder: Path) -> list[str]:
    """Drafts below a folder."""
    return [path.name for path in folder.rglob(".*") if path.exists()]


def make_run(alike: TrainingRun | None = None, **changes: Any) -> TrainingRun:
    """A queued training, on the patches of another one if it shall come to the same weights."""
    patches = alike.patch_set if alike else make_patch_set(n_per_class=4)
    return training_runs.create(patch_set=patches, preset="dcgan", seed=3, now=NOW, changes=QUICK | changes)


class TestTraining:
    def test_the_last_good_checkpoint_is_kept_and_it_is_resumed_to_the_same_weights(self, data_folder):
        run = make_run(alone := make_run())
        training.run(alone.pk)
        with full(checkpoint, "save", 10_000, from_call=2):
            training.run(run.pk)
        run.refresh_from_db()
        assert run.status == Job.Status.FAILED
        assert run.error.startswith(FULL)
        assert run.error.endswith(f"its checkpoint of step 2 is kept: {MEND} resume it.")
        assert run.error.count("\n") == 0
        assert [path.name for path in (run.folder / "checkpoints").iterdir()] == ["step-0000002"]
        checkpoint.verify(run.checkpoint_folder(2))
        assert half_written(data_folder) == []
        training_runs.requeue(run=run)
        training.run(run.pk)
        ours, theirs = (row.checkpoints.get(step=6).sha256 for row in (run, alone))
        assert ours == theirs

    def test_before_its_first_checkpoint_it_says_so(self, data_folder):
        run = make_run()
        with full(checkpoint, "save", 10_000):
            training.run(run.pk)
        run.refresh_from_db()
        assert "it had no checkpoint yet" in run.error
        assert half_written(data_folder) == []


@pytest.mark.parametrize("place", ["half of the patches", "the last line"])
def test_sampling(data_folder: Path, place: str) -> None:
    run = make_run(n_steps=2)
    training.run(run.pk)
    row = generators.queue_sampling(
        checkpoint=run.checkpoints.get(), n_per_class={"benign": 80}, seed=1, now=NOW, name="drawn"
    )
    name, n_bytes = ("add", 4_000_000) if place == "half of the patches" else ("finish", 100)
    with full(patch_set.PatchSetWriter, name, n_bytes):
        sampling.run(row.pk)
    row.refresh_from_db()
    assert row.status == Job.Status.FAILED
    assert row.error.startswith(FULL)
    assert MEND in row.error
    assert not row.folder.exists()
    assert half_written(data_folder) == []


def test_scoring_keeps_no_half_of_the_features(data_folder: Path) -> None:
    wish = {"extractor": "pixels", "n_draws": 2, "n_per_set": 5, "seed": 3, "now": NOW}
    row = metric_runs.start(real=make_patch_set(), fake=make_patch_set("wgan"), **wish)
    with full(feature_cache, "_write", 1000):
        scoring.run(row.pk)
    row.refresh_from_db()
    assert row.status == Job.Status.FAILED
    assert row.error.startswith(FULL)
    assert not [path for path in (data_folder / "features").rglob("*") if path.is_file()]


def test_neighbours(data_folder: Path) -> None:
    row = neighbour_services.request(patch_set=make_patch_set("wgan"), reference=make_patch_set(), now=NOW)
    with full(neighbours, "write", 10):
        neighbouring.run(row.pk)
    row.refresh_from_db()
    assert row.error.startswith(FULL)
    assert not row.path.exists()
    assert half_written(data_folder) == []


def test_an_analysis_leaves_the_files_of_before(tmp_path: Path) -> None:
    analyses._write_together({"a": "old", "b": "old"}, tmp_path)
    with files_of_at_most(100), pytest.raises(OSError, match="File too large"):
        analyses._write_together({"a": "new", "b": "new" * 100}, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old", "b": "old"}
