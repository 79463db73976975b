"""The programs of docs/external-generators.md do what the page says: read, draw, import."""

import re
import subprocess
import sys

import numpy as np
import pytest
from django.core.management import call_command

from generation.core.frames import from_network, to_network
from generation.core.patch_set import open_patch_set
from generation.models import PatchSet
from tests.conftest import PROJECT

pytestmark = pytest.mark.django_db

WEIGHTS = """
import runpy, sys, torch
torch.manual_seed(3)
torch.save(runpy.run_path(sys.argv[1])["Generator"]().state_dict(), sys.argv[2])
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Both programs of the page, as files."""
    folder = tmp_path_factory.mktemp("programs")
    text = (PROJECT / "docs" / "external-generators.md").read_text(encoding="utf-8")
    found = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names = [re.search(r"`python (\w+\.py)", program).group(1) for program in found]
    assert names == ["read_patches.py", "draw_patches.py"]
    for name, program in zip(names, found, strict=True):
        (folder / name).write_text(program, encoding="utf-8")
    return folder


def run(*argv):
    """A program that has nothing of this project."""
    done = subprocess.run(
        [sys.executable, "-I", *map(str, argv)], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_training_patches_are_those_of_the_split(programs, patch_set, tmp_path):
    folder = open_patch_set(patch_set.folder)
    train = set(folder.manifest["provenance"]["split"]["train"])
    n = sum(row.patient in train for row in folder.rows)
    assert n > 0
    assert run(programs / "read_patches.py", patch_set.folder).startswith(f"{n} patches to train on:")
    namespace: dict[str, object] = {"__name__": "page"}
    exec((programs / "read_patches.py").read_text(), namespace)  # noqa: S102 - our own page
    values, classes = namespace["training_patches"](patch_set.folder)
    mine = [i for i, row in enumerate(folder.rows) if row.patient in train]
    np.testing.assert_allclose(values, to_network(folder.patches[mine]), atol=1e-6)
    assert classes.tolist() == folder.labels()[mine].tolist()


def test_drawn_patches_are_imported_as_they_are(programs, tmp_path, capsys):
    run("-c", WEIGHTS, programs / "draw_patches.py", tmp_path / "weights.pt")
    told = [
        run(programs / "draw_patches.py", tmp_path / "weights.pt", tmp_path / out, 30, 7)
        for out in ("one", "two")
    ]
    assert told[0].startswith("90 patches in ")
    one, two = (np.load(tmp_path / out / "patches.npy") for out in ("one", "two"))
    np.testing.assert_array_equal(one, two)  # the same seed
    np.testing.assert_array_equal(from_network(to_network(one)), one)
    assert one[:, :6].min() >= 0
    assert one[:, 6].min() < 0

    call_command("import_patches", tmp_path / "one", source="my-gan", name="My GAN, seed 7")
    row = PatchSet.objects.get()
    assert (row.status, row.source) == ("finished", "my-gan")
    assert (row.n_benign, row.n_malignant, row.n_no_findings) == (30, 30, 30)
    np.testing.assert_array_equal(open_patch_set(row.folder, verify=True).patches, one)
