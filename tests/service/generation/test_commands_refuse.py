"""Values and folders that commands must not use, each refused in one sentence and with nothing written or removed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from generation.core import checkpoint, frames, presets, training
from generation.core.labels import LESION_CLASSES, REAL
from generation.core.patch_set import PatchRow, PatchSetWriter
from generation.models import Checkpoint, Cohort, Job, PatchSet, TrainingRun
from tests.unit.generation.test_training import CPU

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
TINY = presets.preset("dcgan", width=4, batch_size=4)
SEED_REFUSED = "cannot be used; write a whole number from 0 to 9223372036854775807"


def make_exported(folder: Path, *, seed: int) -> Path:
    """A generator as another instance exports it."""
    state = training.begin(TINY, classes=(0, 1, 2), seed=seed, device=CPU)
    checkpoint.save_generator(state, folder)
    return folder


@pytest.fixture
def patch_set() -> PatchSet:
    row = PatchSet.objects.create(
        name="Tiny", slug="tiny", source=REAL, status=Job.Status.FINISHED, created_at=NOW
    )
    with PatchSetWriter(row.folder, source=REAL) as writer:
        patches = frames.assemble(np.random.default_rng(0).integers(0, 1024, (6, 6, 64, 64)))
        writer.add(patches, [PatchRow("P1", LESION_CLASSES[k % 3], None, 1, 40, 40) for k in range(6)])
        writer.finish({"seed": 0})
    return row


@pytest.fixture
def trained(data_folder: Path) -> Checkpoint:
    state = training.begin(TINY, classes=(0, 1, 2), seed=3, device=CPU)
    sha256 = checkpoint.save(state, data_folder / "checkpoints" / "trained")
    return Checkpoint.objects.create(
        name="trained", source="dcgan", step=0, path="checkpoints/trained", sha256=sha256, created_at=NOW
    )


class TestSampling:
    @pytest.mark.parametrize("seed", [-1, 1 << 63])
    def test_seed_that_no_row_holds_is_refused(self, trained, seed):
        with pytest.raises(CommandError, match=f"Seed {seed} {SEED_REFUSED}"):
            call_command("sample_gan", "trained", per_class=1, seed=seed)
        assert not PatchSet.objects.exists()

    def test_another_generator_under_the_name_of_one_is_not_taken_for_it(self, tmp_path):
        one, other = (make_exported(tmp_path / run / "export", seed=seed) for seed, run in enumerate("ab"))
        call_command("sample_gan", str(one), per_class=1)
        call_command("sample_gan", str(one), per_class=1, name="again")
        with pytest.raises(CommandError, match=r'checkpoint "export" already, with other weights; rename'):
            call_command("sample_gan", str(other), per_class=1, name="other")
        assert (Checkpoint.objects.count(), PatchSet.objects.count()) == (1, 2)

    def test_names_of_one_slug_keep_their_weights(self, tmp_path):
        for seed, name in enumerate(("My Net", "my-net")):
            call_command("sample_gan", str(make_exported(tmp_path / name, seed=seed)), per_class=1)
        folders = {row.name: row.folder for row in Checkpoint.objects.all()}
        assert len(set(folders.values())) == 2
        for name, folder in folders.items():
            assert (folder / "generator.safetensors").read_bytes() == (
                tmp_path / name / "generator.safetensors"
            ).read_bytes()

    def test_a_name_without_a_slug_is_refused_and_nothing_is_lost(self, trained, tmp_path):
        with pytest.raises(CommandError, match='A generator cannot be called "生成器"; rename its folder'):
            call_command("sample_gan", str(make_exported(tmp_path / "生成器", seed=1)), per_class=1)
        assert checkpoint.verify(trained.folder)["step"] == 0

    def test_a_damaged_generator_is_not_taken_in(self, tmp_path):
        folder = make_exported(tmp_path / "export", seed=1)
        whole = (folder / "generator.safetensors").read_bytes()
        (folder / "generator.safetensors").write_bytes(whole[:-1])
        with pytest.raises(CommandError, match="is damaged"):
            call_command("sample_gan", str(folder), per_class=1)
        assert not Checkpoint.objects.exists()
        (folder / "generator.safetensors").write_bytes(whole)
        call_command("sample_gan", str(folder), per_class=1)

    def test_facts_of_another_kind_are_refused(self, tmp_path):
        folder = make_exported(tmp_path / "export", seed=1)
        facts = json.loads((folder / "state.json").read_text())
        del facts[checkpoint.SEAL]
        (folder / "state.json").write_text(json.dumps(facts | {"sha256": ["generator.safetensors"]}))
        with pytest.raises(CommandError, match="holds values that no checkpoint has"):
            call_command("sample_gan", str(folder), per_class=1)


@pytest.mark.parametrize("seed", [-1, 1 << 63])
def test_training_with_a_seed_that_no_row_holds_is_refused(patch_set, seed):
    with pytest.raises(CommandError, match=f"Seed {seed} {SEED_REFUSED}"):
        call_command("train_gan", "tiny", seed=seed)
    assert not TrainingRun.objects.exists()


class TestExtraction:
    @pytest.mark.parametrize("jobs", [0, -1, 257])
    def test_a_number_of_processes_that_cannot_be_is_refused(self, jobs):
        with pytest.raises(
            CommandError, match=f"^--jobs is {jobs}; write a number of processes from 1 to 256.$"
        ):
            call_command("extract_patches", "tiny", jobs=jobs)

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"seed": -1}, f"Seed -1 {SEED_REFUSED}"),
            ({"healthy_per_breast_slice": -1}, "-1 healthy patches per breast and slice cannot be drawn"),
        ],
    )
    def test_other_odd_numbers_are_refused(self, changes, sentence):
        Cohort.objects.create(name="Tiny", slug="tiny", status=Job.Status.FINISHED, created_at=NOW)
        with pytest.raises(CommandError, match=sentence):
            call_command("extract_patches", "tiny", **changes)
        assert not PatchSet.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"patients": 0}, "--patients 0 is outside 1 to 9999"),
        ({"patients": -1}, "--patients -1 is outside 1 to 9999"),
        ({"seed": -1}, "--seed -1 is negative"),
        ({"jobs": 0}, "--jobs 0 is less than 1"),
        ({"jobs": -2}, "--jobs -2 is less than 1"),
    ],
)
def test_phantoms_of_odd_numbers_are_refused(tmp_path, changes, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("make_phantom", str(tmp_path / "phantoms"), **changes)
    assert not (tmp_path / "phantoms").exists()


@pytest.mark.parametrize(
    "name",
    ["n_steps", "batch_size", "width", "n_critic", "warmup_n_critic", "checkpoint_every", "shift_pixels"],
)
def test_a_training_with_a_number_below_its_limit_is_refused(patch_set, name):
    with pytest.raises(CommandError, match=f"{name} is -1; it must lie between"):
        call_command("train_gan", "tiny", **{name: -1})
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize("per_class", [0, -1, 1_000_001])
def test_a_sampling_of_an_odd_number_is_refused(trained, per_class):
    with pytest.raises(CommandError, match=r"patches .*asked for; write a number"):
        call_command("sample_gan", "trained", per_class=per_class)
    assert not PatchSet.objects.exists()


class TestExport:
    def test_writes_what_can_be_sampled(self, trained, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        call_command("export_generator", "trained", "out/net")
        assert checkpoint.load_generator(tmp_path / "out" / "net").classes == (0, 1, 2)

    @pytest.mark.parametrize("name", ["notes.txt", ".hidden"])
    def test_a_folder_with_something_in_it_is_left_alone(self, trained, tmp_path, monkeypatch, name):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / name).write_text("years of work")
        monkeypatch.chdir(tmp_path / "mine")
        for folder in (str(tmp_path / "mine"), "."):
            with pytest.raises(CommandError, match="is there already and not empty; name a new folder"):
                call_command("export_generator", "trained", folder)
        assert (tmp_path / "mine" / name).read_text() == "years of work"

    def test_a_place_that_cannot_be_written_is_named(self, trained, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(CommandError, match=r'file/net" cannot be written'):
            call_command("export_generator", "trained", str(tmp_path / "file" / "net"))


class TestContactSheet:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"per_class": -1}, "--per-class is -1; it must lie between 1 and 1000."),
            ({"columns": 0}, "--columns is 0; it must lie between 1 and 100."),
            ({"zoom": 0}, "--zoom is 0; it must lie between 1 and 16."),
            ({"zoom": 500}, "--zoom is 500; it must lie between 1 and 16."),
            ({"seed": -1}, "--seed is -1; write 0 or more."),
        ],
    )
    def test_odd_numbers_are_refused(self, patch_set, tmp_path, changes, sentence):
        with pytest.raises(CommandError, match=sentence):
            call_command("contact_sheet", "tiny", out=tmp_path / "sheet.png", **changes)
        assert not (tmp_path / "sheet.png").exists()

    @pytest.mark.parametrize("name", ["sheet", "sheet.xyz"])
    def test_a_kind_of_picture_that_is_not_written_is_refused(self, patch_set, tmp_path, name):
        with pytest.raises(CommandError, match=r'"; end it with \.png, \.jpg, \.jpeg\.'):
            call_command("contact_sheet", "tiny", out=tmp_path / name)

    def test_a_sheet_beyond_memory_is_refused(self, patch_set, tmp_path, monkeypatch):
        monkeypatch.setattr("generation.management.commands.contact_sheet.MAX_PIXELS", 6 * 7 * 64 * 64)
        call_command("contact_sheet", "tiny", out=tmp_path / "sheet.jpg")
        with pytest.raises(CommandError, match="would have 688,128 pixels of patches; the limit is 172,032"):
            call_command("contact_sheet", "tiny", out=tmp_path / "sheet.jpg", zoom=2)

    def test_a_place_that_cannot_be_written_is_named(self, patch_set, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(CommandError, match=r'file/sheet\.png" cannot be written'):
            call_command("contact_sheet", "tiny", out=tmp_path / "file" / "sheet.png")
