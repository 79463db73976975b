"""Patch sets: written once, opened often, never half there."""

import hashlib
import json

import numpy as np
import pytest

from generation.core.errors import InputError
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchRow, PatchSetWriter, open_patch_set

BENIGN, MALIGNANT, HEALTHY = LesionClass.BENIGN, LesionClass.MALIGNANT, LesionClass.NO_FINDINGS


def make_patches(n, seed=0):
    patches = np.random.default_rng(seed).integers(0, 1024, (n, 7, 64, 64), dtype=np.int16)
    patches[:, 6] = patches[:, 2] - patches[:, 1]
    return patches


def make_rows(n, lesion_class=HEALTHY, patient="P01"):
    return [
        PatchRow(patient=patient, lesion_class=lesion_class, lesion_id=None, slice=3, row=i, col=2 * i)
        for i in range(n)
    ]


def make_patch_set(folder, n=5):
    with PatchSetWriter(folder, source="real") as writer:
        writer.add(make_patches(n), make_rows(n))
        return writer.finish({"seed": 1})


class TestWriting:
    def test_what_is_written_in_parts_is_read_back_whole(self, tmp_path):
        first, second = make_patches(3, seed=1), make_patches(12, seed=2)
        with PatchSetWriter(tmp_path / "s", source="real") as writer:
            writer.add(first, make_rows(3, MALIGNANT))
            writer.add(second, make_rows(12))
            written = writer.finish({"cohort": "demo", "seed": 4})
        reopened = open_patch_set(tmp_path / "s", verify=True)
        np.testing.assert_array_equal(reopened.patches, np.concatenate([first, second]))
        assert isinstance(reopened.patches, np.memmap)
        assert reopened.rows == written.rows == tuple(make_rows(3, MALIGNANT) + make_rows(12))
        assert reopened.manifest["provenance"] == {"cohort": "demo", "seed": 4}
        assert reopened.counts() == {BENIGN: 0, MALIGNANT: 3, HEALTHY: 12}
        assert reopened.source == "real"

    def test_sum_is_of_the_very_file(self, tmp_path):
        written = make_patch_set(tmp_path / "s")
        assert written.sha256 == hashlib.sha256((tmp_path / "s" / "patches.npy").read_bytes()).hexdigest()

    def test_plain_numpy_reads_it(self, tmp_path):
        make_patch_set(tmp_path / "s", n=11)
        assert np.load(tmp_path / "s" / "patches.npy").shape == (11, 7, 64, 64)

    def test_generated_patches_have_no_place(self, tmp_path):
        with PatchSetWriter(tmp_path / "g", source="wgan") as writer:
            writer.add(make_patches(1), [PatchRow(patient="", lesion_class=BENIGN)])
            opened = writer.finish({})
        assert opened.rows == (PatchRow("", BENIGN, None, None, None, None),)
        assert opened.patients() == ()

    def test_nothing_is_left_when_the_work_fails(self, tmp_path):
        def fail_halfway():
            with PatchSetWriter(tmp_path / "s", source="real") as writer:
                writer.add(make_patches(2), make_rows(2))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_halfway()
        assert list(tmp_path.iterdir()) == []

    def test_nothing_is_there_before_finish(self, tmp_path):
        with PatchSetWriter(tmp_path / "s", source="real") as writer:
            writer.add(make_patches(2), make_rows(2))
            assert not (tmp_path / "s").exists()
            writer.finish({})
        assert [path.name for path in tmp_path.iterdir()] == ["s"]

    def test_existing_name_is_refused(self, tmp_path):
        make_patch_set(tmp_path / "s")
        with pytest.raises(InputError, match="already exists"):
            PatchSetWriter(tmp_path / "s", source="real")

    def test_empty_set_is_refused(self, tmp_path):
        with (
            PatchSetWriter(tmp_path / "s", source="real") as writer,
            pytest.raises(InputError, match="would be empty"),
        ):
            writer.finish({})
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda p: p.astype(np.float32), "float32"),
            (lambda p: p[:, :6], r"\(2, 6, 64, 64\)"),
            (lambda p: p[..., :32], r"\(2, 7, 64, 32\)"),
            (
                lambda p: np.where(np.arange(7)[:, None, None] == 0, np.int16(-1), p),
                "T2 holds values from -1",
            ),
            (lambda p: np.where(np.arange(7)[:, None, None] == 5, np.int16(1024), p), "to 1024"),
            (
                lambda p: np.where(np.arange(7)[:, None, None] == 6, np.int16(-1024), p),
                "Sub holds values from -1024",
            ),
        ],
    )
    def test_patches_outside_the_format_are_refused(self, tmp_path, change, message):
        with (
            PatchSetWriter(tmp_path / "s", source="real") as writer,
            pytest.raises(InputError, match=message),
        ):
            writer.add(change(make_patches(2)), make_rows(2))

    def test_rows_must_match(self, tmp_path):
        with (
            PatchSetWriter(tmp_path / "s", source="real") as writer,
            pytest.raises(InputError, match="2 patches came with 1 rows"),
        ):
            writer.add(make_patches(2), make_rows(1))


class TestReading:
    def test_labels_and_indices(self, tmp_path):
        rows = [
            PatchRow("B", MALIGNANT, 2),
            PatchRow("A", BENIGN, 1),
            PatchRow("B", HEALTHY),
            PatchRow("A", BENIGN, 1),
        ]
        with PatchSetWriter(tmp_path / "s", source="real") as writer:
            writer.add(make_patches(4), rows)
            opened = writer.finish({})
        assert opened.labels().tolist() == [1, 0, 2, 0]
        assert opened.indices_of(BENIGN).tolist() == [1, 3]
        assert opened.patients() == ("A", "B")

    def test_missing_folder(self, tmp_path):
        with pytest.raises(InputError, match=r"is no patch set: manifest\.json is missing"):
            open_patch_set(tmp_path / "none")

    def test_other_format_version(self, tmp_path):
        make_patch_set(tmp_path / "s")
        path = tmp_path / "s" / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}))
        with pytest.raises(InputError, match="format version 1"):
            open_patch_set(tmp_path / "s")

    def test_truncated_patches(self, tmp_path):
        make_patch_set(tmp_path / "s")
        path = tmp_path / "s" / "patches.npy"
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(InputError, match="cannot be read as a NumPy array"):
            open_patch_set(tmp_path / "s")

    def test_missing_row(self, tmp_path):
        make_patch_set(tmp_path / "s")
        path = tmp_path / "s" / "index.csv"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
        with pytest.raises(InputError, match="4 rows for 5 patches"):
            open_patch_set(tmp_path / "s")

    def test_unknown_class_names_its_line(self, tmp_path):
        make_patch_set(tmp_path / "s")
        path = tmp_path / "s" / "index.csv"
        path.write_text(path.read_text().replace("no_findings", "fine", 1))
        with pytest.raises(InputError, match='line 2: Lesion class "fine" is unknown'):
            open_patch_set(tmp_path / "s")

    def test_one_changed_pixel_fails_verification_only(self, tmp_path):
        make_patch_set(tmp_path / "s")
        path = tmp_path / "s" / "patches.npy"
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        open_patch_set(tmp_path / "s")
        with pytest.raises(InputError, match="was changed after it was written"):
            open_patch_set(tmp_path / "s", verify=True)
