"""Patches of any generator, imported by command."""

from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from generation.core.patch_set import open_patch_set
from generation.models import PatchImport, PatchSet
from tests.unit.generation.test_patch_set import make_patch_set, make_patches

pytestmark = pytest.mark.django_db


class TestImportPatches:
    def write(self, folder, patches, classes):
        folder.mkdir()
        np.save(folder / "patches.npy", patches)
        (folder / "index.csv").write_text("lesion_class\n" + "".join(f"{name}\n" for name in classes))

    def run(self, folder, **options):
        call_command("import_patches", folder, source="stylegan-2", stdout=StringIO(), **options)
        return PatchSet.objects.get()

    def test_seven_frames_are_kept(self, tmp_path):
        patches = make_patches(6)
        self.write(tmp_path / "g", patches, ["benign", "malignant", "No findings"] * 2)
        row = self.run(tmp_path / "g")
        folder = open_patch_set(row.folder, verify=True)
        np.testing.assert_array_equal(folder.patches, patches)
        assert (row.source, row.status, row.n_benign, row.n_malignant, row.n_no_findings) == (
            "stylegan-2",
            "finished",
            2,
            2,
            2,
        )
        assert folder.manifest["provenance"]["n_patches_with_sub_error"] == 0

    def test_sub_is_computed_from_six(self, tmp_path):
        patches = make_patches(3)
        self.write(tmp_path / "g", patches[:, :6], ["benign"] * 3)
        np.testing.assert_array_equal(open_patch_set(self.run(tmp_path / "g").folder).patches, patches)

    def test_own_sub_is_kept_and_measured(self, tmp_path):
        patches = make_patches(3)
        patches[1, 6] = np.clip(patches[1, 6] + 7, -1023, 1023)
        self.write(tmp_path / "g", patches, ["benign"] * 3)
        provenance = open_patch_set(self.run(tmp_path / "g").folder).manifest["provenance"]
        assert (provenance["n_patches_with_sub_error"], provenance["largest_sub_error"]) == (1, 7)

    @pytest.mark.parametrize(
        ("patches", "n_rows", "message"),
        [
            (make_patches(3), 2, "has 2 rows for 3 patches"),
            (make_patches(3)[..., :8], 3, r"7 frames of 64 x 8 pixels; a patch has"),
            (make_patches(3).astype(object), 3, "Python objects"),
            (
                np.full((3, 7, 64, 64), np.nan),
                3,
                r"Patch 1 of 3 in the array: 28672 pixels are NaN .* \(and 2 more\)",
            ),
        ],
    )
    def test_defects(self, tmp_path, data_folder, patches, n_rows, message):
        self.write(tmp_path / "g", patches, ["benign"] * n_rows)
        with pytest.raises(CommandError, match=message):
            self.run(tmp_path / "g")
        assert not PatchSet.objects.exists()
        assert not PatchImport.objects.exists()
        assert list(data_folder.rglob("*.npy")) == []

    def test_changed_patch_set_is_refused(self, tmp_path):
        make_patch_set(tmp_path / "s")
        path = tmp_path / "s" / "index.csv"
        path.write_text(path.read_text().replace("no_findings", "benign", 1))
        with pytest.raises(CommandError, match="was changed after it was written"):
            call_command("import_patches", tmp_path / "s", source="copy", stdout=StringIO())

    def test_bad_source(self, tmp_path):
        with pytest.raises(CommandError, match='Source "My GAN!" is not a usable name'):
            call_command("import_patches", tmp_path, source="My GAN!")

    @pytest.mark.parametrize("source", ["all", "Balanced"])
    def test_source_named_like_a_sum(self, tmp_path, source):
        self.write(tmp_path / "g", np.zeros((1, 7, 64, 64), dtype=np.int16), ["benign"])
        with pytest.raises(
            CommandError, match="is the name of results over several sources; give the generator"
        ):
            call_command("import_patches", tmp_path / "g", source=source, stdout=StringIO())
        assert not PatchSet.objects.exists()
