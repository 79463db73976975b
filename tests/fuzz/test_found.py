"""Inputs that the fuzzer found something wrong with, one of each kind; each is refused in one sentence now."""

import contextlib
import gzip
import io
import json
import os
import struct
import zipfile

import numpy as np
import pytest

from generation.core.errors import MAX_LENGTH, InputError
from generation.core.foreign.archive import unpack
from generation.core.lesion_truth import read_truth
from readerstudy.core import invitation_csv, trial_csv
from tests.fuzz.doors import patches, scans
from tests.fuzz.tree import write


@pytest.fixture
def refused(tmp_path):
    """The sentence with which a door refuses a folder."""

    def told(enter, content):
        write(content, tmp_path / "given")
        (tmp_path / "data").mkdir()
        with pytest.raises(InputError) as refusal:
            enter(tmp_path / "given", tmp_path / "data")
        assert "\n" not in str(refusal.value)
        return str(refusal.value)

    return told


def nifti(place, form, value):
    """A valid volume with one field of its header changed."""
    (content,) = (tree["T2.nii"] for tree in scans.volume_samples()[2:3])
    header = bytearray(content)
    struct.pack_into(form, header, place, value)
    return bytes(header)


class TestNifti:
    @pytest.mark.parametrize(
        ("place", "form", "value", "why"),
        [
            (
                42,
                "<h",
                -5,
                "the header is damaged: its sizes or its type of voxels",
            ),  # was read for ever, or raised
            (72, "<h", -16, "the header is damaged: its sizes or its type of voxels"),
            (108, "<f", float("nan"), "the header is damaged: a place or a spacing"),  # was a ValueError
            (108, "<f", float("inf"), "the header is damaged: a place or a spacing"),
            (
                344,
                "<4s",
                b"ni1\0",
                "which do not say how the patient lies",
            ),  # was read as Analyze, with the path in the log
            (80, "<f", 1e-30, "has voxels of 1e-30 x"),  # was a kernel larger than any memory
        ],
    )
    def test_header(self, refused, place, form, value, why):
        assert why in refused(scans.read_volume, {"T2.nii": nifti(place, form, value)})

    def test_a_packed_one(self, refused):
        content = gzip.compress(nifti(42, "<h", -5))
        assert "T2.nii.gz cannot be read" in refused(scans.read_volume, {"T2.nii.gz": content})

    def test_itk_prints_no_path(self, tmp_path, capfd):
        write({"T2.nii": nifti(280, "<f", 1e-3)}, tmp_path / "given")
        (tmp_path / "data").mkdir()
        with contextlib.suppress(InputError):
            scans.read_volume(tmp_path / "given", tmp_path / "data")
        assert str(tmp_path) not in "".join(capfd.readouterr())


NRRD = b"NRRD0004\ntype: unsigned char\ndimension: 3\nsizes: 2 2 2\nencoding: raw\n%s\n" + bytes(range(8))
MHA = (
    b"ObjectType = Image\nNDims = 3\n%sDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
    + bytes(range(8))
)


class TestTextHeaders:
    def test_plain_ones_are_read(self, tmp_path):
        for number, (name, content) in enumerate((("T2.nrrd", NRRD % b""), ("T2.mha", MHA % b""))):
            write({name: content}, tmp_path / str(number))
            scans.read_volume(tmp_path / str(number), tmp_path / f"{number}-data")

    @pytest.mark.parametrize(
        "line",
        [
            b"NDims: " + b"a" * 5000 + b"\n",  # ITK's reader crashed
            b"data file: ../../etc/passwd\n",
            b"byte skip: -1\n",
            b"spacings: nan 1 1\n",
        ],
    )
    def test_nrrd(self, refused, line):
        assert refused(scans.read_volume, {"T2.nrrd": NRRD % line}).startswith("T2.nrrd cannot be read (")

    @pytest.mark.parametrize(
        "line",
        [
            b"HeaderSize = -1\n",
            b"ElementSpacing = 1 1\n",
            b"Offset = nan 0 0\n",
            b"Comment = " + b"a" * 5000 + b"\n",
        ],
    )
    def test_meta_image(self, refused, line):
        assert refused(scans.read_volume, {"T2.mha": MHA % line}).startswith("T2.mha cannot be read (")

    def test_voxels_of_another_file_are_never_read(self, refused):
        content = (MHA % b"").replace(b"LOCAL", b"/etc/passwd")
        assert "its voxels are not in the file itself" in refused(scans.read_volume, {"T2.mha": content})

    def test_a_truncated_one(self, refused):
        assert "3 of 8 bytes of voxels are missing" in refused(
            scans.read_volume, {"T2.mha": (MHA % b"")[:-3]}
        )


