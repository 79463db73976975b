"""The command that writes a cohort."""

import json

import pytest
from django.core.management import CommandError, call_command


class TestMakePhantom:
    def test_writes_a_folder_per_patient(self, tmp_path, capsys):
        call_command("make_phantom", tmp_path / "cohort", patients=1, seed=5, verbosity=0)
        folder = tmp_path / "cohort" / "P0001"
        names = {path.name for path in folder.iterdir()}
        scans = {"T2", "T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4", "lesions"}
        assert names == {f"{name}.nii.gz" for name in scans} | {"truth.json"}
        classes = {
            lesion["malignant"] for lesion in json.loads((folder / "truth.json").read_text())["lesions"]
        }
        assert classes == {False, True}
        assert "1 patients with" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"patients": 0}, "--patients 0 is outside 1 to 9999; choose a number in that range."),
            ({"seed": -1}, "--seed -1 is negative; choose 0 or more."),
            ({"jobs": 0}, "--jobs 0 is less than 1; give at least one process."),
        ],
    )
    def test_refuses_what_cannot_be_done(self, tmp_path, wrong, sentence):
        with pytest.raises(CommandError, match=f"^{sentence}$"):
            call_command("make_phantom", tmp_path / "cohort", **wrong)

    def test_never_writes_into_a_folder_in_use(self, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(CommandError, match="is there already and not empty"):
            call_command("make_phantom", tmp_path, patients=1)
        assert (tmp_path / "notes.txt").read_text() == "mine"
