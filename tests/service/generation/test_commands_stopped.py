"""Ctrl-C and SIGTERM while a command works in a process of its own: what is kept, what is gone, and what is said."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from tests.conftest import PROJECT
from tests.instances import Instance, make_instance
from tests.nursery import Process
from tests.scans import make_patient_folder
from tests.unit.generation.test_patch_set import make_patches

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 120
SECRET = "Mustermann_Erika"
N_PATIENTS = 5
N_PATCHES = 3000
SHIPPED = PROJECT / "generation" / "demo_generators" / "dcgan"
FORGOTTEN = "forgotten where from: give the same command again to import it.\n"
BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scans and patches to import, and the data of an instance with a cohort of these scans."""
    folder = tmp_path_factory.mktemp("prepared")
    for number in range(1, N_PATIENTS + 1):
        make_patient_folder(folder / SECRET / f"P0{number}", seed=number)
    (folder / "patches" / SECRET).mkdir(parents=True)
    np.save(folder / "patches" / SECRET / "patches.npy", np.repeat(make_patches(3), N_PATCHES // 3, axis=0))
    (folder / "patches" / SECRET / "index.csv").write_text("lesion_class\n" + "benign\n" * N_PATCHES)
    instance = make_instance(folder / "data")
    instance.python("manage.py", "migrate", "--verbosity", "0")
    instance.python("manage.py", "import_cohort", str(folder / SECRET), "--name", "Tiny")
    return folder


@pytest.fixture
def instance(prepared: Path, tmp_path: Path) -> Instance:
    shutil.copytree(prepared / "data", tmp_path / "data")
    return make_instance(tmp_path / "data")


@pytest.fixture
def told(tmp_path: Path) -> Iterator[IO[bytes]]:
    with (tmp_path / "told").open("w+b") as file:
        yield file


def ask(instance: Instance, query: str) -> tuple[object, ...]:
    with closing(sqlite3.connect(instance.data / "db.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchone() or ()


def begun(instance: Instance, pattern: str) -> Callable[[], bool]:
    """Whether something that a job works on lies in the data folder."""
    return lambda: any(instance.data.glob(pattern))


def start(instance: Instance, told: IO[bytes], *argv: str) -> Process:
    return Process(["manage.py", *argv], env=instance.environment, stderr=told)


def stop(
    process: "Process | subprocess.Popen[bytes]", is_time: Callable[[], bool], tell: Callable[[], None]
) -> int:
    """Send a signal as soon as it is time; the exit status."""
    until = time.monotonic() + SECONDS
    while not is_time():
        assert process.poll() is None, "it ended before the signal came"
        assert time.monotonic() < until
        time.sleep(0.002)
    tell()
    return process.wait(SECONDS)


def is_there(group: int) -> bool:
    """Whether a process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def words(told: IO[bytes]) -> str:
    told.seek(0)
    return told.read().decode()


def drafts(instance: Instance) -> list[Path]:
    return [
        path for path in instance.data.rglob("*") if "partial" in path.name or path.name.endswith(".part")
    ]


def remembers(instance: Instance) -> list[str]:
    """Files of the instance in which the name of the folder stands that was imported."""
    files = [path for path in instance.data.rglob("*") if path.is_file() and path.suffix != ".npy"]
    return [path.name for path in files if SECRET.encode() in path.read_bytes()]


class TestImportCohort:
    @BOTH
    def test_nothing_is_kept_and_the_folder_is_forgotten(self, instance, prepared, told, number):
        command = ("import_cohort", str(prepared / SECRET), "--name", "Second")
        process = start(instance, told, *command)
        written = begun(instance, "cohorts/.second.partial-*/*")
        assert stop(process, written, lambda: process.send_signal(number)) == 1
        assert words(told) == f"CommandError: Stopped; nothing was imported and it is {FORGOTTEN}"
        query = "SELECT status, origin_folder FROM generation_cohort WHERE slug = 'second'"
        assert ask(instance, query) == ("stopped", "")
        assert sorted(path.name for path in (instance.data / "cohorts").iterdir()) == ["tiny"]
        assert not remembers(instance)
        instance.python("manage.py", *command)
        assert ask(instance, query) == ("finished", "")

    def test_pressed_again_and_again_it_says_and_leaves_the_same(self, instance, prepared, told):
        process = start(instance, told, "import_cohort", str(prepared / SECRET), "--name", "Second")

        def press() -> None:
            while not os.fstat(told.fileno()).st_size:
                process.send_signal(signal.SIGINT)
                time.sleep(0.01)

        assert stop(process, begun(instance, "cohorts/.second.partial-*/*"), press) == 1
        assert words(told) == f"CommandError: Stopped; nothing was imported and it is {FORGOTTEN}"
        assert not drafts(instance)
        assert not remembers(instance)

    def test_before_anything_is_begun(self, instance, prepared, told):
        dry = start(instance, told, "import_cohort", str(prepared / SECRET), "--dry-run")
        status = f"/proc/{dry.pid}/status"

        def heeds() -> bool:
            caught = next(line for line in Path(status).read_text().splitlines() if line.startswith("SigCgt"))
            return bool(int(caught.split()[1], 16) & 1 << signal.SIGTERM - 1)

        assert stop(dry, heeds, dry.terminate) == 1
        assert words(told) == "CommandError: Stopped; nothing was imported.\n"


class TestExtractPatches:
    QUERY = "SELECT status, n_done FROM generation_patchset"

    def n_done(self, instance: Instance) -> int:
        found = ask(instance, self.QUERY)
        return int(str(found[1])) if found else 0

    def extract(self, *more: str) -> tuple[str, ...]:
        return ("extract_patches", "tiny", "--name", "Mine", "--approve-regions", *more)

    def check_kept(self, instance: Instance, said: str) -> None:
        status, n_done = ask(instance, self.QUERY)
        n_kept = int(str(n_done))
        assert (status, 1 <= n_kept < N_PATIENTS) == ("stopped", True)
        assert said == (
            f"CommandError: Stopped; the patches of {n_kept} of {N_PATIENTS} patients are kept: "
            "`manage.py extract_patches mine --resume` goes on with the others.\n"
        )
        assert not drafts(instance)
        assert not (instance.data / "patch_sets" / "mine").exists()

    def test_whole_parts_are_kept_and_resuming_goes_on_with_the_others(self, instance, told):
        process = start(instance, told, *self.extract())
        assert (
            stop(process, lambda: self.n_done(instance) >= 1, lambda: process.send_signal(signal.SIGTERM))
            == 1
        )
        self.check_kept(instance, words(told))
        assert "Patch set mine" in instance.python("manage.py", "extract_patches", "mine", "--resume")
        assert ask(instance, self.QUERY) == ("finished", N_PATIENTS)

    def test_a_terminal_tells_all_processes_and_only_one_answers(self, instance, told):
        process = subprocess.Popen(
            [sys.executable, "manage.py", *self.extract("--jobs", "2")],
            env=instance.environment,
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=told,
            start_new_session=True,
        )
        try:
            press = lambda: os.killpg(process.pid, signal.SIGINT)  # noqa: E731
            assert stop(process, lambda: self.n_done(instance) >= 1, press) == 1
            self.check_kept(instance, words(told))
            until = time.monotonic() + SECONDS
            while is_there(process.pid) and time.monotonic() < until:
                time.sleep(0.05)
            assert not is_there(process.pid)
        finally:
            process.kill()
            process.wait()


@BOTH
def test_sampling_keeps_no_patch(instance, told, number):
    process = start(instance, told, "sample_gan", str(SHIPPED), "--per-class", "5000", "--name", "Drawn")
    drawing = begun(instance, "patch_sets/.drawn.partial-*")
    assert stop(process, drawing, lambda: process.send_signal(number)) == 1
    assert words(told) == (
        "CommandError: Stopped; no patch was kept: give the same command again, and the same seed draws the same patches.\n"
    )
    assert ask(instance, "SELECT status FROM generation_patchset") == ("stopped",)
    assert list((instance.data / "patch_sets").iterdir()) == []
    assert not drafts(instance)


def test_training_goes_on_from_its_last_checkpoint(instance, prepared, told):
    instance.python(
        "manage.py",
        "import_patches",
        str(prepared / "patches" / SECRET),
        "--source",
        "real",
        "--name",
        "Real",
    )
    wish = ("--width", "4", "--batch-size", "4", "--no-use-split", "--name", "Run")
    process = start(instance, told, "train_gan", "real", *wish)
    trains = lambda: ask(instance, "SELECT n_done > 0 FROM generation_trainingrun") == (1,)  # noqa: E731
    assert stop(process, trains, lambda: process.send_signal(signal.SIGTERM)) == 1
    sentence = "Stopped; `manage.py train_gan run --resume` goes on from the last checkpoint.\n"
    assert words(told) == f"CommandError: {sentence}"
    assert ask(instance, "SELECT status FROM generation_trainingrun") == ("stopped",)


class TestImportPatches:
    @BOTH
    @pytest.mark.parametrize("phase", ["looking", "copying"])
    def test_nothing_is_kept_and_the_folder_is_forgotten(self, instance, prepared, told, number, phase):
        folder = str(prepared / "patches" / SECRET)
        process = start(
            instance, told, "import_patches", folder, "--source", "stylegan-2", "--name", "Theirs"
        )
        looks = lambda: ask(instance, "SELECT status FROM generation_patchimport") == ("running",)  # noqa: E731
        copies = begun(instance, "patch_sets/.theirs.partial-*")
        is_time = looks if phase == "looking" else copies
        assert stop(process, is_time, lambda: process.send_signal(number)) == 1
        assert words(told) == f"CommandError: Stopped; nothing was imported and it is {FORGOTTEN}"
        assert ask(instance, "SELECT count(*) FROM generation_patchimport") == (0,)
        assert ask(instance, "SELECT status FROM generation_patchset") == (
            ("stopped",) if phase == "copying" else ()
        )
        assert not drafts(instance)
        assert not remembers(instance)


class TestOthers:
    def test_whatever_has_nothing_to_say_says_so_and_leaves_nothing(self, instance, told, tmp_path):
        phantoms = tmp_path / "phantoms"
        process = start(instance, told, "make_phantom", str(phantoms), "--patients", "50", "--verbosity", "0")
        status = stop(
            process, lambda: any(tmp_path.glob("*phantoms*")), lambda: process.send_signal(signal.SIGINT)
        )
        assert (status, words(told)) == (130, "Stopped.\n")
        assert not list(tmp_path.glob("*phantoms*"))