class TestNames:
    def test_a_path_that_is_no_utf_8(self, tmp_path, refused):
        """ITK ended the process."""
        name = os.fsdecode(b"benign/\xff.nii")
        told = refused(patches.import_patches, {name: nifti(40, "<h", 3)})
        assert "the name of the NIfTI or of a folder around it is no UTF-8; rename it." in told
        odd = tmp_path / os.fsdecode(b"\xfe")
        write({"T2.nii": nifti(40, "<h", 3)}, odd)
        with pytest.raises(InputError, match=r"The path of T2\.nii holds bytes that are no UTF-8"):
            scans.read_volume(odd, tmp_path / "more")

    def test_a_manifest_that_is_a_device(self, refused):
        """It was read until memory ended."""
        content = {**patches.patch_set_samples()[0], "manifest.json": "/dev/zero"}
        assert "is no plain file" in refused(patches.open_set, content)


class TestNumpy:
    @pytest.mark.parametrize(
        "header",
        [
            "(" * 300,  # was a TokenError
            "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3.5), }",  # was a TypeError
            "{'descr': '<f2', 'fortran_order': False, 'shape': (4611686018427387904, 2, 2), }",
        ],
    )
    def test_header(self, refused, header):
        content = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + bytes(800)
        assert "the .npy is damaged or truncated" in refused(
            patches.import_patches, {"benign/1.npy": content}
        )

    def test_an_archive_named_like_an_array(self, refused):
        packed = io.BytesIO()
        np.savez(packed, a=np.zeros(3))
        assert "the .npy is damaged" in refused(patches.import_patches, {"benign/1.npy": packed.getvalue()})


class TestText:
    @pytest.mark.parametrize("text", ["[" * 50_000, '{"lesions": ["a"]}'])
    def test_truth(self, tmp_path, text):
        (tmp_path / "truth.json").write_text(text)
        with pytest.raises(InputError, match=r"Patient P01: truth.json cannot be read \(\w+\); expected "):
            read_truth(tmp_path, "P01")

    def test_truth_without_end(self, tmp_path):
        (tmp_path / "truth.json").write_text('{"lesions": [{"lesion": Infinity, "malignant": true}]}')
        with pytest.raises(
            InputError, match=r"Patient P01, truth\.json: lesion is Infinity; write the whole"
        ):
            read_truth(tmp_path, "P01")

    def test_a_box_of_billions_of_slices(self, refused):
        tree = dict(scans.own_samples()[4])
        tree["P01/lesions.csv"] = (
            b"lesion_class,start_slice,end_slice,start_row,end_row,start_column,end_column\nmalignant,1,9e15,2,4,3,6\n"
        )
        assert "leaves the scan" in refused(scans.import_cohort, tree)

    def test_times_beyond_any_number(self, refused):
        tree = dict(scans.public_samples()[0])
        tree["clinical_and_imaging_info.csv"] = (
            b'patient_id,acquisition_times\nDUKE_001,"[' + b"9" * 400 + b']"\n'
        )
        assert "cannot be read (OverflowError)" in refused(scans.import_cohort, tree)

    def test_a_heading_longer_than_a_cell_may_be(self):
        with pytest.raises(InputError, match="The heading of the trial CSV cannot be read"):
            trial_csv.read_rows(["a" * 140_000 + "\n"])

    def test_a_list_of_separators(self):
        with pytest.raises(InputError, match="The list holds separators and no words"):
            invitation_csv.read(",,,\n,,")

    def test_frame_sets_within_frame_sets(self, refused):
        assert "cannot be read as JSON" in refused(patches.read_frame_set, {"frames.json": b"[" * 50_000})

    def test_a_name_of_five_thousand_digits_in_a_zip(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("9" * 5000 + ".npy", b"x")
        (found,) = unpack(tmp_path / "a.zip", tmp_path / "files", max_bytes=1000)
        assert found.path.name == "000001.npy"


class TestSentences:
    """What a sentence quotes cannot make it two, nor hide what stands there, nor fill a page."""

    def test_signs_that_do_not_print_are_written_as_numbers(self):
        assert (
            str(InputError('The word "a\nb\x00\u202e" is wrong.')) == r'The word "a\nb\x00\u202e" is wrong.'
        )
        assert str(InputError("Größe 5\u202f000 mm²")) == "Größe 5\u202f000 mm²"

    def test_half_of_a_sign_can_be_stored(self):
        assert json.dumps(str(InputError("\udcff"))).encode()
        assert str(InputError("\udcff")).encode() == rb"\udcff"

    def test_a_long_quotation_loses_its_middle(self):
        sentence = str(InputError(f'"{"9" * 5000}" is wrong; write a number.'))
        assert len(sentence) <= MAX_LENGTH
        assert sentence.endswith(("9 is wrong; write a number.", '" is wrong; write a number.'))
